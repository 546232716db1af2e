//! Why a service's capacity should be what it should be.

use std::fmt;

use jiff::Timestamp;

use super::facts::OverrideKind;
use crate::model::format_time;

/// Why a service's capacity should be what it should be; the strongest fact that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The desired count is 0, and the automation did not set it: the service has never run, or was stopped before the
    /// automation was installed. Neither is started here; no override changes that.
    NotStarted,
    /// A freeze is in force.
    Frozen {
        /// Who requested it.
        by: String,
        /// When it ends.
        until: Timestamp,
    },
    /// An override is in force.
    Override {
        /// Wake, sleep or hold.
        kind: OverrideKind,
        /// Who requested it.
        by: String,
        /// When it expires.
        until: Timestamp,
        /// Why, in the requester's words.
        reason: Option<String>,
    },
    /// A budget restriction is in force.
    Budget {
        /// Share of the budget that was reached, in percent.
        reached_percent: u32,
    },
    /// Scheduled downtime is in force.
    ScheduledDowntime,
    /// An alarm has boosted the service.
    Boost {
        /// Name of the alarm.
        by: String,
        /// Minimum number of tasks while the boost lasts.
        min: u32,
    },
    /// No other fact is in force.
    Baseline,
}

impl Reason {
    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Reason::NotStarted => "not_started",
            Reason::Frozen { .. } => "frozen",
            Reason::Override { kind: OverrideKind::Wake, .. } => "override_wake",
            Reason::Override { kind: OverrideKind::Sleep, .. } => "override_sleep",
            Reason::Override { kind: OverrideKind::Hold, .. } => "override_hold",
            Reason::Budget { .. } => "budget",
            Reason::ScheduledDowntime => "scheduled_downtime",
            Reason::Boost { .. } => "boost",
            Reason::Baseline => "baseline",
        }
    }

    /// The reason as a sentence without its full stop, with points in time as `time` formats them.
    pub fn sentence(&self, time: impl Fn(Timestamp) -> String) -> String {
        match self {
            Reason::NotStarted => {
                "desired count 0, not set by the automation: the first push starts a service that has never \
                                   run; any other stays at 0 until its desired count is raised"
                    .into()
            }
            Reason::Frozen { by, until } => format!("frozen by {by} until {}", time(*until)),
            Reason::Override { kind, by, until, reason } => {
                let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                format!("`{}` override by {by} until {}{why}", kind.label(), time(*until))
            }
            Reason::Budget { reached_percent } => {
                format!("budget restriction, {reached_percent} % of the budget reached")
            }
            Reason::ScheduledDowntime => "scheduled downtime".into(),
            Reason::Boost { by, min } => format!("boosted to at least {min} tasks for alarm {by}"),
            Reason::Baseline => "the baseline applies".into(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence(format_time))
    }
}
