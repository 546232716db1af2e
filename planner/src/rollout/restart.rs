//! New tasks of what runs: claimed before ECS is asked, so that it happens once and is never forgotten.

use jiff::{SignedDuration, Timestamp};

use super::plan::{Action, Decision, LEASE, Seen, keep};
use super::reason::Reason;
use super::state::{Phase, Record, Restart};
use crate::model::DeploymentState;

/// How long an interrupted restart is taken up again; later nobody waits for it any more.
const FORGOTTEN: SignedDuration = SignedDuration::from_mins(30);
/// What a request may need to arrive: whoever keeps to a cool-down counts from when it asked, which is a little earlier.
const ARRIVAL: SignedDuration = SignedDuration::from_secs(30);

/// When the claim of a restart ends that another invocation has in its hands.
pub(super) fn claimed_until(record: &Record, now: Timestamp) -> Option<Timestamp> {
    let open = record.restart.as_ref().filter(|restart| restart.deployment.is_none())?;
    Some(open.at + LEASE).filter(|until| *until > now)
}

/// A restart during a rollout would be another deployment of the same image, and hide how the rollout goes.
pub(super) fn asked(
    record: &Record,
    seen: &Seen,
    (by, why): (&str, Option<&str>),
    cool_down: Option<SignedDuration>,
    now: Timestamp,
) -> Decision {
    if let Some(decision) = interrupted(record, seen, now) {
        return decision;
    }
    let primary = seen.service.primary();
    let last = record.restart.as_ref().filter(|restart| restart.deployment.is_some());
    let ours = |last: &&Restart| primary.is_some_and(|primary| last.deployment.as_ref() == Some(&primary.id));
    let in_progress = primary.is_some_and(|primary| primary.state == DeploymentState::InProgress);
    if let Some(last) = last.filter(ours).filter(|_| in_progress) {
        return keep(Reason::Restarting { by: last.by.clone() });
    }
    let replaces = record.rollout.as_ref().is_some_and(|rollout| !matches!(rollout.phase, Phase::Staged { .. }));
    if replaces || in_progress {
        let deployment = primary.map(|primary| primary.id.clone()).unwrap_or_default();
        return keep(Reason::ReplacesTasks { deployment });
    }
    if seen.service.desired == 0 {
        return keep(Reason::NothingRuns);
    }
    if let (Some(last), Some(cool_down)) = (last, cool_down) {
        let until = last.at.checked_add(cool_down).unwrap_or(Timestamp::MAX);
        if now + ARRIVAL < until {
            return keep(Reason::CoolingDown { at: last.at, by: last.by.clone(), until });
        }
    }
    let deployment = primary.map(|primary| primary.id.clone()).unwrap_or_default();
    restart(by, why, deployment, now)
}

/// What to do about a restart whose invocation did not live to end it; `None` when there is none.
pub(super) fn interrupted(record: &Record, seen: &Seen, now: Timestamp) -> Option<Decision> {
    let open =
        record.restart.as_ref().filter(|restart| restart.deployment.is_none() && restart.at + FORGOTTEN > now)?;
    let primary = seen.service.primary()?;
    // Whatever replaced that deployment since, the tasks are new.
    if primary.id != open.replaces {
        let reason = Reason::RestartRequested { by: open.by.clone(), why: open.why.clone() };
        return Some(Decision { action: Action::Restarted { deployment: primary.id.clone() }, reason });
    }
    let runs = seen.service.desired > 0;
    runs.then(|| restart(&open.by, open.why.as_deref(), primary.id.clone(), now))
}

fn restart(by: &str, why: Option<&str>, replaces: String, now: Timestamp) -> Decision {
    let (by, why) = (by.to_owned(), why.map(str::to_owned));
    let reason = Reason::RestartRequested { by: by.clone(), why: why.clone() };
    Decision { action: Action::Restart(Restart { by, why, at: now, replaces, deployment: None }), reason }
}
