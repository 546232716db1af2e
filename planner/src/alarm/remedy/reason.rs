//! Why a remedy is due or not: the reasons of all remedies, and each remedy's own.

use std::fmt;

use jiff::Timestamp;

use super::restart::RestartReason;
use super::rollback::RollbackReason;
use super::scale::ScaleReason;
use crate::model::format_time;

/// Why a remedy is due or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemedyReason {
    /// It is in OK or INSUFFICIENT_DATA, so nothing is to be remedied.
    NotInAlarm,
    /// CloudWatch does not return the alarm.
    NotFound,
    /// A planned change explains it.
    Explained,
    /// Its policy names no remedy.
    NotConfigured,
    /// The policy's remedy is to be requested now.
    Due,
    /// The service could not be observed.
    NotObserved {
        /// Why.
        error: String,
    },
    /// Another invocation is requesting it.
    ClaimedElsewhere,
    /// A freeze is in force.
    Frozen {
        /// Who requested it.
        by: String,
        /// When it expires.
        until: Timestamp,
    },
    /// A hold of the service's capacity is in force.
    OnHold {
        /// Who requested it.
        by: String,
        /// When it expires.
        until: Timestamp,
    },
    /// The remedy was requested as often as its policy allows in 24 hours.
    DailyLimit {
        /// How often.
        daily: u32,
    },
    /// No boost.
    Scale(ScaleReason),
    /// Why no restart is requested.
    Restart(RestartReason),
    /// Why no rollback is requested.
    Rollback(RollbackReason),
}

impl RemedyReason {
    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            RemedyReason::NotInAlarm => "not_in_alarm",
            RemedyReason::NotFound => "not_found",
            RemedyReason::Explained => "explained",
            RemedyReason::NotConfigured => "not_configured",
            RemedyReason::Due => "due",
            RemedyReason::NotObserved { .. } => "not_observed",
            RemedyReason::ClaimedElsewhere => "claimed_elsewhere",
            RemedyReason::Frozen { .. } => "frozen",
            RemedyReason::OnHold { .. } => "on_hold",
            RemedyReason::DailyLimit { .. } => "daily_limit",
            RemedyReason::Scale(reason) => reason.label(),
            RemedyReason::Restart(reason) => reason.label(),
            RemedyReason::Rollback(reason) => reason.label(),
        }
    }

    /// Is there nothing left that the automation could do?
    pub fn needs_manual_action(&self) -> bool {
        match self {
            RemedyReason::NotInAlarm
            | RemedyReason::NotFound
            | RemedyReason::Explained
            | RemedyReason::Due
            | RemedyReason::ClaimedElsewhere
            | RemedyReason::NotObserved { .. } => false,
            RemedyReason::NotConfigured
            | RemedyReason::Frozen { .. }
            | RemedyReason::OnHold { .. }
            | RemedyReason::DailyLimit { .. } => true,
            RemedyReason::Scale(reason) => reason.needs_manual_action(),
            RemedyReason::Restart(reason) => reason.needs_manual_action(),
            RemedyReason::Rollback(reason) => reason.needs_manual_action(),
        }
    }

    /// Was the remedy requested, without success, for as long or as often as its policy allows?
    pub fn is_exhausted(&self) -> bool {
        match self {
            RemedyReason::DailyLimit { .. } => true,
            RemedyReason::Scale(reason) => reason.is_exhausted(),
            RemedyReason::NotInAlarm
            | RemedyReason::NotFound
            | RemedyReason::Explained
            | RemedyReason::NotConfigured
            | RemedyReason::Due
            | RemedyReason::ClaimedElsewhere
            | RemedyReason::NotObserved { .. }
            | RemedyReason::Frozen { .. }
            | RemedyReason::OnHold { .. }
            | RemedyReason::Restart(_)
            | RemedyReason::Rollback(_) => false,
        }
    }
}

impl fmt::Display for RemedyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RemedyReason::NotInAlarm => f.write_str("the alarm is not in ALARM"),
            RemedyReason::NotFound => f.write_str("CloudWatch does not return the alarm"),
            RemedyReason::Explained => f.write_str("a planned change explains the alarm"),
            RemedyReason::NotConfigured => f.write_str("no remedy is configured for this alarm"),
            RemedyReason::Due => f.write_str("the remedy of this alarm"),
            RemedyReason::NotObserved { error } => {
                write!(f, "the service could not be observed ({error}); decided again on the next tick")
            }
            RemedyReason::ClaimedElsewhere => f.write_str("another invocation is requesting it"),
            RemedyReason::Frozen { by, until } => write!(f, "frozen by {by} until {}", format_time(*until)),
            RemedyReason::OnHold { by, until } => write!(f, "capacity on hold by {by} until {}", format_time(*until)),
            RemedyReason::DailyLimit { daily: 1 } => f.write_str("daily limit reached (1 request in 24 hours)"),
            RemedyReason::DailyLimit { daily } => write!(f, "daily limit reached ({daily} requests in 24 hours)"),
            RemedyReason::Scale(reason) => reason.fmt(f),
            RemedyReason::Restart(reason) => reason.fmt(f),
            RemedyReason::Rollback(reason) => reason.fmt(f),
        }
    }
}
