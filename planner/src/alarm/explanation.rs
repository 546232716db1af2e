//! What explains that an alarm is in ALARM: a planned change, a disturbance by Spot, or a mute.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::format_time;

/// What explains that an alarm is in ALARM; it is recorded and not announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Explanation {
    /// Its actions are suppressed in CloudWatch.
    Muted {
        /// As CloudWatch names it: a mute rule, another alarm, a wait period.
        by: String,
        /// Until when, if that is known.
        until: Option<Timestamp>,
    },
    /// Its desired count is 0, and the automation did not set it.
    NotStarted,
    /// Its service is scaled to zero.
    ScaledToZero {
        /// Reason of the capacity planner.
        reason: String,
    },
    /// Its service was woken, and its tasks are starting.
    Starting,
    /// Tasks of its service are being replaced, or were a moment ago.
    Rollout {
        /// End of the grace period.
        until: Timestamp,
    },
    /// Its tasks were moved between on-demand and Spot.
    Moved {
        /// End of the grace period.
        until: Timestamp,
    },
    /// Spot took tasks of it away.
    Interrupted {
        /// End of the grace period.
        until: Timestamp,
    },
    /// A restart replaces its tasks.
    Restarted {
        /// End of the grace period.
        until: Timestamp,
    },
    /// CloudFormation is updating the stack of its service, or was a moment ago.
    StackUpdate {
        /// Time of the newest event of the update.
        at: Timestamp,
    },
}

impl Explanation {
    pub(super) fn moved(until: Timestamp) -> Explanation {
        Explanation::Moved { until }
    }

    pub(super) fn interrupted(until: Timestamp) -> Explanation {
        Explanation::Interrupted { until }
    }

    pub(super) fn restarted(until: Timestamp) -> Explanation {
        Explanation::Restarted { until }
    }

    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Explanation::Muted { .. } => "muted",
            Explanation::NotStarted => "not_started",
            Explanation::ScaledToZero { .. } => "scaled_to_zero",
            Explanation::Starting => "starting",
            Explanation::Rollout { .. } => "rollout",
            Explanation::Moved { .. } => "moved",
            Explanation::Interrupted { .. } => "interrupted",
            Explanation::Restarted { .. } => "restarted",
            Explanation::StackUpdate { .. } => "stack_update",
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Explanation::Muted { by, until: Some(until) } => write!(f, "muted by {by} until {}", format_time(*until)),
            Explanation::Muted { by, until: None } => write!(f, "muted by {by}"),
            Explanation::NotStarted => f.write_str("desired count 0, not set by the automation"),
            Explanation::ScaledToZero { reason } => write!(f, "the service is scaled to zero: {reason}"),
            Explanation::Starting => f.write_str("the service was woken and its tasks are starting"),
            Explanation::Rollout { until } => {
                write!(f, "a rollout of the service; its grace period ends at {}", format_time(*until))
            }
            Explanation::Moved { until } => {
                write!(f, "a move between on-demand and Spot; its grace period ends at {}", format_time(*until))
            }
            Explanation::Interrupted { until } => {
                write!(f, "a Spot interruption; its grace period ends at {}", format_time(*until))
            }
            Explanation::Restarted { until } => {
                write!(f, "a restart of the service; its grace period ends at {}", format_time(*until))
            }
            Explanation::StackUpdate { at } => write!(f, "a stack update by CloudFormation at {}", format_time(*at)),
        }
    }
}
