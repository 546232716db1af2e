//! Remedies that were requested for an alarm.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How many remedies are kept; the oldest goes first.
const TAKEN: usize = 24;
/// The span of the daily limit: any 24 hours, so that midnight makes no difference.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Remedies that were requested for an alarm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RemedyHistory {
    /// Newest first.
    pub taken: Vec<RemedyTaken>,
    /// The newest boost, in force or expired.
    pub boost: Option<ActiveBoost>,
}

/// A remedy that was requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemedyTaken {
    /// When it was requested.
    pub at: Timestamp,
    /// Label of the remedy: `scale`, `restart`, `rollback`.
    pub remedy: String,
    /// The deployment that a rollback was to undo.
    #[serde(default)]
    pub deployment: Option<String>,
}

/// More tasks that were requested for an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveBoost {
    /// Least number of tasks.
    pub min: u32,
    /// When it was first requested; extending it leaves this as it is.
    pub since: Timestamp,
    /// When it expires.
    pub until: Timestamp,
}

impl RemedyHistory {
    /// How many remedies with this label were requested within 24 hours before `now`.
    pub fn taken_today(&self, label: &str, now: Timestamp) -> usize {
        self.taken.iter().filter(|taken| taken.remedy == label && taken.at + DAY > now).count()
    }

    /// The newest remedy with this label.
    pub fn last_taken(&self, label: &str) -> Option<&RemedyTaken> {
        self.taken.iter().find(|taken| taken.remedy == label)
    }

    /// Enters a remedy that counts against its daily limit.
    pub fn add(&mut self, label: &str, deployment: Option<String>, at: Timestamp) {
        self.taken.insert(0, RemedyTaken { at, remedy: label.to_owned(), deployment });
        self.taken.truncate(TAKEN);
    }
}
