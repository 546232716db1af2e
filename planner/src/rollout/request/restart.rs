//! `restart`: replace all tasks, with the same image. Claimed before ECS is called, so that it happens exactly once.

use jiff::{SignedDuration, Timestamp};

use crate::model::DeploymentState;
use crate::rollout::decision::{Action, Decision};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{self, Phase};
use crate::rollout::visibility::VISIBLE_WITHIN;

/// Allowance for delivery: a requester that keeps a cool-down counts from when it sent the request.
const DELIVERY: SignedDuration = SignedDuration::from_secs(30);

/// Replace all tasks, with the same image; refused during a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// Who requested it.
    pub by: String,
    /// Why, in the requester's words.
    pub reason: Option<String>,
    /// Refused this long after the last restart of the service; `None` for no cool-down.
    pub cool_down: Option<SignedDuration>,
    /// When it was requested, where the request says so, as an alarm's remedy does: refused when that is long ago.
    pub asked_at: Option<Timestamp>,
}

impl Restart {
    /// A restart during a rollout would be another deployment of the same image, and hide how the rollout goes.
    pub(super) fn decide(&self, inputs: &Inputs<'_>) -> Decision {
        if let Some(decision) = resume(inputs) {
            return decision;
        }
        let Inputs { record, observed, now, .. } = inputs;
        let primary = observed.service.primary();
        let last = record.restart.as_ref().filter(|restart| restart.deployment.is_some());
        let ours = |last: &&record::Restart| primary.is_some_and(|p| last.deployment.as_ref() == Some(&p.id));
        let in_progress = primary.is_some_and(|primary| primary.state == DeploymentState::InProgress);
        // ECS may not show it yet: another one would replace all tasks a second time.
        let unseen = |last: &&record::Restart| {
            let listed = last.deployment.as_ref().and_then(|id| observed.service.deployment(id));
            last.result.is_none() && listed.is_none() && *now < last.at + VISIBLE_WITHIN
        };
        if let Some(last) = last.filter(|last| ours(last) && in_progress || unseen(last)) {
            return Decision::keep(Reason::RestartInProgress { by: last.by.clone() });
        }
        let rolling = record.rollout.as_ref().is_some_and(|rollout| !matches!(rollout.phase, Phase::Staged { .. }));
        if rolling || in_progress {
            return Decision::keep(Reason::DeploymentInProgress { deployment: observed.primary_id() });
        }
        if observed.service.desired == 0 {
            return Decision::keep(Reason::ScaledToZero);
        }
        if let (Some(last), Some(cool_down)) = (last, self.cool_down) {
            let until = last.at.checked_add(cool_down).unwrap_or(Timestamp::MAX);
            if *now + DELIVERY < until {
                return Decision::keep(Reason::CoolingDown { at: last.at, by: last.by.clone(), until });
            }
        }
        let (by, reason) = (self.by.clone(), self.reason.clone());
        let remedy = self.cool_down.is_some();
        let replaces = observed.primary_id();
        let at = *now;
        claim(record::Restart {
            by,
            reason,
            remedy,
            cause: None,
            at,
            resumed: 0,
            replaces,
            deployment: None,
            result: None,
        })
    }
}

/// Any deployment that replaced the one that a restart was to replace has replaced its tasks.
pub(in crate::rollout) fn confirmed(inputs: &Inputs<'_>, open: &record::Restart) -> Option<Decision> {
    let primary = inputs.observed.service.primary()?;
    let replaces = primary.id != open.replaces && primary.created_at >= open.begun();
    let action = Action::ConfirmRestart { deployment: primary.id.clone() };
    replaces.then(|| Decision { action, reason: why(open) })
}

/// What to do about a restart whose invocation ended before the restart was confirmed; `None` when there is none.
pub(in crate::rollout) fn resume(inputs: &Inputs<'_>) -> Option<Decision> {
    let Inputs { record, observed, now, .. } = inputs;
    // The deployment of the last resumption may show only now.
    let is_claimed = |restart: &&record::Restart| restart.is_claimed(*now) || restart.at + VISIBLE_WITHIN > *now;
    let open = record.restart.as_ref().filter(|restart| restart.deployment.is_none()).filter(is_claimed)?;
    let primary = observed.service.primary()?;
    if let Some(confirmed) = confirmed(inputs, open) {
        return Some(confirmed);
    }
    // ECS may have created a deployment whose answer was lost, and may not show it yet: another one would replace all
    // tasks a second time.
    let created = observed.history.iter().any(|deployment| deployment.created_at >= open.begun());
    if created || *now < open.at + VISIBLE_WITHIN {
        return Some(Decision::keep(Reason::RestartInProgress { by: open.by.clone() }));
    }
    // What no engineer has requested waits for the end of a freeze, whether it is claimed or not.
    let waits = (open.remedy || open.cause.is_some()) && record.freeze(*now).is_some();
    let resumes = observed.service.desired > 0 && !waits;
    resumes.then(|| {
        claim(record::Restart { at: *now, resumed: open.resumed + 1, replaces: primary.id.clone(), ..open.clone() })
    })
}

/// Claims the restart.
pub(in crate::rollout) fn claim(restart: record::Restart) -> Decision {
    let reason = why(&restart);
    Decision { action: Action::Restart(restart), reason }
}

fn why(restart: &record::Restart) -> Reason {
    match &restart.cause {
        Some(cause) => Reason::RestartDue { cause: cause.clone() },
        None => Reason::RestartRequested { by: restart.by.clone(), reason: restart.reason.clone() },
    }
}
