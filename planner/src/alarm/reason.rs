//! Why something is announced about an alarm or not: the sentence an operator reads, and a stable name for logs and
//! metrics.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::explanation::Explanation;
use crate::model::{format_duration, format_time};

/// Why something is announced about an alarm, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No state change was received.
    NeverReported,
    /// It is in OK, and nothing else is announced.
    Ok,
    /// A new ALARM state that no planned activity explains.
    EnteredAlarm {
        /// CloudWatch's timestamp of the state change.
        since: Timestamp,
    },
    /// It is in ALARM, and what explained that has ended.
    NoLongerExplained {
        /// Since when it is in ALARM.
        since: Timestamp,
        /// What explained it.
        was: Explanation,
    },
    /// It was flapping, and stays in ALARM now.
    StaysInAlarm {
        /// Since when it is in ALARM without a break.
        since: Timestamp,
        /// When it started flapping.
        first: Timestamp,
    },
    /// It is in ALARM, as announced.
    AlreadyAnnounced {
        /// Since when it is in ALARM.
        since: Timestamp,
    },
    /// It is in ALARM because of a planned change.
    Explained {
        /// The planned activity.
        by: Explanation,
    },
    /// It was in ALARM because of a planned change, and has recovered.
    RecoveredExplained {
        /// The planned activity.
        by: Explanation,
    },
    /// It entered ALARM too often in a short time.
    Flapping {
        /// How often it entered ALARM.
        times: usize,
        /// In how many minutes.
        minutes: u32,
    },
    /// It is flapping, as announced.
    StillFlapping {
        /// Start of the flapping, as announced.
        since: Timestamp,
    },
    /// It was flapping, and has been out of ALARM for `stable_minutes`.
    FlappingEnded {
        /// When it first entered ALARM.
        since: Timestamp,
        /// When it last left ALARM.
        until: Timestamp,
        /// How often it entered ALARM.
        times: usize,
    },
    /// It has left ALARM.
    Recovered {
        /// Since when it was in ALARM.
        since: Timestamp,
        /// When it left ALARM.
        until: Timestamp,
    },
    /// There is no such alarm, or no longer.
    Missing {
        /// When CloudWatch first did not return it.
        since: Timestamp,
    },
    /// There is such an alarm again.
    Found,
    /// It has no data, and its policy wants that announced.
    NoData {
        /// When it lost its data, by CloudWatch's timestamp.
        since: Timestamp,
    },
    /// It has data again.
    DataBack {
        /// Since when it had none.
        since: Timestamp,
    },
    /// It has no data, and its policy ignores that.
    NoDataIgnored,
    /// Another invocation is requesting its remedy.
    ClaimedElsewhere {
        /// Label of the remedy.
        remedy: &'static str,
    },
}

impl Reason {
    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Reason::NeverReported => "never_reported",
            Reason::Ok => "ok",
            Reason::EnteredAlarm { .. } => "entered_alarm",
            Reason::NoLongerExplained { .. } => "no_longer_explained",
            Reason::StaysInAlarm { .. } => "stays_in_alarm",
            Reason::AlreadyAnnounced { .. } => "already_announced",
            Reason::Explained { by } => by.label(),
            Reason::RecoveredExplained { .. } => "recovered_explained",
            Reason::Flapping { .. } => "flapping",
            Reason::StillFlapping { .. } => "still_flapping",
            Reason::FlappingEnded { .. } => "flapping_ended",
            Reason::Recovered { .. } => "recovered",
            Reason::Missing { .. } => "missing",
            Reason::Found => "found",
            Reason::NoData { .. } => "no_data",
            Reason::DataBack { .. } => "data_back",
            Reason::NoDataIgnored => "no_data_ignored",
            Reason::ClaimedElsewhere { .. } => "claimed_elsewhere",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NeverReported => f.write_str("no state change received"),
            Reason::Ok => f.write_str("in OK"),
            Reason::EnteredAlarm { since } => write!(f, "in ALARM since {}", format_time(*since)),
            Reason::NoLongerExplained { since, was } => {
                write!(f, "in ALARM since {}; explained until now: {was}", format_time(*since))
            }
            Reason::StaysInAlarm { since, first } => {
                let (since, first) = (format_time(*since), format_time(*first));
                write!(f, "in ALARM without a break since {since}, after flapping since {first}")
            }
            Reason::AlreadyAnnounced { since } => {
                write!(f, "in ALARM since {}, already announced", format_time(*since))
            }
            Reason::Explained { by } => write!(f, "explained: {by}"),
            Reason::RecoveredExplained { by } => write!(f, "recovered; it was explained: {by}"),
            Reason::Flapping { times, minutes } => {
                let length = format_duration(SignedDuration::from_mins((*minutes).into()));
                write!(f, "entered ALARM {times} times in {length}")
            }
            Reason::StillFlapping { since } => write!(f, "flapping since {}, already announced", format_time(*since)),
            Reason::FlappingEnded { since, until, times } => {
                let (since, until) = (format_time(*since), format_time(*until));
                write!(f, "stable since {until}; entered ALARM {times} times since {since}")
            }
            Reason::Recovered { since, until } => {
                write!(f, "recovered; in ALARM from {} to {}", format_time(*since), format_time(*until))
            }
            Reason::Missing { since } => write!(f, "not found in CloudWatch since {}", format_time(*since)),
            Reason::Found => f.write_str("found in CloudWatch again"),
            Reason::NoData { since } => write!(f, "no data since {}", format_time(*since)),
            Reason::DataBack { since } => write!(f, "data again; none since {}", format_time(*since)),
            Reason::NoDataIgnored => f.write_str("no data, which the policy ignores"),
            Reason::ClaimedElsewhere { remedy } => write!(f, "another invocation is requesting the remedy {remedy}"),
        }
    }
}
