//! What a verified release still needs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Work that a verified release still needs. The release is recorded first, so that a refusal delays nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outstanding {
    /// The work.
    pub work: Work,
    /// Since when.
    pub since: Timestamp,
}

/// What has to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Move the tags of the current and the previous release.
    MoveTags,
    /// Invalidate the CDN.
    Invalidate {
        /// CloudFront invalidates once for each reference.
        reference: String,
    },
}
