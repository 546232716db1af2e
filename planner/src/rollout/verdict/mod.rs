//! What became of the rollout in progress, one file for each phase.
//!
//! Decided by deployment id, revision and running tasks; never by "stable", and never by zero tasks. ECS gives a
//! rollback no event of its own: it is an ordinary deployment of an earlier revision.

mod deploying;
mod outcome;
mod pre_deploy_task;
mod rolling_back;
mod staged;

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
        Phase::PreDeployTask { revision, task, initial_tasks } => {
            let task = pre_deploy_task::Started { revision, task, initial_tasks: *initial_tasks };
            pre_deploy_task::verdict(inputs, rollout, &task)
        }
        Phase::Deploying { revision, deployment } => deploying::verdict(inputs, rollout, revision, deployment),
        Phase::Staged { revision, deployment } => staged::verdict(inputs, rollout, revision, deployment),
        Phase::RollingBack { failed, since } => rolling_back::verdict(inputs, rollout, failed, *since),
    }
}

/// Resumes a rollout whose invocation ended after the claim.
fn resume(inputs: &Inputs<'_>, rollout: &Rollout, initial_tasks: Option<u32>) -> Decision {
    let roll = Roll {
        rollout: Rollout { started_at: inputs.now, ..rollout.clone() },
        initial_tasks,
        run_pre_deploy_task: inputs.policy.rollout.pre_deploy_task.is_some() && rollout.cause.introduces_images(),
        quarantine: Vec::new(),
        unquarantine: Vec::new(),
        orders: Default::default(),
        resumed: true,
    };
    Decision { action: Action::Roll(Box::new(roll)), reason: Reason::Resumed { since: rollout.started_at } }
}
