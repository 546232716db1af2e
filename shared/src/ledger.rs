//! Facts and records that outlive an invocation: one item per subject and kind of record, written under its version.
//!
//! State, history and the messages that are still to be sent live in *one* item, so a single conditional write moves
//! them together: there is no moment at which a release is recorded and its message forgotten.

use std::fmt;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::aws::{Condition, DynamoDb};
use crate::error::{Context, Error, Kind, Result};
use crate::notify::Notification;
use planner::model::ServiceId;
use planner::rollout::{self, LEASE};
use planner::{alarm, budget, capacity};

/// How many entries of history an item keeps.
const HISTORY: usize = 40;
/// How many keys of told messages an item keeps.
const ANNOUNCED: usize = 64;

/// How often a write is tried again when another writer was first.
const TRIES: usize = 8;

/// What an item is about; the partition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A service.
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

/// One item: a record, its history and its messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry<T> {
    /// Counts the writes; every write demands the version that was read. 0 when nothing was written yet.
    #[serde(default)]
    pub version: u64,
    /// What a planner decides from.
    #[serde(flatten)]
    pub record: T,
    /// What was done, newest first.
    #[serde(default)]
    pub history: Vec<Event>,
    /// Messages written but not yet sent.
    #[serde(default)]
    pub outbox: Vec<Unsent>,
    /// Keys of messages that were written, and ids of requests that were answered: neither happens twice.
    #[serde(default)]
    pub announced_keys: Vec<String>,
}

/// A message that is written and not yet sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// When it was written. The invocation that wrote it sends it; after the lease, any other.
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
    pub action: String,
    /// Why, as the sentence of the decision.
    pub reason: String,
}

/// An item of any kind, as [`Ledger::items`] finds it.
#[derive(Debug)]
pub struct Item {
    /// What it is about, as [`Subject`] writes it.
    pub subject: String,
    /// What was done, newest first.
    pub history: Vec<Event>,
    kind: String,
    document: serde_json::Value,
}

impl Item {
    /// Reads an item: what it is about, its kind, and its document.
    ///
    /// # Errors
    /// `Invalid` when its history is not what this version writes.
    pub fn read(subject: String, kind: String, mut document: serde_json::Value) -> Result<Item> {
        let history = document.get_mut("history").map(serde_json::Value::take).unwrap_or_default();
        let history: Option<Vec<Event>> = serde_json::from_value(history)
            .map_err(|error| Error::invalid(format!("history of {subject}")).with_source(error))?;
        Ok(Item { history: history.unwrap_or_default(), subject, kind, document })
    }

    /// Its record, when it is of that kind.
    ///
    /// # Errors
    /// `Invalid` when it is not what this version writes.
    pub fn record<T: LedgerRecord>(&self) -> Result<Option<T>> {
        if self.kind != T::SORT_KEY {
            return Ok(None);
        }
        let broken = |error| Error::invalid(format!("{} of {}", self.kind, self.subject)).with_source(error);
        serde_json::from_value(self.document.clone()).map(Some).map_err(broken)
    }

    /// The last part of what it is about: the name of the service, alarm or budget.
    pub fn name(&self) -> &str {
        self.subject.rsplit('/').next().unwrap_or(&self.subject)
    }
}

impl<T> Entry<T> {
    /// Remembers what was done.
    pub fn record_event(&mut self, at: Timestamp, action: &str, reason: impl Into<String>) {
        self.history.insert(0, Event { at, action: action.to_owned(), reason: reason.into() });
        self.history.truncate(HISTORY);
    }

    /// Puts a message into the outbox unless the same thing was told before. True when it is new.
    pub fn announce(&mut self, at: Timestamp, message: Notification) -> bool {
        if self.announced_keys.contains(&message.key) {
            return false;
        }
        self.announced_keys.insert(0, message.key.clone());
        self.announced_keys.truncate(ANNOUNCED);
        self.outbox.push(Unsent { at, message });
        true
    }

    /// Remembers as told what another message said.
    pub fn mark_announced(&mut self, key: String) {
        if !self.announced_keys.contains(&key) {
            self.announced_keys.insert(0, key);
            self.announced_keys.truncate(ANNOUNCED);
        }
    }

    /// The messages for an invocation at `now` to send: its own, and those whose writer did not live to send them.
    pub fn due(&self, now: Timestamp) -> Vec<Notification> {
        let due = |unsent: &&Unsent| unsent.at == now || unsent.at + LEASE <= now;
        self.outbox.iter().filter(due).map(|unsent| unsent.message.clone()).collect()
    }

    /// Crosses out messages that were sent.
    pub fn mark_sent(&mut self, keys: &[&str]) {
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

    /// The entry of a subject; an empty one when nothing was written yet.
    ///
    /// # Errors
    /// `Invalid` when the item is not what this version writes; nothing is overwritten then.
    pub async fn load<T: LedgerRecord>(&self, subject: &Subject) -> Result<Entry<T>> {
        let context = || format!("read {} of {subject}", T::SORT_KEY);
        match self.table.get(&subject.to_string(), T::SORT_KEY).await.context(context)? {
            None => Ok(Entry::default()),
            Some(item) => serde_json::from_value(item).map_err(|error| Error::invalid(context()).with_source(error)),
        }
    }

    /// Writes the entry if no other invocation wrote it since it was loaded.
    ///
    /// # Errors
    /// `Conflict` when another writer was first: read again and decide again.
    pub async fn save<T: LedgerRecord>(&self, subject: &Subject, entry: &mut Entry<T>) -> Result<()> {
        let context = || format!("write {} of {subject}", T::SORT_KEY);
        let condition = match entry.version {
            0 => Condition::Absent,
            version => Condition::Version(version),
        };
        let next = Entry { version: entry.version + 1, ..entry.clone() };
        let item = serde_json::to_value(&next).map_err(|error| Error::invalid(context()).with_source(error))?;
        self.table.put(&subject.to_string(), T::SORT_KEY, &item, condition).await.context(context)?;
        *entry = next;
        Ok(())
    }

    /// Every item.
    ///
    /// # Errors
    /// `Invalid` when an item is not what this version writes.
    pub async fn items(&self) -> Result<Vec<Item>> {
        let all = self.table.all().await.context(|| "read the whole ledger")?;
        all.into_iter().map(|(subject, kind, document)| Item::read(subject, kind, document)).collect()
    }

    /// Loads, changes and saves an entry, again when another writer was first. `change` says whether it changed
    /// anything; nothing is written when it did not.
    ///
    /// # Errors
    /// `Conflict` when others write all the time.
    pub async fn change<T: LedgerRecord>(
        &self,
        subject: &Subject,
        change: impl Fn(&mut Entry<T>) -> bool,
    ) -> Result<Entry<T>> {
        let mut tries = 1;
        loop {
            let mut entry = self.load(subject).await?;
            if !change(&mut entry) {
                return Ok(entry);
            }
            match self.save(subject, &mut entry).await {
                Err(error) if error.kind() == Kind::Conflict && tries < TRIES => tries += 1,
                result => return result.map(|()| entry),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::Severity;
    use jiff::SignedDuration;
    use planner::rollout::Record;

    type Entry = super::Entry<Record>;

    fn message(key: &str) -> Notification {
        Notification::new("acme prod", Severity::Info, key, key, "something")
    }

    #[test]
    fn the_same_thing_is_not_told_twice() {
        let mut entry = Entry::default();
        let now = Timestamp::UNIX_EPOCH;
        assert!(entry.announce(now, message("a")));
        assert!(!entry.announce(now, message("a")));
        entry.mark_sent(&["a"]);
        assert!(!entry.announce(now, message("a")) && entry.outbox.is_empty());
    }

    #[test]
    fn a_message_is_sent_by_its_writer_or_after_the_lease_by_anybody() {
        let (mut entry, now) = (Entry::default(), Timestamp::UNIX_EPOCH);
        entry.announce(now, message("a"));
        assert_eq!(entry.due(now).len(), 1);
        assert_eq!(entry.due(now + SignedDuration::from_secs(1)).len(), 0);
        assert_eq!(entry.due(now + LEASE).len(), 1);
    }

    #[test]
    fn history_and_told_keys_are_bounded() {
        let mut entry = Entry::default();
        for n in 0..200 {
            entry.record_event(Timestamp::UNIX_EPOCH, "roll", n.to_string());
            entry.announce(Timestamp::UNIX_EPOCH, message(&n.to_string()));
        }
        assert_eq!((entry.history.len(), entry.announced_keys.len()), (HISTORY, ANNOUNCED));
        assert_eq!(entry.history[0].reason, "199");
    }

    #[test]
    fn an_item_is_read_as_what_it_is() {
        let mut entry = Entry::default();
        entry.record_event(Timestamp::UNIX_EPOCH, "roll", "because");
        let document = serde_json::to_value(&entry).unwrap();
        let item = Item::read("service/prod/web".into(), "rollout".into(), document).unwrap();
        assert_eq!((item.name(), item.history.len()), ("web", 1));
        assert_eq!(item.record::<Record>().unwrap(), Some(Record::default()));
        assert_eq!(item.record::<planner::alarm::Record>().unwrap(), None);
    }

    #[test]
    fn no_record_has_a_field_that_the_item_has() {
        fn fields<T: Serialize>(value: &T) -> Vec<String> {
            let value = serde_json::to_value(value).unwrap();
            value.as_object().unwrap().keys().cloned().collect()
        }
        #[derive(Clone, Default, Serialize, Deserialize)]
        struct Nothing {}
        let own = fields(&super::Entry::<Nothing>::default());
        let records = [
            fields(&Record::default()),
            fields(&capacity::Record::default()),
            fields(&alarm::Record::default()),
            fields(&budget::Record::default()),
        ];
        for field in records.iter().flatten() {
            assert!(!own.contains(field), "{field} stands twice in one item, and one of them is lost");
        }
    }

    #[test]
    fn an_entry_survives_the_way_to_the_table_and_back() {
        let mut entry = Entry::default();
        entry.record_event(Timestamp::UNIX_EPOCH, "roll", "because");
        entry.announce(Timestamp::UNIX_EPOCH, message("a"));
        let item = serde_json::to_value(&entry).unwrap();
        assert_eq!(serde_json::from_value::<Entry>(item).unwrap(), entry);
    }
}
