//! Whether a restart that is due takes place now.

use jiff::SignedDuration;

use super::progress::{Progress, progress};
use crate::model::DeploymentState;
use crate::rollout::decision::Decision;
use crate::rollout::handling::Handling;
use crate::rollout::inputs::Inputs;
use crate::rollout::obstacle::Obstacle;
use crate::rollout::reason::Reason;
use crate::rollout::record::{self, Quarantine, RestartCause, RestartResult, hold_down};
use crate::rollout::request::restart::claim;
use crate::rollout::visibility::VISIBLE_WITHIN;

/// Secrets often change together: one restart follows when none has changed for so long.
const SETTLES: SignedDuration = SignedDuration::from_mins(3);
/// The longest that the restart waits for further changes.
const AT_MOST: SignedDuration = SignedDuration::from_mins(15);

/// The restart that is due now, or why it waits; `None` when none is due.
pub(in crate::rollout) fn restart(inputs: &Inputs<'_>) -> Option<Decision> {
    let cause = secrets(inputs).or_else(|| retirement(inputs)).or_else(|| given_up(inputs))?;
    if let Some(obstacle) = obstacle(inputs) {
        return Some(Decision::keep(Reason::RestartWaits { cause, obstacle }));
    }
    Some(claim(record::Restart {
        by: cause.by().to_owned(),
        reason: None,
        cause: Some(cause),
        at: inputs.now,
        resumed: 0,
        replaces: inputs.observed.primary_id(),
        deployment: None,
        remedy: false,
        result: None,
    }))
}

fn secrets(inputs: &Inputs<'_>) -> Option<RestartCause> {
    let secrets = inputs.record.due.secrets.as_ref()?;
    let settled = inputs.now >= (secrets.at + SETTLES).min(secrets.since + AT_MOST);
    let begun = progress(inputs, secrets.at) != Progress::NotBegun;
    (settled && !begun).then(|| RestartCause::Secrets { names: secrets.names.clone() })
}

/// In the quiet hours, unless the service sleeps before AWS replaces its tasks.
fn retirement(inputs: &Inputs<'_>) -> Option<RestartCause> {
    let Inputs { policy, record, now, .. } = inputs;
    let is_due = |retirement: &&record::Retirement| {
        let Handling::QuietHours { at } = Handling::of(policy, retirement.starts_at, *now) else { return false };
        !retirement.over && at <= *now && progress(inputs, retirement.announced_at) == Progress::NotBegun
    };
    let retirement = record.due.retirements.iter().find(is_due)?;
    Some(RestartCause::Retirement { starts_at: retirement.starts_at })
}

/// What kept the tasks from running may be over, and ECS does not try again. An image in quarantine is not restarted: it is
/// to blame itself. Nor is a service that the automation has never seen run, such as one that was down when it was installed.
fn given_up(inputs: &Inputs<'_>) -> Option<RestartCause> {
    let Inputs { record, observed, now, .. } = inputs;
    let deployment = observed.service.given_up().filter(|_| record.rollout.is_none() && record.has_started())?;
    let runs = |bad: &Quarantine| observed.running.get(&bad.repository).is_some_and(|own| own.is(&bad.image.digest));
    if record.quarantine.iter().any(runs) {
        return None;
    }
    let last = record.restart.as_ref();
    let attempts = last.map_or(0, |last| match (&last.cause, last.result) {
        (_, Some(RestartResult::Replaced)) => 0,
        (Some(RestartCause::GivenUp { attempt, .. }), _) => *attempt,
        _ => 0,
    });
    let since = last.map_or(deployment.created_at, |last| last.at.max(deployment.created_at));
    let due = since.checked_add(hold_down(attempts)).is_ok_and(|due| due <= *now);
    let attempt = attempts.saturating_add(1);
    due.then(|| RestartCause::GivenUp { deployment: deployment.id.clone(), attempt })
}

/// What puts a restart off at the moment.
pub(super) fn obstacle(inputs: &Inputs<'_>) -> Option<Obstacle> {
    let Inputs { record, observed, now, .. } = inputs;
    if let Some(freeze) = record.freeze(*now) {
        return Some(Obstacle::Frozen { by: freeze.by.clone(), until: freeze.until });
    }
    if let Some(hold) = observed.hold.as_ref().filter(|hold| hold.at > *now) {
        return Some(Obstacle::Held { by: hold.by.clone(), until: hold.at });
    }
    // ECS may not show it yet.
    let last = record.restart.as_ref().filter(|restart| restart.at + VISIBLE_WITHIN > *now);
    if let Some(deployment) = last.and_then(|restart| restart.deployment.as_ref())
        && observed.service.deployment(deployment).is_none()
    {
        return Some(Obstacle::Deployment { deployment: deployment.clone() });
    }
    let rolling = record.rollout.is_some();
    let replacing =
        observed.service.primary().filter(|primary| rolling || primary.state == DeploymentState::InProgress);
    replacing.map(|primary| Obstacle::Deployment { deployment: primary.id.clone() })
}
