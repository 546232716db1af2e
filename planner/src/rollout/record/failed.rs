//! What a failed rollout leaves behind.

use jiff::Timestamp;

use super::quarantine::{Quarantine, newly_quarantined};
use super::rollout::{Cause, Rollout};

/// What a failed rollout leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedRollout {
    /// The images to quarantine.
    pub quarantine: Vec<Quarantine>,
    /// Id of the failed deployment when ECS rolls it back: the rollout then waits for that.
    pub recover: Option<String>,
    /// ARN of the revision from which drift is not corrected again.
    pub stuck_at: Option<String>,
}

impl FailedRollout {
    /// Stable name for logs, metrics and responses.
    pub fn label(&self) -> &'static str {
        "fail"
    }

    /// Drift that could not be corrected is not corrected again from the same revision, unless an image is to blame.
    pub(in crate::rollout) fn new(
        rollout: &Rollout,
        quarantine: Vec<Quarantine>,
        recover: Option<String>,
    ) -> FailedRollout {
        let stuck = quarantine.is_empty() && rollout.cause == Cause::Drift;
        FailedRollout { quarantine, recover, stuck_at: stuck.then(|| rollout.previous_revision.clone()) }
    }

    /// The registered revision differs from the one before it in more than the images. Unless the new images go into
    /// quarantine, every tick would register another revision like it.
    pub fn unlike(rollout: &Rollout, reason: &str, now: Timestamp) -> FailedRollout {
        let quarantine = newly_quarantined(&rollout.images, &rollout.previous_images, reason, now);
        FailedRollout::new(rollout, quarantine, None)
    }
}
