//! `freeze`: hold pushes and capacity changes until a moment.

use jiff::Timestamp;

use crate::error::Result;
use crate::model::Span;
use crate::rollout::decision::FreezeChange;
use crate::rollout::record::{self, Record};

/// Hold pushes and capacity changes until a moment; a rollback is still allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// How long, or until when.
    pub until: Span,
    /// Who requested it.
    pub by: String,
    /// Why, in the requester's words.
    pub reason: Option<String>,
}

impl Freeze {
    /// The freeze to record; `None` when the same one is recorded already.
    ///
    /// # Errors
    /// `Invalid` when it would end in the past.
    pub fn decide(&self, record: &Record, now: Timestamp) -> Result<Option<FreezeChange>> {
        let (until, by, reason) = (self.until.end(now)?, self.by.clone(), self.reason.clone());
        let frozen = Some(record::Freeze { until, by, reason });
        let change = || FreezeChange { frozen: frozen.clone(), held: record.held.clone(), by: self.by.clone() };
        Ok((record.frozen != frozen).then(change))
    }
}
