//! The phase in which ECS replaces tasks.

use jiff::{SignedDuration, Timestamp};

use super::blame::{Blame, blame};
use super::ours::Ours;
use super::outcome::{Failure, adopt, complete, fail, frozen, healthy_tasks};
use super::staged;
use crate::model::{Deployment, DeploymentState, ServiceDeployment, ServiceDeploymentStatus};
use crate::rollout::choose::{self, ByHand};
use crate::rollout::decision::{Action, Decision};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Cause, Noted, Rollout};
use crate::rollout::roll::roll;
use crate::rollout::visibility::VISIBLE_WITHIN;

/// How often it is noted that all tasks of a deployment run that takes long.
const RAN: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn verdict(inputs: &Inputs<'_>, rollout: &Rollout, ours: Ours<'_>) -> Decision {
    match inputs.observed.service.deployment(ours.id) {
        Some(deployment) if deployment.state == DeploymentState::Failed => {
            failed(inputs, rollout, ours, deployment.reason.as_deref())
        }
        Some(deployment) if deployment.primary => primary(inputs, rollout, ours, deployment),
        _ => replaced(inputs, rollout, ours),
    }
}

fn primary(inputs: &Inputs<'_>, rollout: &Rollout, ours: Ours<'_>, deployment: &Deployment) -> Decision {
    let Inputs { policy, observed, now, .. } = inputs;
    let Ours { revision, id, since } = ours;
    let desired = observed.service.desired;
    let running = healthy_tasks(observed, revision);
    let deadline = since + policy.rollout.deadline();
    let in_progress = matches!(deployment.state, DeploymentState::InProgress | DeploymentState::Other(_));
    let all_run = in_progress && (desired == 0 || deployment.running >= desired);
    if all_run && since + policy.rollout.deadline() / 2 < *now && rollout.ran_at.is_none_or(|at| at + RAN <= *now) {
        let noted = Noted { ran_at: Some(*now), ..Noted::default() };
        let reason = if deadline < *now { overdue_since(id, deadline) } else { in_flight(id) }.reason;
        return Decision { action: Action::Note(noted), reason };
    }
    // Tasks that are missing since then have as long to start as those of a deployment that begins.
    let ran = rollout.ran_at.is_some_and(|at| *now <= at + policy.rollout.deadline());
    match &deployment.state {
        DeploymentState::Completed if desired == 0 => Decision {
            action: Action::Stage { revision: revision.to_owned(), deployment: id.to_owned(), since: *now },
            reason: Reason::Staged { deployment: id.to_owned() },
        },
        DeploymentState::Completed if running > 0 => complete(inputs, rollout, (revision, id), running),
        // With all new tasks running, the deployment waits for old ones to end: protected from scale-in, for instance.
        DeploymentState::InProgress | DeploymentState::Other(_)
            if deadline < *now && policy.rollout.rollback_at_deadline && deployment.running < desired && !ran =>
        {
            overdue(inputs, rollout, ours)
        }
        // A wake came between the update and its completion: ECS fails no deployment that was complete without tasks.
        DeploymentState::Completed => {
            let decision = staged::verdict(inputs, rollout, ours);
            if decision.action == Action::Keep && deadline < *now { overdue_since(id, deadline) } else { decision }
        }
        _ if deadline < *now => overdue_since(id, deadline),
        DeploymentState::InProgress | DeploymentState::Failed | DeploymentState::Other(_) => in_flight(id),
    }
}

/// Another deployment is the primary one, or ECS does not list ours yet.
fn replaced(inputs: &Inputs<'_>, rollout: &Rollout, ours: Ours<'_>) -> Decision {
    let Inputs { policy, record, observed, now, .. } = inputs;
    let history = history(inputs, ours);
    let status = history.map(|deployment| &deployment.status);
    if status.is_some_and(is_rolled_back) {
        return failed(inputs, rollout, ours, history.and_then(|deployment| deployment.reason.as_deref()));
    }
    if observed.runs(&rollout.images) {
        return adopt(inputs);
    }
    let newer = observed.service.primary().filter(|primary| primary.created_at > ours.since);
    // The history says that ECS has not rolled it back, and the ledger that no move to another provider replaced it.
    let moved = observed.moved_at.is_some_and(|moved| moved >= ours.since);
    let by_person = newer.filter(|_| status == Some(&ServiceDeploymentStatus::Stopped) && !moved);
    match by_person.and_then(|_| choose::instead(inputs, &rollout.images)) {
        Some(ByHand::InProgress(deployment)) => return in_flight(&deployment),
        Some(ByHand::Complete(complete)) => return Decision { action: Action::Note(complete.0), reason: complete.1 },
        None => {}
    }
    // An earlier revision may be ECS's rollback, which the history shows later.
    let revision = &observed.service.revision;
    let earlier =
        *revision == rollout.previous_revision || record.releases.iter().any(|release| release.revision == *revision);
    let is_settled = |primary: &Deployment| !earlier || primary.created_at + VISIBLE_WITHIN <= *now;
    let over = matches!(status, Some(ServiceDeploymentStatus::Stopped | ServiceDeploymentStatus::Successful));
    if newer.is_some_and(is_settled) || over || ours.since + policy.rollout.deadline() < *now {
        let drift = || roll(inputs, rollout.images.clone(), Cause::Drift).due();
        return frozen(inputs, rollout).unwrap_or_else(drift);
    }
    match status {
        None if newer.is_none() && ours.since + VISIBLE_WITHIN <= *now => {
            Decision::keep(Reason::UnknownResult { deployment: ours.id.to_owned() })
        }
        _ => in_flight(ours.id),
    }
}

fn overdue_since(id: &str, since: Timestamp) -> Decision {
    Decision::keep(Reason::Overdue { what: id.to_owned(), since })
}

fn in_flight(id: &str) -> Decision {
    Decision::keep(Reason::InFlight { deployment: id.to_owned() })
}

/// Our deployment in the service's history: the newest of our revision.
pub(super) fn history<'a>(inputs: &Inputs<'a>, ours: Ours<'_>) -> Option<&'a ServiceDeployment> {
    inputs.observed.history.iter().find(|deployment| deployment.revision == ours.revision)
}

pub(super) fn is_rolled_back(status: &ServiceDeploymentStatus) -> bool {
    match status {
        ServiceDeploymentStatus::RollingBack
        | ServiceDeploymentStatus::RolledBack
        | ServiceDeploymentStatus::RollbackFailed => true,
        ServiceDeploymentStatus::InProgress
        | ServiceDeploymentStatus::Successful
        | ServiceDeploymentStatus::Stopped
        | ServiceDeploymentStatus::Other(_) => false,
    }
}

fn failed(inputs: &Inputs<'_>, rollout: &Rollout, ours: Ours<'_>, sentence: Option<&str>) -> Decision {
    let (to_blame, mut reasons) = blame(inputs.observed, ours.since);
    // The tasks' own reasons first: the sentence of the circuit breaker alone says nothing.
    reasons.extend(sentence.map(str::to_owned));
    if reasons.is_empty() {
        reasons.push("ECS rolled the deployment back and gave no reason".into());
    }
    // The alarms of a deployment judge its image. "tasks failed to start" does not: a missing secret reads the same, and tasks that
    // are no longer listed say nothing about it.
    let judged = sentence.is_some_and(|sentence| sentence.contains("alarm detected"));
    let blame = if to_blame == Blame::Unknown && judged { Blame::Image } else { to_blame };
    fail(inputs, rollout, Failure { what: ours.id, reason: reasons.join("; "), blame, deployment: Some(ours) })
}

/// Neither completed nor failed in time, as without a circuit breaker.
fn overdue(inputs: &Inputs<'_>, rollout: &Rollout, ours: Ours<'_>) -> Decision {
    let (blame, reasons) = blame(inputs.observed, ours.since);
    let minutes = inputs.policy.rollout.deadline_minutes;
    let late = format!("neither completed nor failed within {minutes} min");
    let reason = reasons.into_iter().chain([late]).collect::<Vec<_>>().join("; ");
    fail(inputs, rollout, Failure { what: ours.id, reason, blame, deployment: Some(ours) })
}
