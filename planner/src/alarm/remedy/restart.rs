//! Remedy `restart`: a forced deployment of the running revision.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::context::RemedyContext;
use super::history::RemedyHistory;
use crate::error::Result;
use crate::minutes::check_minutes;
use crate::model::format_time;
use crate::rollout::request::IN_TIME;

/// A forced deployment of the running revision: a rolling restart with the same image.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RestartPolicy {
    /// Minutes between two restarts; 60 by default.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1440)))]
    pub cool_down_minutes: u32,
    /// Restarts in 24 hours, 1 to 12; 3 by default.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 12)))]
    pub daily: u32,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        RestartPolicy { cool_down_minutes: 60, daily: 3 }
    }
}

/// A restart to request from the rollout planner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartAction {
    /// The rollout planner refuses it within so many minutes after the last restart.
    pub cool_down_minutes: u32,
}

/// Why no restart is requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestartReason {
    /// Tasks are being replaced.
    RolloutInProgress,
    /// A restart is in progress.
    RestartInProgress {
        /// Who requested it.
        by: String,
    },
    /// It was restarted within the cool-down.
    CoolingDown {
        /// When it was restarted.
        at: Timestamp,
        /// End of the cool-down.
        until: Timestamp,
    },
}

impl RestartPolicy {
    pub(super) fn validate(&self, path: &str) -> Result<()> {
        check_minutes(&format!("{path}.cool_down_minutes"), self.cool_down_minutes)
    }

    pub(super) fn decide(&self, context: &RemedyContext<'_>) -> Result<RestartAction, RestartReason> {
        if context.service.replaces_tasks() {
            return Err(RestartReason::RolloutInProgress);
        }
        let restart = context.service.observed.rollout.restart.as_ref();
        if let Some(restart) = restart.filter(|restart| restart.is_open()) {
            return Err(RestartReason::RestartInProgress { by: restart.by.clone() });
        }
        // A request that was not carried out in time never is: what the alarm needs is decided anew.
        let requested = context.history.last_taken(RestartAction::LABEL).map(|last| last.at);
        let carried_out = |at: Timestamp| restart.is_some_and(|restart| restart.at >= at);
        let counts = requested.filter(|at| *at + IN_TIME >= context.now || carried_out(*at));
        if let Some(at) = counts.max(restart.map(|restart| restart.at)) {
            let until = at + SignedDuration::from_mins(self.cool_down_minutes.into());
            if until > context.now {
                return Err(RestartReason::CoolingDown { at, until });
            }
        }
        Ok(RestartAction { cool_down_minutes: self.cool_down_minutes })
    }
}

impl RestartAction {
    pub(super) const LABEL: &str = "restart";
    pub(super) const NEXT_STEP: &str =
        "ECS replaces the tasks one after the other. If the alarm stays in ALARM after that, follow the runbook.";

    pub(super) fn remember(&self, history: &mut RemedyHistory, now: Timestamp) {
        history.add(Self::LABEL, None, now);
    }
}

impl RestartReason {
    pub(super) fn label(&self) -> &'static str {
        match self {
            RestartReason::RolloutInProgress => "rollout_in_progress",
            RestartReason::RestartInProgress { .. } => "restart_in_progress",
            RestartReason::CoolingDown { .. } => "cooling_down",
        }
    }

    pub(super) fn needs_manual_action(&self) -> bool {
        match self {
            RestartReason::RolloutInProgress
            | RestartReason::RestartInProgress { .. }
            | RestartReason::CoolingDown { .. } => false,
        }
    }
}

impl fmt::Display for RestartAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rolling restart, same image")
    }
}

impl fmt::Display for RestartReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestartReason::RolloutInProgress => f.write_str("a rollout is in progress; decided again when it ends"),
            RestartReason::RestartInProgress { by } => {
                write!(f, "a restart requested by {by} is in progress; decided again when it ends")
            }
            RestartReason::CoolingDown { at, until } => {
                write!(f, "restarted at {}; the cool-down ends at {}", format_time(*at), format_time(*until))
            }
        }
    }
}
