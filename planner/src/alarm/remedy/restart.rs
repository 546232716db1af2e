//! Remedy `restart`: a forced deployment of the running revision.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::context::RemedyContext;
use super::history::RemedyHistory;
use crate::error::Result;
use crate::minutes::check_minutes;
use crate::model::format_time;

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
        if let Some(last) = context.history.last_taken(RestartAction::LABEL) {
            let until = last.at + SignedDuration::from_mins(self.cool_down_minutes.into());
            if until > context.now {
                return Err(RestartReason::CoolingDown { at: last.at, until });
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
            RestartReason::CoolingDown { .. } => "cooling_down",
        }
    }

    pub(super) fn needs_manual_action(&self) -> bool {
        match self {
            RestartReason::RolloutInProgress | RestartReason::CoolingDown { .. } => false,
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
            RestartReason::CoolingDown { at, until } => {
                write!(f, "restarted at {}; the cool-down ends at {}", format_time(*at), format_time(*until))
            }
        }
    }
}
