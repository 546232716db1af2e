//! `{"action":"resume"}`: restores lifted restrictions and ends a hold.

use jiff::Timestamp;

use crate::budget::reason::{Ended, Reason};
use crate::budget::record::Record;

/// Restores lifted restrictions and ends a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// Who requests it.
    pub by: String,
}

impl Resume {
    pub(super) fn apply(&self, record: &mut Record, now: Timestamp) -> Reason {
        let ended = match (record.hold.take(), record.lifted.take()) {
            (None, None) => return Reason::NothingToDo { what: "no restrictions are lifted and no hold is in force" },
            (Some(_), None) => Ended::Hold,
            (None, Some(_)) => Ended::Lift,
            (Some(_), Some(_)) => Ended::Both,
        };
        Reason::Resumed { by: self.by.clone(), ended, tier: record.in_force(now), at: now }
    }
}
