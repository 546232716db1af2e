//! The phase in which the image waits for the service to wake.

use super::blame::{Blame, blame};
use super::ours::Ours;
use super::outcome::{Failure, complete, fail, frozen, good, has_other, proven_tasks};
use crate::model::{Deployment, DeploymentState, Ending, Task};
use crate::rollout::decision::{Decision, Roll};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Cause, Rollout, newly_quarantined};
use crate::rollout::roll::roll;
use crate::rollout::visibility::VISIBLE_WITHIN;

/// Failed tasks after which the wake has failed and the current release is rolled out again.
const FAILED_WAKES: usize = 3;

pub(super) fn verdict(inputs: &Inputs<'_>, rollout: &Rollout, ours: Ours<'_>) -> Decision {
    let Inputs { observed, now, .. } = inputs;
    if !observed.runs(&rollout.images) {
        // What ECS showed before the deployment: another that follows it is newer, and shows for longer.
        let primary = observed.service.primary();
        if primary.is_some_and(|primary| primary.created_at < ours.since) && *now < ours.since + VISIBLE_WITHIN {
            return Decision::keep(Reason::Staged { deployment: ours.id.to_owned() });
        }
        let drift = || roll(inputs, rollout.images.clone(), Cause::Drift).due();
        return frozen(inputs, rollout).unwrap_or_else(drift);
    }
    if observed.service.desired == 0 {
        return Decision::keep(Reason::Staged { deployment: ours.id.to_owned() });
    }
    // A deployment of its own may have woken the service, a capacity change for instance.
    let awake = observed.service.primary().map_or(ours.id, |primary| &primary.id);
    let proven = proven_tasks(observed, &observed.service.revision, *now);
    // One that bakes has not verified it yet.
    let bakes = |primary: &Deployment| primary.id != ours.id && primary.state == DeploymentState::InProgress;
    if proven > 0 && observed.service.primary().is_some_and(bakes) {
        return Decision::keep(Reason::InFlight { deployment: awake.to_owned() });
    }
    if proven > 0 {
        return complete(inputs, rollout, (ours.revision, awake), proven);
    }
    let primary_failed = observed.service.primary().is_some_and(|primary| primary.state == DeploymentState::Failed);
    let (blame, reasons) = blame(observed, ours.since);
    match blame {
        Blame::Image if primary_failed || failures(inputs) >= FAILED_WAKES => {}
        // A deployment that ECS has failed starts no more tasks, and for the release before it the environment may well do.
        // One that was complete without tasks ECS never fails: the images of the release before it were pulled once.
        Blame::Environment
            if (primary_failed && could_not_start(inputs) || not_pulled(inputs) >= FAILED_WAKES)
                && has_other(good(inputs, rollout), rollout) =>
        {
            let deployment = Some(Ours { id: awake, ..ours });
            return fail(inputs, rollout, Failure { what: awake, reason: reasons.join("; "), blame, deployment });
        }
        Blame::Environment => {
            let (what, reason) = (awake.to_owned(), reasons.join("; "));
            return Decision::keep(Reason::Prevented { what, reason });
        }
        Blame::Image | Blame::Unknown => {
            return Decision::keep(Reason::AwaitingTasks { deployment: awake.to_owned() });
        }
    }
    let reason = reasons.join("; ");
    let good = good(inputs, rollout);
    if !has_other(good, rollout) {
        return fail(inputs, rollout, Failure { what: awake, reason, blame: Blame::Image, deployment: None });
    }
    let quarantine = newly_quarantined(&rollout.images, good, &reason, *now);
    Roll { quarantine, ..roll(inputs, good.clone(), Cause::FailedWake) }.due()
}

/// Did a task fail to start for another reason than a lack of capacity, which every release would lack?
fn could_not_start(inputs: &Inputs<'_>) -> bool {
    let lacks = |text: &str| ["Capacity is unavailable", "RESOURCE:"].iter().any(|phrase| text.contains(phrase));
    let mut ended = inputs.observed.stopped_tasks.iter().filter_map(|task| task.stopped.as_ref());
    ended.any(|end| {
        end.ending() == Ending::Environment
            && end.code.as_deref() == Some("TaskFailedToStart")
            && !lacks(&end.to_string())
    })
}

/// Tasks of which an image could not be pulled.
fn not_pulled(inputs: &Inputs<'_>) -> usize {
    let ended = inputs.observed.stopped_tasks.iter().filter_map(|task| task.stopped.as_ref());
    ended.filter(|end| end.to_string().contains("CannotPull")).count()
}

/// Tasks of the staged revision that failed: it has none before the wake.
fn failures(inputs: &Inputs<'_>) -> usize {
    let failed = |task: &&Task| task.stopped.as_ref().is_some_and(|end| end.ending() == Ending::Failure);
    inputs.observed.stopped_tasks.iter().filter(failed).count()
}
