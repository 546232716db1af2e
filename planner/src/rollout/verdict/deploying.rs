//! The phase in which ECS replaces tasks.

use super::outcome::{Failure, adopt, complete, fail, failure_reason, healthy_tasks};
use crate::model::DeploymentState;
use crate::rollout::decision::{Action, Decision};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Cause, Release, Rollout};
use crate::rollout::roll::roll;

/// `revision` and `id` are those of the rollout's own deployment.
pub(super) fn verdict(inputs: &Inputs<'_>, rollout: &Rollout, revision: &str, id: &str) -> Decision {
    let Inputs { policy, observed, now, .. } = inputs;
    let ours = observed.service.deployment(id);
    if let Some(deployment) = ours.filter(|deployment| deployment.state == DeploymentState::Failed) {
        return failed(inputs, rollout, id, deployment.reason.as_deref());
    }
    let Some(deployment) = ours.filter(|deployment| deployment.primary) else {
        return replaced(inputs, rollout, id);
    };
    let running = healthy_tasks(observed, revision);
    let overdue = rollout.started_at + policy.rollout.deadline();
    match &deployment.state {
        DeploymentState::Completed if observed.service.desired == 0 => Decision {
            action: Action::Stage { revision: revision.to_owned(), deployment: id.to_owned() },
            reason: Reason::Staged { deployment: id.to_owned() },
        },
        DeploymentState::Completed if running > 0 => complete(inputs, rollout, (revision, id), running),
        _ if overdue < *now => Decision::keep(Reason::Overdue { what: id.to_owned(), since: overdue }),
        DeploymentState::Completed => Decision::keep(Reason::AwaitingTasks { deployment: id.to_owned() }),
        DeploymentState::InProgress | DeploymentState::Failed | DeploymentState::Other(_) => {
            Decision::keep(Reason::InFlight { deployment: id.to_owned() })
        }
    }
}

/// Another deployment has replaced the rollout's own: a forced one of the same images, a rollback by ECS, or a stack
/// update.
fn replaced(inputs: &Inputs<'_>, rollout: &Rollout, id: &str) -> Decision {
    let Inputs { record, observed, .. } = inputs;
    if observed.runs(&rollout.images) {
        return adopt(inputs);
    }
    // ECS rolls back to the last *completed* deployment, which is older than ours when a push replaced another in flight.
    let ran = |release: &Release| release.revision == observed.service.revision;
    if observed.service.revision == rollout.previous_revision || record.releases.iter().any(ran) {
        return failed(inputs, rollout, id, None);
    }
    roll(inputs, rollout.images.clone(), Cause::Drift).due()
}

fn failed(inputs: &Inputs<'_>, rollout: &Rollout, id: &str, sentence: Option<&str>) -> Decision {
    let reason = failure_reason(sentence, &inputs.observed.stopped_tasks);
    fail(inputs, rollout, Failure { what: id, reason, deployment: Some(id) })
}
