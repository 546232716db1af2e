//! What was requested, one file each: the request and its rule.

mod freeze;
pub(super) mod restart;
mod retry;
mod rollback;
mod unfreeze;

pub use freeze::Freeze;
pub use restart::Restart;
pub use retry::Retry;
pub use rollback::{Environment, Rollback};
pub use unfreeze::Unfreeze;

use super::decision::Decision;
use super::inputs::Inputs;

/// A request about the images or tasks of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Roll back to the previous release.
    Rollback(Rollback),
    /// Replace all tasks, with the same image.
    Restart(Restart),
    /// Roll images that were refused.
    Retry(Retry),
}

impl Request {
    /// The decision that the request leads to; `None` when the ordinary rules answer it.
    pub(super) fn decide(&self, inputs: &Inputs<'_>) -> Option<Decision> {
        match self {
            Request::Rollback(rollback) => Some(rollback.decide(inputs)),
            Request::Restart(restart) => Some(restart.decide(inputs)),
            Request::Retry(retry) => retry.decide(inputs),
        }
    }
}
