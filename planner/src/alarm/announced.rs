//! What was announced about an alarm and still holds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::explanation::Explanation;

/// What was announced about an alarm and still holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnouncedState {
    /// No announcement is open.
    #[default]
    Nothing,
    /// In ALARM and not announced, because a planned change explains it.
    Explained {
        /// Since when it is in ALARM.
        since: Timestamp,
        /// What explains it.
        by: Explanation,
    },
    /// Announced as in ALARM.
    Alarm {
        /// Since when it is in ALARM.
        since: Timestamp,
    },
    /// Announced as flapping; the next announcement follows when it is stable.
    Flapping {
        /// When the first of the counted ALARM states began.
        since: Timestamp,
    },
    /// Announced as missing: CloudWatch has no such alarm.
    Missing {
        /// When CloudWatch first did not return it.
        since: Timestamp,
    },
    /// Announced as without data.
    NoData {
        /// When it lost its data, by CloudWatch's timestamp.
        since: Timestamp,
    },
}
