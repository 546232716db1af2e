//! Remedies: which one is due while an alarm is in ALARM. It is requested from the planners of images and capacity,
//! which apply it or refuse it.
//!
//! One file each, with the same parts: a policy with `validate` and `decide`, an action with `LABEL`, `NEXT_STEP` and
//! `remember`, a reason with `label` and `needs_manual_action`, and the wording of both. [`RemedyPolicy`],
//! [`RemedyAction`] and [`RemedyReason`] list them.

mod context;
mod history;
mod reason;
mod restart;
mod rollback;
mod scale;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::capacity::Expiry;
use crate::error::{Error, Result};

pub use context::RemedyContext;
pub use history::{ActiveBoost, RemedyHistory, RemedyTaken};
pub use reason::RemedyReason;
pub use restart::{RestartAction, RestartPolicy, RestartReason};
pub use rollback::{RollbackAction, RollbackPolicy, RollbackReason};
pub use scale::{ScaleAction, ScalePolicy, ScaleReason, ScaleTarget};

/// What is done while an alarm is in ALARM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RemedyPolicy {
    /// Nothing; the alarm is announced.
    #[default]
    None,
    /// More tasks.
    Scale(ScalePolicy),
    /// A rolling restart with the same image.
    Restart(RestartPolicy),
    /// The previous release.
    Rollback(RollbackPolicy),
}

/// What to request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemedyAction {
    /// More tasks, from the capacity planner.
    Scale(ScaleAction),
    /// A rolling restart, from the rollout planner.
    Restart(RestartAction),
    /// The previous release, from the rollout planner.
    Rollback(RollbackAction),
}

/// What is requested, if anything, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemedyDecision {
    /// What to request.
    pub action: Option<RemedyAction>,
    /// Why, or why nothing.
    pub reason: RemedyReason,
}

impl RemedyDecision {
    /// Nothing is requested.
    pub fn none(reason: RemedyReason) -> RemedyDecision {
        RemedyDecision { action: None, reason }
    }
}

/// Decides which remedy is due for an alarm that is in ALARM; `context` is `None` when it is about no service.
pub(super) fn decide(policy: &RemedyPolicy, context: Option<&RemedyContext<'_>>) -> RemedyDecision {
    let Some(context) = context.filter(|_| *policy != RemedyPolicy::None) else {
        return RemedyDecision::none(RemedyReason::NotConfigured);
    };
    let (frozen, on_hold) = (context.service.frozen(context.now), context.service.on_hold(context.now));
    if let Some(Expiry { by, at: until }) = frozen {
        return RemedyDecision::none(RemedyReason::Frozen { by, until });
    }
    if let Some(Expiry { by, at: until }) = on_hold {
        return RemedyDecision::none(RemedyReason::OnHold { by, until });
    }
    match policy.decide(context).and_then(|action| policy.within_daily_limit(action, context)) {
        Ok(action) => RemedyDecision { action: Some(action), reason: RemedyReason::Due },
        Err(reason) => RemedyDecision::none(reason),
    }
}

impl RemedyPolicy {
    pub(super) fn validate(&self, path: &str) -> Result<()> {
        match self {
            RemedyPolicy::None => return Ok(()),
            RemedyPolicy::Scale(scale) => scale.validate(&format!("{path}.scale"))?,
            RemedyPolicy::Restart(restart) => restart.validate(&format!("{path}.restart"))?,
            RemedyPolicy::Rollback(rollback) => rollback.validate(&format!("{path}.rollback"))?,
        }
        match self.daily() {
            1..=12 => Ok(()),
            daily => Err(Error::bad_field(&format!("{path}.{}.daily", self.label()), daily, "1 to 12 times")),
        }
    }

    fn decide(&self, context: &RemedyContext<'_>) -> Result<RemedyAction, RemedyReason> {
        match self {
            RemedyPolicy::None => Err(RemedyReason::NotConfigured),
            RemedyPolicy::Scale(scale) => scale.decide(context).map(RemedyAction::Scale).map_err(RemedyReason::Scale),
            RemedyPolicy::Restart(restart) => {
                restart.decide(context).map(RemedyAction::Restart).map_err(RemedyReason::Restart)
            }
            RemedyPolicy::Rollback(rollback) => {
                rollback.decide(context).map(RemedyAction::Rollback).map_err(RemedyReason::Rollback)
            }
        }
    }

    fn within_daily_limit(
        &self,
        action: RemedyAction,
        context: &RemedyContext<'_>,
    ) -> Result<RemedyAction, RemedyReason> {
        let daily = self.daily();
        let taken = context.history.taken_today(action.label(), context.now);
        match action.extends_earlier() || taken < daily as usize {
            true => Ok(action),
            false => Err(RemedyReason::DailyLimit { daily }),
        }
    }

    fn daily(&self) -> u32 {
        match self {
            RemedyPolicy::None => 0,
            RemedyPolicy::Scale(scale) => scale.daily,
            RemedyPolicy::Restart(restart) => restart.daily,
            RemedyPolicy::Rollback(rollback) => rollback.daily,
        }
    }

    fn label(&self) -> &'static str {
        match self {
            RemedyPolicy::None => "none",
            RemedyPolicy::Scale(_) => ScaleAction::LABEL,
            RemedyPolicy::Restart(_) => RestartAction::LABEL,
            RemedyPolicy::Rollback(_) => RollbackAction::LABEL,
        }
    }
}

impl RemedyAction {
    /// Stable name for logs, metrics and responses.
    pub fn label(&self) -> &'static str {
        match self {
            RemedyAction::Scale(_) => ScaleAction::LABEL,
            RemedyAction::Restart(_) => RestartAction::LABEL,
            RemedyAction::Rollback(_) => RollbackAction::LABEL,
        }
    }

    /// Does it extend what was requested before? Then it is neither counted nor announced.
    pub fn extends_earlier(&self) -> bool {
        match self {
            RemedyAction::Scale(scale) => scale.extends,
            RemedyAction::Restart(_) | RemedyAction::Rollback(_) => false,
        }
    }

    /// What an engineer does after it was requested.
    pub fn next_step(&self) -> &'static str {
        match self {
            RemedyAction::Scale(_) => ScaleAction::NEXT_STEP,
            RemedyAction::Restart(_) => RestartAction::NEXT_STEP,
            RemedyAction::Rollback(_) => RollbackAction::NEXT_STEP,
        }
    }

    pub(super) fn remember(&self, history: &mut RemedyHistory, now: Timestamp) {
        match self {
            RemedyAction::Scale(scale) => scale.remember(history, now),
            RemedyAction::Restart(restart) => restart.remember(history, now),
            RemedyAction::Rollback(rollback) => rollback.remember(history, now),
        }
    }
}

impl fmt::Display for RemedyAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RemedyAction::Scale(scale) => scale.fmt(f),
            RemedyAction::Restart(restart) => restart.fmt(f),
            RemedyAction::Rollback(rollback) => rollback.fmt(f),
        }
    }
}
