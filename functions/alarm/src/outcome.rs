//! The outcome of a remedy that was decided.

use planner::alarm::{RemedyAction, RemedyReason};
use shared::Error;

/// The outcome of a remedy.
#[derive(Debug)]
pub enum RemedyOutcome {
    /// None is due, and why.
    NotDue(RemedyReason),
    /// One is due, and nothing may be changed.
    Planned(RemedyAction),
    /// The receiving function has accepted the request.
    Requested(RemedyAction),
    /// The request failed; the next tick repeats it.
    Failed(RemedyAction, Error),
}
