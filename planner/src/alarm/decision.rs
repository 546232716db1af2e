//! What is announced about an alarm and which remedy is requested: complete values.

use super::announced::AnnouncedState;
use super::reason::Reason;
use super::remedy::RemedyDecision;

/// What to announce, what to remember of that, and what to request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What to announce, and why.
    pub decision: Decision,
    /// What is announced then.
    pub announced: AnnouncedState,
    /// The remedy, and why.
    pub remedy: RemedyDecision,
}

/// What to announce, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to announce.
    pub action: Action,
    /// Why.
    pub reason: Reason,
}

/// What to announce about an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Keep,
    /// Nothing; the reason goes into the history.
    Record,
    /// Send the message `ALARM <name>`.
    AnnounceAlarm,
    /// It is flapping; the next announcement follows when it is stable.
    AnnounceFlapping,
    /// It has stopped flapping and is not in ALARM.
    AnnounceStable,
    /// It is not in ALARM any more.
    AnnounceRecovered,
    /// CloudWatch has no such alarm.
    AnnounceMissing,
    /// It has no data.
    AnnounceNoData,
    /// It has data again.
    AnnounceDataBack,
}

impl Action {
    /// Stable name for logs, metrics and responses.
    pub fn label(self) -> &'static str {
        match self {
            Action::Keep => "keep",
            Action::Record => "record",
            Action::AnnounceAlarm => "announce_alarm",
            Action::AnnounceFlapping => "announce_flapping",
            Action::AnnounceStable => "announce_stable",
            Action::AnnounceRecovered => "announce_recovered",
            Action::AnnounceMissing => "announce_missing",
            Action::AnnounceNoData => "announce_no_data",
            Action::AnnounceDataBack => "announce_data_back",
        }
    }
}
