//! Requests that change the facts of a service: `wake`, `sleep` and `hold` set an override, `resume` ends it.

use jiff::Timestamp;

use super::facts::{Expiry, Facts, Override, OverrideKind};
use crate::error::Result;
use crate::model::Span;

/// An override that is requested, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideRequest {
    /// How long, `2h`, or until when, a timestamp with offset.
    pub until: Span,
    /// Who asks.
    pub by: String,
    /// Why, in the requester's words.
    pub reason: Option<String>,
}

/// An override that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedOverride {
    /// What was in force, with its kind and its requester.
    pub ended: Override,
    /// Who ended it; `None` when it expired.
    pub by: Option<String>,
}

impl EndedOverride {
    /// Stable name for logs, metrics and responses.
    pub fn label(&self) -> &'static str {
        "override_ended"
    }
}

impl OverrideRequest {
    /// Records the override, in place of the one before.
    ///
    /// # Errors
    /// `Invalid` when `until` is past or out of range.
    pub fn record(&self, kind: OverrideKind, facts: &mut Facts, now: Timestamp) -> Result<()> {
        let expiry = Expiry { at: self.until.end(now)?, by: self.by.clone() };
        facts.manual_override = Some(Override { kind, expiry });
        Ok(())
    }
}

/// Ends the override, if there is one.
pub fn resume(by: &str, facts: &mut Facts) -> Option<EndedOverride> {
    facts.manual_override.take().map(|ended| EndedOverride { ended, by: Some(by.to_owned()) })
}
