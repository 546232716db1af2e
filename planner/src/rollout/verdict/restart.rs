//! What became of the last restart that was requested, or that should have started a service again. It has the revision of what ran before, so that its deployment alone tells them apart:
//! by its id, or by its time in the service's deployment history.

use jiff::Timestamp;

use super::blame::blame;
use super::deploying::is_rolled_back;
use crate::model::{DeploymentState, ServiceDeployment, ServiceDeploymentStatus};
use crate::rollout::decision::{Action, Decision};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::{Reason, RestartEnd};
use crate::rollout::record::{Noted, Restart, RestartCause, RestartResult, hold_down};
use crate::rollout::request::restart::confirmed;
use crate::rollout::visibility::{LEASE, VISIBLE_WITHIN};

/// What is known of its deployment.
enum Seen {
    Complete,
    /// In the words of ECS, where it gave a reason.
    Failed(Option<String>),
    /// Another deployment, by its id, replaces the tasks.
    Superseded(String),
    InProgress,
    /// Neither the service nor its history says anything.
    Nothing,
}

/// The result to record; `None` where nothing new is known.
pub(in crate::rollout) fn restart(inputs: &Inputs<'_>) -> Option<Decision> {
    // What is read of the history and the tasks is about the rollout in progress, if there is one.
    let no_rollout = inputs.record.rollout.is_none();
    let restart = inputs.record.restart.as_ref().filter(|_| no_rollout)?;
    if restart.has_expired(inputs.now) {
        // ECS may have created its deployment, and the process ended before that was recorded.
        if let Some(confirmed) = confirmed(inputs, restart) {
            return Some(confirmed);
        }
        let noted = Noted { restarted: Some(RestartResult::Unknown), ..Noted::default() };
        let end = RestartEnd::NotBegun { by: restart.by.clone(), at: restart.at };
        return Some(Decision { action: Action::Note(noted), reason: Reason::RestartEnded(end) });
    }
    let restart = Some(restart).filter(|restart| restart.is_open())?;
    let deployment = restart.deployment.clone()?;
    let (by, remedy) = (restart.by.clone(), restart.remedy);
    let deadline = restart.at + inputs.policy.rollout.deadline();
    let (result, end) = match seen(inputs, restart, &deployment) {
        Seen::Complete => (RestartResult::Replaced, RestartEnd::Complete { by, deployment, remedy }),
        Seen::Failed(said) => {
            let reason = why(inputs, restart, said);
            let end = match restart.cause {
                Some(RestartCause::GivenUp { attempt, .. }) => {
                    let until = restart.at.checked_add(hold_down(attempt)).unwrap_or(Timestamp::MAX);
                    RestartEnd::StillDown { deployment, reason, attempt, until }
                }
                _ => RestartEnd::Failed { by, deployment, reason },
            };
            (RestartResult::Failed, end)
        }
        Seen::Superseded(newer) => {
            (RestartResult::Superseded, RestartEnd::Superseded { by, deployment, newer, remedy })
        }
        Seen::InProgress | Seen::Nothing if inputs.now <= deadline => return None,
        Seen::InProgress if restart.result == Some(RestartResult::Overdue) => return None,
        Seen::InProgress => (RestartResult::Overdue, RestartEnd::Overdue { by, deployment, since: deadline }),
        Seen::Nothing => (RestartResult::Unknown, RestartEnd::Overdue { by, deployment, since: deadline }),
    };
    let noted = Noted { restarted: Some(result), ..Noted::default() };
    Some(Decision { action: Action::Note(noted), reason: Reason::RestartEnded(end) })
}

fn seen(inputs: &Inputs<'_>, restart: &Restart, id: &str) -> Seen {
    let service = &inputs.observed.service;
    match service.deployment(id) {
        Some(ours) if ours.state == DeploymentState::Failed => return Seen::Failed(ours.reason.clone()),
        Some(ours) if ours.primary && ours.state == DeploymentState::Completed => return Seen::Complete,
        Some(ours) if ours.primary => return Seen::InProgress,
        _ => {}
    }
    // The oldest since the claim, by the invocation that claimed it: what came later is another's.
    let by_claim = restart.begun()..restart.at + LEASE;
    let is_ours = |deployment: &&ServiceDeployment| by_claim.contains(&deployment.created_at);
    let ours = inputs.observed.history.iter().rev().find(is_ours);
    match ours.map(|ours| &ours.status) {
        Some(status) if is_rolled_back(status) => return Seen::Failed(ours.and_then(|ours| ours.reason.clone())),
        Some(ServiceDeploymentStatus::Successful) => return Seen::Complete,
        _ => {}
    }
    // A rollback by ECS may be a deployment of its own, which the history shows later.
    let stopped = ours.is_some_and(|ours| ours.status == ServiceDeploymentStatus::Stopped);
    let newer = |at: Timestamp| at > restart.at && (stopped || at + VISIBLE_WITHIN <= inputs.now);
    match service.primary().filter(|primary| primary.id != id && newer(primary.created_at)) {
        Some(primary) => Seen::Superseded(primary.id.clone()),
        None if ours.is_some_and(|ours| ours.status == ServiceDeploymentStatus::InProgress) => Seen::InProgress,
        None => Seen::Nothing,
    }
}

/// The tasks' own reasons first: the sentence of the circuit breaker alone says nothing.
fn why(inputs: &Inputs<'_>, restart: &Restart, said: Option<String>) -> String {
    let (_, mut reasons) = blame(inputs.observed, restart.at);
    reasons.extend(said);
    match reasons.is_empty() {
        true => "ECS gave no reason".to_owned(),
        false => reasons.join("; "),
    }
}
