//! What became of the rollout in progress, one file for each phase.
//!
//! Decided from positive evidence alone: deployment id, revision, the service's deployment history and running tasks;
//! never by "stable", by zero tasks, or because something is not listed. What ECS shows may be older than the last call.

mod blame;
mod deploying;
mod ours;
mod outcome;
mod pre_deploy_task;
mod restart;
mod rolling_back;
mod staged;

use ours::Ours;
pub(super) use restart::restart;

use super::decision::{Action, Decision, Roll};
use super::inputs::Inputs;
use super::reason::Reason;
use super::record::{Phase, Rollout};

/// Decides about the rollout in progress; `observed` has the tasks that its phase needs.
pub(super) fn verdict(inputs: &Inputs<'_>, rollout: &Rollout) -> Decision {
    let revision_changed = rollout.previous_revision != inputs.observed.service.revision;
    match &rollout.phase {
        Phase::Claimed { .. } | Phase::PreDeployTask { .. }
            if inputs.observed.runs(&rollout.images) && revision_changed =>
        {
            outcome::adopt(inputs)
        }
        Phase::Claimed { initial_tasks } => resume(inputs, rollout, *initial_tasks),
        Phase::PreDeployTask { revision, task, since, initial_tasks } => {
            let task = pre_deploy_task::Started { revision, task, since: *since, initial_tasks: *initial_tasks };
            pre_deploy_task::verdict(inputs, rollout, &task)
        }
        Phase::Deploying { revision, deployment, since } => {
            deploying::verdict(inputs, rollout, Ours { revision, id: deployment, since: *since })
        }
        Phase::Staged { revision, deployment, since } => {
            staged::verdict(inputs, rollout, Ours { revision, id: deployment, since: *since })
        }
        Phase::RollingBack { failed, revision, since } => {
            rolling_back::verdict(inputs, rollout, Ours { revision, id: failed, since: *since })
        }
    }
}

/// Resumes a rollout whose invocation ended after the claim.
fn resume(inputs: &Inputs<'_>, rollout: &Rollout, initial_tasks: Option<u32>) -> Decision {
    if let Some(frozen) = outcome::frozen(inputs, rollout) {
        return frozen;
    }
    let roll = Roll {
        rollout: Rollout { started_at: inputs.now, attempts: rollout.attempts.saturating_add(1), ..rollout.clone() },
        initial_tasks,
        run_pre_deploy_task: inputs.policy.rollout.pre_deploy_task.is_some() && rollout.cause.introduces_images(),
        quarantine: Vec::new(),
        unquarantine: Vec::new(),
        orders: Default::default(),
        stop: None,
        resumed: true,
        held: inputs.record.held.clone(),
    };
    Decision { action: Action::Roll(Box::new(roll)), reason: Reason::Resumed { since: rollout.started_at } }
}
