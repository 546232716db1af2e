//! What the ledger remembers of one service's capacity.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use crate::ledger::Kept;
use crate::model::Strategy;

/// Everything that is remembered of one service's capacity; one item of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// What somebody or something wants of it.
    #[serde(flatten)]
    pub facts: Facts,
    /// Where it is between asleep and awake; unknown until it was first looked at.
    pub state: Option<State>,
    /// Where its tasks were placed when that was last told.
    pub placed: Option<Strategy>,
}

impl Kept for Record {
    const SORT_KEY: &'static str = "capacity";
}

/// Where a service is between asleep and awake. Never a number of tasks: that is computed from policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It should sleep, and some tasks still run.
    FallingAsleep {
        /// Since when.
        since: Timestamp,
        /// Was it told that this takes too long?
        #[serde(default)]
        told: bool,
    },
    /// It runs no tasks, as it should.
    Asleep {
        /// Since when.
        since: Timestamp,
    },
    /// It should be awake, and no task is healthy yet.
    Waking {
        /// Since when.
        since: Timestamp,
        /// Was it told that this takes too long?
        #[serde(default)]
        told: bool,
    },
    /// It was seen with a healthy task since it should be awake.
    Awake {
        /// Since when.
        since: Timestamp,
    },
}
