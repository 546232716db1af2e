//! `{"action":"release"}`: ends the restrictions in force for the rest of the period; a higher tier still takes effect.

use jiff::Timestamp;

use crate::budget::reason::Reason;
use crate::budget::record::{self, Record};

/// Ends the restrictions in force for the rest of the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Who requests it.
    pub by: String,
    /// Why, in their words.
    pub reason: Option<String>,
}

impl Release {
    pub(super) fn apply(&self, record: &mut Record, now: Timestamp) -> Reason {
        let Some(tier) = record.tier.filter(|_| record.in_force(now).is_some()) else {
            return Reason::NothingToDo { what: "no tier is in force" };
        };
        record.released = Some(record::Release { up_to: tier, by: self.by.clone() });
        Reason::Released { by: self.by.clone(), reason: self.reason.clone(), tier, at: now }
    }
}
