//! `{"action":"confirm"}`: the doubted figure is right, and counts from now on.

use crate::budget::reason::Reason;
use crate::budget::record::Record;

/// The doubted figure is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirm {
    /// Who requests it.
    pub by: String,
}

impl Confirm {
    pub(super) fn apply(&self, record: &mut Record) -> Reason {
        let Some(doubted) = &record.doubted else { return Reason::NothingToDo { what: "no figure is in doubt" } };
        let figure = doubted.figure.clone();
        record.confirmed = Some(figure.clone());
        Reason::Confirmed { by: self.by.clone(), figure }
    }
}
