//! What the ledger keeps: about whom, and which records.

use std::fmt;

use planner::model::ServiceId;
use planner::{alarm, budget, capacity, rollout};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What an item is about; the partition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Cluster and name: `service/<cluster>/<name>`.
    Service(ServiceId),
    /// An alarm, by name.
    Alarm(String),
    /// A budget, by name.
    Budget(String),
    /// A database, by the identifier of its instance or cluster.
    Database(String),
    /// The system as a whole, by name.
    System(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Service(id) => write!(f, "service/{id}"),
            Subject::Alarm(name) => write!(f, "alarm/{name}"),
            Subject::Budget(name) => write!(f, "budget/{name}"),
            Subject::Database(name) => write!(f, "database/{name}"),
            Subject::System(name) => write!(f, "system/{name}"),
        }
    }
}

/// A record that the ledger keeps: one kind, one sort key.
pub trait LedgerRecord: Clone + Default + Serialize + DeserializeOwned {
    /// The sort key of its items.
    const SORT_KEY: &'static str;
}

impl LedgerRecord for rollout::Record {
    const SORT_KEY: &'static str = "rollout";
}

impl LedgerRecord for capacity::Record {
    const SORT_KEY: &'static str = "capacity";
}

impl LedgerRecord for alarm::Record {
    const SORT_KEY: &'static str = "alarm";
}

impl LedgerRecord for budget::Record {
    const SORT_KEY: &'static str = "budget";
}
