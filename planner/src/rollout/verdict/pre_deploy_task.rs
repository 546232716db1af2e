//! The phase in which the pre-deploy task runs: its exit code decides.

use jiff::{SignedDuration, Timestamp};

use super::blame::Blame;
use super::outcome::{Failure, fail, frozen};
use crate::model::Ending;
use crate::rollout::decision::{Action, Decision};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Noted, Rollout};
use crate::rollout::visibility::VISIBLE_WITHIN;

/// The pre-deploy task that was started.
pub(super) struct Started<'a> {
    /// ARN of the new revision.
    pub revision: &'a str,
    /// ARN of the task.
    pub task: &'a str,
    /// When it was started.
    pub since: Timestamp,
    /// Desired count for a service that starts for the first time.
    pub initial_tasks: Option<u32>,
}

pub(super) fn verdict(inputs: &Inputs<'_>, rollout: &Rollout, started: &Started<'_>) -> Decision {
    let &Started { revision, task, since, initial_tasks } = started;
    let update = || Decision {
        action: Action::Update { revision: revision.to_owned(), initial_tasks },
        reason: Reason::PreDeployTaskSucceeded,
    };
    // A freeze that began while the task ran holds the update, and the task is forgotten before it ends.
    let held = || {
        let frozen = frozen(inputs, rollout)?;
        let noted = Noted { migrated: true, ..Noted::default() };
        Some(if rollout.migrated { frozen } else { Decision { action: Action::Note(noted), ..frozen } })
    };
    let update = || held().unwrap_or_else(update);
    if rollout.migrated {
        return update();
    }
    let failed =
        |reason: String, blame: Blame| fail(inputs, rollout, Failure { what: task, reason, blame, deployment: None });
    let awaiting = || Decision::keep(Reason::AwaitingPreDeployTask { task: task.to_owned() });
    let Some(policy) = &inputs.policy.rollout.pre_deploy_task else {
        // The fleet no longer names a pre-deploy task: continue without it.
        return update();
    };
    let minutes = policy.deadline_minutes;
    let deadline = since + SignedDuration::from_mins(minutes.into());
    let Some(observed) = &inputs.observed.pre_deploy_task else {
        // Not visible yet; much later ECS has forgotten it, and its exit code with it.
        return match inputs.now < deadline.max(since + VISIBLE_WITHIN) {
            true => awaiting(),
            false => failed("ECS does not list the task, so its exit code is unknown".into(), Blame::Unknown),
        };
    };
    match &observed.stopped {
        Some(end) if end.exit_code(&policy.container) == Some(0) && !end.interrupted() => update(),
        Some(end) => {
            let blame = if end.ending() == Ending::Environment { Blame::Environment } else { Blame::Image };
            failed(end.to_string(), blame)
        }
        None if deadline < inputs.now => {
            let reason = format!("still running after its deadline of {minutes} min");
            let action = Action::StopTask { task: task.to_owned(), reason, held: inputs.record.held.clone() };
            Decision { action, reason: Reason::Overdue { what: task.to_owned(), since: deadline } }
        }
        None => awaiting(),
    }
}
