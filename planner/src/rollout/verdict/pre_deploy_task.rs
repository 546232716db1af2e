//! The phase in which the pre-deploy task runs: its exit code decides.

use jiff::SignedDuration;

use super::outcome::{Failure, fail};
use crate::rollout::decision::{Action, Decision};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::Rollout;

/// The pre-deploy task that was started.
pub(super) struct Started<'a> {
    /// ARN of the new revision.
    pub revision: &'a str,
    /// ARN of the task.
    pub task: &'a str,
    /// Desired count for a service that starts for the first time.
    pub initial_tasks: Option<u32>,
}

pub(super) fn verdict(inputs: &Inputs<'_>, rollout: &Rollout, started: &Started<'_>) -> Decision {
    let &Started { revision, task, initial_tasks } = started;
    let update = || Decision {
        action: Action::Update { revision: revision.to_owned(), initial_tasks },
        reason: Reason::PreDeployTaskSucceeded,
    };
    let failed = |reason: String| fail(inputs, rollout, Failure { what: task, reason, deployment: None });
    let Some(policy) = &inputs.policy.rollout.pre_deploy_task else {
        // The fleet no longer names a pre-deploy task: continue without it.
        return update();
    };
    let Some(observed) = &inputs.observed.pre_deploy_task else {
        return failed("ECS no longer lists the task, so its exit code is unknown".into());
    };
    match &observed.stopped {
        Some(end) if end.exit_code(&policy.container) == Some(0) => update(),
        Some(end) => failed(end.to_string()),
        None => {
            let since = rollout.started_at + SignedDuration::from_mins(policy.deadline_minutes.into());
            Decision::keep(match since < inputs.now {
                true => Reason::Overdue { what: task.to_owned(), since },
                false => Reason::AwaitingPreDeployTask { task: task.to_owned() },
            })
        }
    }
}
