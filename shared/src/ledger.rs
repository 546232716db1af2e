//! Facts and records that outlive an invocation: one item per service and subject, written under its version.
//!
//! State, history and the messages that are still to be sent live in *one* item, so a single conditional write moves
//! them together: there is no moment at which a release is recorded and its message forgotten.

use serde::{Deserialize, Serialize};

use crate::aws::{Condition, DynamoDb};
use crate::error::{Context, Error, Result};
use crate::model::ServiceId;
use crate::notify::Notification;
use crate::rollout::{LEASE, Record};
use jiff::Timestamp;

/// How many entries of history an item keeps.
const HISTORY: usize = 40;
/// How many keys of told messages an item keeps.
const TOLD: usize = 64;

/// The rollout item of one service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What the planner decides from.
    #[serde(flatten)]
    pub record: Record,
    /// What was done, newest first.
    #[serde(default)]
    pub history: Vec<Event>,
    /// Messages written but not yet sent.
    #[serde(default)]
    pub outbox: Vec<Unsent>,
    /// Keys of messages that were written; the same thing is not told twice.
    #[serde(default)]
    pub told: Vec<String>,
}

/// A message that is written and not yet sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// When it was written. Whoever wrote it sends it; after the lease anybody does.
    pub at: Timestamp,
    /// The message.
    pub message: Notification,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What, as the stable label of the action.
    pub what: String,
    /// Why, as the sentence of the decision.
    pub why: String,
}

impl Entry {
    /// Remembers what was done.
    pub fn note(&mut self, at: Timestamp, what: &str, why: impl Into<String>) {
        self.history.insert(0, Event { at, what: what.to_owned(), why: why.into() });
        self.history.truncate(HISTORY);
    }

    /// Puts a message into the outbox unless the same thing was told before. True when it is new.
    pub fn tell(&mut self, at: Timestamp, message: Notification) -> bool {
        if self.told.contains(&message.key) {
            return false;
        }
        self.told.insert(0, message.key.clone());
        self.told.truncate(TOLD);
        self.outbox.push(Unsent { at, message });
        true
    }

    /// The messages for an invocation at `now` to send: its own, and those whose writer did not live to send them.
    pub fn due(&self, now: Timestamp) -> Vec<Notification> {
        let due = |unsent: &&Unsent| unsent.at == now || unsent.at + LEASE <= now;
        self.outbox.iter().filter(due).map(|unsent| unsent.message.clone()).collect()
    }

    /// Crosses out messages that were sent.
    pub fn sent(&mut self, keys: &[&str]) {
        self.outbox.retain(|unsent| !keys.contains(&unsent.message.key.as_str()));
    }
}

/// The ledger table.
#[derive(Clone, Debug)]
pub struct Ledger {
    table: DynamoDb,
}

impl Ledger {
    /// A ledger in `table`.
    pub fn new(table: DynamoDb) -> Ledger {
        Ledger { table }
    }

    /// The entry of a service; an empty one when nothing was written yet.
    ///
    /// # Errors
    /// `Invalid` when the item is not what this version writes; nothing is overwritten then.
    pub async fn load(&self, id: &ServiceId) -> Result<Entry> {
        let context = || format!("read ledger entry of {id}");
        match self.table.get(&key(id), ROLLOUT).await.context(context)? {
            None => Ok(Entry::default()),
            Some(item) => serde_json::from_value(item).map_err(|error| Error::invalid(context()).with_source(error)),
        }
    }

    /// Writes the entry if nobody else wrote it since it was loaded.
    ///
    /// # Errors
    /// `Conflict` when somebody else wrote first: look again and decide anew.
    pub async fn save(&self, id: &ServiceId, entry: &mut Entry) -> Result<()> {
        let condition = match entry.record.version {
            0 => Condition::Absent,
            version => Condition::Version(version),
        };
        let mut next = entry.clone();
        next.record.version += 1;
        let item =
            serde_json::to_value(&next).map_err(|error| Error::invalid("write ledger entry").with_source(error))?;
        self.table.put(&key(id), ROLLOUT, &item, condition).await.context(|| format!("write ledger entry of {id}"))?;
        *entry = next;
        Ok(())
    }
}

const ROLLOUT: &str = "rollout";

fn key(id: &ServiceId) -> String {
    format!("service/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::Severity;
    use jiff::SignedDuration;

    fn message(key: &str) -> Notification {
        let text = String::new;
        Notification {
            key: key.into(),
            thread: text(),
            severity: Severity::Info,
            scope: text(),
            title: text(),
            summary: text(),
            facts: vec![],
            next_steps: vec![],
        }
    }

    #[test]
    fn the_same_thing_is_not_told_twice() {
        let mut entry = Entry::default();
        let now = Timestamp::UNIX_EPOCH;
        assert!(entry.tell(now, message("a")));
        assert!(!entry.tell(now, message("a")));
        entry.sent(&["a"]);
        assert!(!entry.tell(now, message("a")) && entry.outbox.is_empty());
    }

    #[test]
    fn a_message_is_sent_by_its_writer_or_after_the_lease_by_anybody() {
        let (mut entry, now) = (Entry::default(), Timestamp::UNIX_EPOCH);
        entry.tell(now, message("a"));
        assert_eq!(entry.due(now).len(), 1);
        assert_eq!(entry.due(now + SignedDuration::from_secs(1)).len(), 0);
        assert_eq!(entry.due(now + LEASE).len(), 1);
    }

    #[test]
    fn history_and_told_keys_are_bounded() {
        let mut entry = Entry::default();
        for n in 0..200 {
            entry.note(Timestamp::UNIX_EPOCH, "roll", n.to_string());
            entry.tell(Timestamp::UNIX_EPOCH, message(&n.to_string()));
        }
        assert_eq!((entry.history.len(), entry.told.len()), (HISTORY, TOLD));
        assert_eq!(entry.history[0].why, "199");
    }

    #[test]
    fn an_entry_survives_the_way_to_the_table_and_back() {
        let mut entry = Entry::default();
        entry.note(Timestamp::UNIX_EPOCH, "roll", "because");
        entry.tell(Timestamp::UNIX_EPOCH, message("a"));
        let item = serde_json::to_value(&entry).unwrap();
        assert_eq!(serde_json::from_value::<Entry>(item).unwrap(), entry);
    }
}
