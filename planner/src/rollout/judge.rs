//! What became of a rollout that is on its way.
//!
//! Judged by deployment id, revision and tasks that run; never by "stable", and never by zero tasks. ECS gives a
//! rollback no event of its own: it is an ordinary deployment of the revision from before.

use jiff::{SignedDuration, Timestamp};

use super::plan::{Action, Decision, Roll, Seen, keep, outcasts, roll};
use super::policy::Policy;
use super::reason::Reason;
use super::state::{Cause, Phase, Record, Release, Rollout};
use crate::model::{Deployment, DeploymentState, Task, endings};

/// How long ECS gets to start its own rollback before we do it.
const ROLLBACK_GRACE: SignedDuration = SignedDuration::from_mins(3);
/// Failed tasks after which a waking service is given its former image back.
const FAILED_WAKES: usize = 3;

/// Decides about the rollout on its way; `seen.tasks`, `seen.stopped` and `seen.before` are filled as far as needed.
pub(super) fn judge(policy: Policy<'_>, record: &Record, rollout: &Rollout, seen: &Seen, now: Timestamp) -> Decision {
    match &rollout.phase {
        Phase::Claimed { .. } | Phase::Before { .. }
            if seen.runs(&rollout.images) && rollout.from != seen.service.revision =>
        {
            adopt(seen)
        }
        Phase::Claimed { start } => {
            let roll = Roll {
                rollout: Rollout { started_at: now, ..rollout.clone() },
                start: *start,
                before: policy.rollout.before.is_some()
                    && !matches!(rollout.cause, Cause::Drift | Cause::Rollback { .. }),
                quarantine: Vec::new(),
                pardon: Vec::new(),
                resumed: true,
            };
            Decision { action: Action::Roll(Box::new(roll)), reason: Reason::Resumed { since: rollout.started_at } }
        }
        Phase::Before { revision, task, start } => before(policy, record, rollout, seen, (revision, task, *start), now),
        Phase::Deploying { revision, deployment } => {
            deploying(policy, record, rollout, seen, (revision, deployment), now)
        }
        Phase::Staged { revision, deployment } => staged(policy, record, rollout, seen, (revision, deployment), now),
        Phase::RollingBack { failed, since } => rolling_back(policy, record, rollout, seen, (failed, *since), now),
    }
}

fn before(
    policy: Policy<'_>,
    record: &Record,
    rollout: &Rollout,
    seen: &Seen,
    (revision, task, start): (&str, &str, Option<u32>),
    now: Timestamp,
) -> Decision {
    let Some(gate) = &policy.rollout.before else {
        // The fleet no longer asks for the task: go on without it.
        return Decision {
            action: Action::Update { revision: revision.to_owned(), start },
            reason: Reason::TaskSucceeded,
        };
    };
    let Some(seen_task) = &seen.before else {
        return fail(record, rollout, task, "ECS no longer knows how it ended", None, now);
    };
    match &seen_task.stopped {
        Some(end) if end.exit_code(&gate.container) == Some(0) => {
            Decision { action: Action::Update { revision: revision.to_owned(), start }, reason: Reason::TaskSucceeded }
        }
        Some(end) => fail(record, rollout, task, &end.to_string(), None, now),
        None => {
            let since = rollout.started_at + SignedDuration::from_mins(gate.deadline_minutes.into());
            match since < now {
                true => keep(Reason::Overdue { what: task.to_owned(), since }),
                false => keep(Reason::AwaitingTask { task: task.to_owned() }),
            }
        }
    }
}

fn deploying(
    policy: Policy<'_>,
    record: &Record,
    rollout: &Rollout,
    seen: &Seen,
    (revision, id): (&str, &str),
    now: Timestamp,
) -> Decision {
    let service = &seen.service;
    let ours = service.deployment(id);
    if let Some(deployment) = ours.filter(|deployment| deployment.state == DeploymentState::Failed) {
        return fail(record, rollout, id, &why(deployment.reason.as_deref(), &seen.stopped), Some(id), now);
    }
    let Some(deployment) = ours.filter(|deployment| deployment.primary) else {
        return replaced(policy, record, rollout, seen, id, now);
    };
    let running = running(seen, revision);
    let overdue = rollout.started_at + policy.rollout.deadline();
    match &deployment.state {
        DeploymentState::Completed if service.desired == 0 => Decision {
            action: Action::Stage { revision: revision.to_owned(), deployment: id.to_owned() },
            reason: Reason::Staged { deployment: id.to_owned() },
        },
        DeploymentState::Completed if running > 0 => complete(revision, id, running),
        _ if overdue < now => keep(Reason::Overdue { what: id.to_owned(), since: overdue }),
        DeploymentState::Completed => keep(Reason::AwaitingTasks { deployment: id.to_owned() }),
        DeploymentState::InProgress | DeploymentState::Failed | DeploymentState::Other(_) => {
            keep(Reason::InFlight { deployment: id.to_owned() })
        }
    }
}

/// Our deployment is not the service's any more: somebody forced another of the same images, ECS rolled it back, or a
/// stack update put something else in its place.
fn replaced(policy: Policy<'_>, record: &Record, rollout: &Rollout, seen: &Seen, id: &str, now: Timestamp) -> Decision {
    if seen.runs(&rollout.images) {
        return adopt(seen);
    }
    // ECS goes back to the last *completed* deployment, which is older than ours when a push replaced another in flight.
    let ran = |release: &Release| release.revision == seen.service.revision;
    if seen.service.revision == rollout.from || record.releases.iter().any(ran) {
        return fail(record, rollout, id, &why(None, &seen.stopped), Some(id), now);
    }
    roll(policy, record, seen, rollout.images.clone(), Cause::Drift, now)
}

fn staged(
    policy: Policy<'_>,
    record: &Record,
    rollout: &Rollout,
    seen: &Seen,
    (revision, id): (&str, &str),
    now: Timestamp,
) -> Decision {
    if !seen.runs(&rollout.images) {
        return roll(policy, record, seen, rollout.images.clone(), Cause::Drift, now);
    }
    if seen.service.desired == 0 {
        return keep(Reason::Staged { deployment: id.to_owned() });
    }
    // The service may have woken by a deployment of its own, a capacity change for instance.
    let awake = seen.service.primary().map_or(id, |primary| &primary.id);
    let running = running(seen, &seen.service.revision);
    if running > 0 {
        return complete(revision, awake, running);
    }
    let failed = seen.service.primary().is_some_and(|primary| primary.state == DeploymentState::Failed);
    if !failed && seen.stopped.len() < FAILED_WAKES {
        return keep(Reason::AwaitingTasks { deployment: awake.to_owned() });
    }
    let reason = why(None, &seen.stopped);
    match record.current() {
        Some(release) => {
            let quarantine = outcasts(&rollout.images, &release.images, &reason, now);
            let mut decision = roll(policy, record, seen, release.images.clone(), Cause::FailedWake, now);
            if let Action::Roll(roll) = &mut decision.action {
                roll.quarantine = quarantine;
            }
            decision
        }
        None => fail(record, rollout, awake, &reason, None, now),
    }
}

fn rolling_back(
    policy: Policy<'_>,
    record: &Record,
    rollout: &Rollout,
    seen: &Seen,
    (failed, since): (&str, Timestamp),
    now: Timestamp,
) -> Decision {
    let back = |primary: &&Deployment| primary.id != failed && !seen.runs(&rollout.images);
    if let Some(primary) = seen.service.primary().filter(back) {
        return match primary.state {
            DeploymentState::Completed => Decision {
                action: Action::Recover { failed: failed.to_owned() },
                reason: Reason::Recovered { failed: failed.to_owned() },
            },
            _ => keep(Reason::RollingBack { failed: failed.to_owned() }),
        };
    }
    // A service without the circuit breaker's rollback stays where it failed: then it is for us to put it back.
    match record.current() {
        Some(release) if since + ROLLBACK_GRACE < now => {
            roll(policy, record, seen, release.images.clone(), Cause::Drift, now)
        }
        _ => keep(Reason::RollingBack { failed: failed.to_owned() }),
    }
}

fn adopt(seen: &Seen) -> Decision {
    let deployment = seen.service.primary().map(|primary| primary.id.clone()).unwrap_or_default();
    Decision {
        action: Action::Adopt { revision: seen.service.revision.clone(), deployment: deployment.clone() },
        reason: Reason::Adopted { deployment },
    }
}

fn complete(revision: &str, deployment: &str, running: usize) -> Decision {
    Decision {
        action: Action::Complete { revision: revision.to_owned(), deployment: deployment.to_owned() },
        reason: Reason::Verified { deployment: deployment.to_owned(), running },
    }
}

fn fail(
    record: &Record,
    rollout: &Rollout,
    what: &str,
    why: &str,
    deployment: Option<&str>,
    now: Timestamp,
) -> Decision {
    let good = record.current().map_or(&rollout.before, |release| &release.images);
    let recover = deployment.filter(|_| !good.is_empty()).map(str::to_owned);
    let quarantine = outcasts(&rollout.images, good, why, now);
    let reason = Reason::Failed { what: what.to_owned(), why: why.to_owned() };
    Decision { action: Action::Fail { quarantine, recover }, reason }
}

/// Tasks of `revision` that run and that no health check calls unhealthy.
fn running(seen: &Seen, revision: &str) -> usize {
    let counts = |task: &&Task| task.revision == revision && task.status == "RUNNING" && task.health != "UNHEALTHY";
    seen.tasks.iter().filter(counts).count()
}

/// ECS's sentence and the tasks' own reasons: the reason of the circuit breaker alone says nothing.
fn why(sentence: Option<&str>, stopped: &[Task]) -> String {
    let parts: Vec<String> = endings(stopped).into_iter().chain(sentence.map(str::to_owned)).collect();
    match parts.is_empty() {
        true => "ECS put the former revision back and gave no reason".into(),
        false => parts.join("; "),
    }
}
