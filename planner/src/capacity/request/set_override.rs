//! `wake`, `sleep` and `hold`: one override of three kinds, each in place of the one before.

use jiff::Timestamp;

use crate::capacity::facts::{Expiry, Facts, Override, OverrideKind};
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

impl OverrideRequest {
    /// Records the override, in place of the one before.
    ///
    /// # Errors
    /// `Invalid` when `until` is past or out of range.
    pub fn record(&self, kind: OverrideKind, facts: &mut Facts, now: Timestamp) -> Result<()> {
        let expiry = Expiry { at: self.until.end(now)?, by: self.by.clone() };
        facts.manual_override = Some(Override { kind, expiry, reason: self.reason.clone() });
        Ok(())
    }
}
