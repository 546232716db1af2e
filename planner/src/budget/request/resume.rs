//! `{"action":"resume"}`: ends a release and a hold.

use jiff::Timestamp;

use crate::budget::reason::Reason;
use crate::budget::record::Record;

/// Ends a release and a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// Who requests it.
    pub by: String,
}

impl Resume {
    pub(super) fn apply(&self, record: &mut Record, now: Timestamp) -> Reason {
        match (record.hold.take(), record.released.take()) {
            (None, None) => Reason::NothingToDo { what: "nothing is released or held" },
            _ => Reason::Resumed { by: self.by.clone(), tier: record.in_force(now), at: now },
        }
    }
}
