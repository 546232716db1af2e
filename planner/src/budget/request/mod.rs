//! What an engineer may request of a budget: one file for each request.

mod confirm;
mod hold;
mod lift;
mod resume;

use jiff::Timestamp;

use super::reason::Reason;
use super::record::Record;

pub use confirm::Confirm;
pub use hold::Hold;
pub use lift::Lift;
pub use resume::Resume;

/// What an engineer requests of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// End the restrictions in force for the rest of the period.
    Lift(Lift),
    /// Keep all tiers off until a moment.
    Hold(Hold),
    /// Restore lifted restrictions, end a hold.
    Resume(Resume),
    /// The doubted figure is right.
    Confirm(Confirm),
}

impl Request {
    /// Changes the record as requested; the reason gives the result.
    pub(super) fn apply(&self, record: &mut Record, now: Timestamp) -> Reason {
        match self {
            Request::Lift(request) => request.apply(record, now),
            Request::Hold(request) => request.apply(record),
            Request::Resume(request) => request.apply(record, now),
            Request::Confirm(request) => request.apply(record),
        }
    }
}
