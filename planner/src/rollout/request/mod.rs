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

use jiff::{SignedDuration, Timestamp};

use super::decision::Decision;
use super::inputs::Inputs;
use super::reason::Reason;

/// For so long after it was asked a request that says so is carried out. Lambda repeats what failed after one and after two
/// minutes, and every attempt may take one; where it is throttled it delivers much later:
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>. It is two ticks of the alarm
/// function, which then decides anew.
pub const IN_TIME: SignedDuration = SignedDuration::from_mins(10);

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
        if let Some(refused) = self.too_late(inputs.now) {
            return Some(refused);
        }
        match self {
            Request::Rollback(rollback) => Some(rollback.decide(inputs)),
            Request::Restart(restart) => Some(restart.decide(inputs)),
            Request::Retry(retry) => retry.decide(inputs),
        }
    }

    /// The refusal of a request that was delivered long after it was asked: what it is about may be over.
    fn too_late(&self, now: Timestamp) -> Option<Decision> {
        let (by, asked_at) = match self {
            Request::Rollback(rollback) => (&rollback.by, rollback.asked_at?),
            Request::Restart(restart) => (&restart.by, restart.asked_at?),
            Request::Retry(_) => return None,
        };
        let late = asked_at + IN_TIME < now;
        late.then(|| Decision::keep(Reason::TooLate { by: by.clone(), at: asked_at }))
    }
}
