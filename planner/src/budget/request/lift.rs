//! `{"action":"lift"}`: ends the restrictions in force for the rest of the period; a higher tier still takes effect.

use jiff::Timestamp;

use crate::budget::reason::Reason;
use crate::budget::record::{self, Record};

/// Ends the restrictions in force for the rest of the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lift {
    /// Who requests it.
    pub by: String,
    /// Why, in their words.
    pub reason: Option<String>,
}

impl Lift {
    pub(super) fn apply(&self, record: &mut Record, now: Timestamp) -> Reason {
        let Some(tier) = record.tier.filter(|_| record.in_force(now).is_some()) else {
            return Reason::NothingToDo { what: "no tier is in force" };
        };
        record.lifted = Some(record::Lift { up_to: tier, by: self.by.clone() });
        Reason::Lifted { by: self.by.clone(), reason: self.reason.clone(), tier, at: now }
    }
}
