//! What a failed rollout leaves behind.

use jiff::Timestamp;

use super::postponed::Postponed;
use super::quarantine::{Quarantine, newly_quarantined};
use super::rollout::{Cause, Rollout};

/// What a failed rollout leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedRollout {
    /// The images to quarantine.
    pub quarantine: Vec<Quarantine>,
    /// The failed deployment when the service still has to leave it: the rollout then waits for that.
    pub recover: Option<Recovery>,
    /// ARN of the revision from which drift is not corrected again.
    pub stuck_at: Option<String>,
    /// When the environment is the cause: the same rollout, later.
    pub postponed: Option<Postponed>,
    /// ARN of a pre-deploy task that ECS does not list: it may run anyway, and is stopped first.
    pub stop: Option<String>,
}

/// A failed deployment that is rolled back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Id of the deployment.
    pub failed: String,
    /// ARN of its revision.
    pub revision: String,
}

impl FailedRollout {
    /// Stable name for logs, metrics and responses.
    pub fn label(&self) -> &'static str {
        "fail"
    }

    /// An image is to blame. Drift that could not be corrected brings none: it is not corrected again from the same
    /// revision.
    pub(in crate::rollout) fn new(
        rollout: &Rollout,
        quarantine: Vec<Quarantine>,
        recover: Option<Recovery>,
    ) -> FailedRollout {
        let stuck = quarantine.is_empty() && rollout.cause == Cause::Drift;
        let stuck_at = stuck.then(|| rollout.previous_revision.clone());
        FailedRollout { quarantine, recover, stuck_at, ..FailedRollout::default() }
    }

    /// The environment is to blame: no quarantine, and the same rollout again when the hold-down ends or something changes;
    /// `before` is what was postponed last.
    pub fn prevented(
        before: Option<&Postponed>,
        rollout: &Rollout,
        reason: &str,
        recover: Option<Recovery>,
        now: Timestamp,
    ) -> FailedRollout {
        let postponed = Postponed::new(rollout, before, reason, now);
        FailedRollout { recover, postponed: Some(postponed), ..FailedRollout::default() }
    }

    /// The registered revision differs from the one before it in more than the images. Unless the new images go into
    /// quarantine, every tick would register another revision like it.
    pub fn unlike(rollout: &Rollout, reason: &str, now: Timestamp) -> FailedRollout {
        let quarantine = newly_quarantined(&rollout.images, &rollout.previous_images, reason, now);
        FailedRollout::new(rollout, quarantine, None)
    }
}
