//! `{"action":"hold","until":...}`: keeps all tiers off until a moment.

use jiff::Timestamp;

use crate::budget::reason::Reason;
use crate::budget::record::{self, Record};

/// Keeps all tiers off until a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Who requests it.
    pub by: String,
    /// Why, in their words.
    pub reason: Option<String>,
    /// End of the hold.
    pub until: Timestamp,
}

impl Hold {
    pub(super) fn apply(&self, record: &mut Record) -> Reason {
        record.hold = Some(record::Hold { until: self.until, by: self.by.clone() });
        Reason::Held { by: self.by.clone(), reason: self.reason.clone(), until: self.until }
    }
}
