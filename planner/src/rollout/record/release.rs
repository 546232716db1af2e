//! Verified releases.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::Image;

/// A set of images whose tasks were seen running.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Image by repository.
    pub images: BTreeMap<String, Image>,
    /// ARN of the revision.
    pub revision: String,
    /// Id of the deployment.
    pub deployment: String,
    /// When its rollout was claimed: its image may serve requests from then on.
    pub started_at: Timestamp,
    /// When it was verified.
    pub at: Timestamp,
}

/// Do both sets name the same digests?
pub(in crate::rollout) fn same_digests(a: &BTreeMap<String, Image>, b: &BTreeMap<String, Image>) -> bool {
    a.len() == b.len()
        && a.iter().all(|(repository, image)| b.get(repository).is_some_and(|b| b.digest == image.digest))
}
