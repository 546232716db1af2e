//! The phase in which the image waits for the service to wake.

use super::outcome::{Failure, complete, fail, failure_reason, healthy_tasks};
use crate::model::DeploymentState;
use crate::rollout::decision::{Decision, Roll};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Cause, Rollout, newly_quarantined};
use crate::rollout::roll::roll;

/// Stopped tasks after which the wake has failed and the current release is rolled out again.
const FAILED_WAKES: usize = 3;

pub(super) fn verdict(inputs: &Inputs<'_>, rollout: &Rollout, revision: &str, id: &str) -> Decision {
    let Inputs { record, observed, now, .. } = inputs;
    if !observed.runs(&rollout.images) {
        return roll(inputs, rollout.images.clone(), Cause::Drift).due();
    }
    if observed.service.desired == 0 {
        return Decision::keep(Reason::Staged { deployment: id.to_owned() });
    }
    // A deployment of its own may have woken the service, a capacity change for instance.
    let awake = observed.service.primary().map_or(id, |primary| &primary.id);
    let running = healthy_tasks(observed, &observed.service.revision);
    if running > 0 {
        return complete(inputs, rollout, (revision, awake), running);
    }
    let failed = observed.service.primary().is_some_and(|primary| primary.state == DeploymentState::Failed);
    if !failed && observed.stopped_tasks.len() < FAILED_WAKES {
        return Decision::keep(Reason::AwaitingTasks { deployment: awake.to_owned() });
    }
    let reason = failure_reason(None, &observed.stopped_tasks);
    match record.current() {
        Some(release) => {
            let quarantine = newly_quarantined(&rollout.images, &release.images, &reason, *now);
            Roll { quarantine, ..roll(inputs, release.images.clone(), Cause::FailedWake) }.due()
        }
        None => fail(inputs, rollout, Failure { what: awake, reason, deployment: None }),
    }
}
