//! One item of the ledger: a record, its history, its messages.

use jiff::Timestamp;
use planner::NamedAction;
use planner::rollout::LEASE;
use serde::{Deserialize, Serialize};

use crate::notify::Notification;

/// How many entries of history an item keeps.
const HISTORY: usize = 40;
/// How many keys of announced messages an item keeps.
const ANNOUNCED: usize = 64;

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
    /// Its text, and the key by which it is announced once.
    pub message: Notification,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it was done.
    pub at: Timestamp,
    /// What, as the stable label of the action.
    pub action: String,
    /// Why, as the stable label of the reason.
    #[serde(default)]
    pub reason_label: String,
    /// Why, as the sentence of the decision.
    pub reason: String,
}

impl<T> Entry<T> {
    /// Remembers what was done, and why: label and sentence of the reason.
    pub fn record_event(&mut self, at: Timestamp, action: &impl NamedAction, why: (&'static str, String)) {
        let (reason_label, reason) = (why.0.to_owned(), why.1);
        self.history.insert(0, Event { at, action: action.name().to_owned(), reason_label, reason });
        self.history.truncate(HISTORY);
    }

    /// Puts a message into the outbox unless the same thing was announced before. True when it is new.
    pub fn announce(&mut self, at: Timestamp, message: Notification) -> bool {
        if self.announced_keys.contains(&message.key) {
            return false;
        }
        self.announced_keys.insert(0, message.key.clone());
        self.announced_keys.truncate(ANNOUNCED);
        self.outbox.push(Unsent { at, message });
        true
    }

    /// Marks as announced what another message has said.
    pub fn mark_announced(&mut self, key: String) {
        if !self.announced_keys.contains(&key) {
            self.announced_keys.insert(0, key);
            self.announced_keys.truncate(ANNOUNCED);
        }
    }

    /// The messages for an invocation at `now` to send: its own, and those whose invocation ended before it sent them.
    pub fn due(&self, now: Timestamp) -> Vec<Notification> {
        let due = |unsent: &&Unsent| unsent.at == now || unsent.at + LEASE <= now;
        self.outbox.iter().filter(due).map(|unsent| unsent.message.clone()).collect()
    }

    /// Removes messages that were sent.
    pub fn mark_sent(&mut self, keys: &[&str]) {
        self.outbox.retain(|unsent| !keys.contains(&unsent.message.key.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::Severity;
    use jiff::SignedDuration;
    use planner::rollout::{Action, Record};
    use planner::{alarm, budget, capacity};

    type Entry = super::Entry<Record>;

    fn message(key: &str) -> Notification {
        Notification::new("acme prod", Severity::Info, key, key, "something")
    }

    #[test]
    fn the_same_thing_is_not_announced_twice() {
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
    fn an_event_has_the_labels_of_action_and_reason() {
        let mut entry = Entry::default();
        entry.record_event(Timestamp::UNIX_EPOCH, &Action::Keep, ("older", "because".into()));
        let Event { action, reason_label, reason, .. } = &entry.history[0];
        assert_eq!((action.as_str(), reason_label.as_str(), reason.as_str()), ("keep", "older", "because"));
    }

    #[test]
    fn history_and_announced_keys_are_bounded() {
        let mut entry = Entry::default();
        for n in 0..200 {
            entry.record_event(Timestamp::UNIX_EPOCH, &Action::Keep, ("newer_image", n.to_string()));
            entry.announce(Timestamp::UNIX_EPOCH, message(&n.to_string()));
        }
        assert_eq!((entry.history.len(), entry.announced_keys.len()), (HISTORY, ANNOUNCED));
        assert_eq!(entry.history[0].reason, "199");
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
        entry.record_event(Timestamp::UNIX_EPOCH, &Action::Keep, ("newer_image", "because".into()));
        entry.announce(Timestamp::UNIX_EPOCH, message("a"));
        let item = serde_json::to_value(&entry).unwrap();
        assert_eq!(serde_json::from_value::<Entry>(item).unwrap(), entry);
    }
}
