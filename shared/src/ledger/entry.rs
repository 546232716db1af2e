//! One item of the ledger: a record, its history, its messages.

use jiff::{SignedDuration, Timestamp};
use planner::NamedAction;
use planner::rollout::LEASE;
use serde::{Deserialize, Serialize};

use crate::notify::{Notification, cut};

/// How many entries of history an item keeps.
const HISTORY: usize = 40;
/// Longest reason that the history keeps, in characters: it may quote text from outside.
const REASON: usize = 500;
/// How many keys of announced messages an item keeps.
const ANNOUNCED: usize = 64;
/// Most that unsent messages take in an item, in bytes of JSON. DynamoDB refuses an item above 400 KB, names included, and
/// what cannot be saved cannot be decided:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>.
const OUTBOX: usize = 160_000;

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
        let (reason_label, reason) = (why.0.to_owned(), cut(&why.1, REASON, "..."));
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
        self.outbox.push(Unsent { at, message: message.within_limits() });
        self.bound_outbox();
        true
    }

    /// Drops the oldest of the least severe messages until the rest fits. By then the alarm on unsent messages has been in
    /// ALARM for a long time.
    fn bound_outbox(&mut self) {
        let size = |unsent: &Unsent| serde_json::to_string(unsent).map_or(0, |json| json.len());
        while self.outbox.len() > 1 && self.outbox.iter().map(size).sum::<usize>() > OUTBOX {
            let least = self.outbox.iter().map(|unsent| unsent.message.severity).min();
            let Some(at) = self.outbox.iter().position(|unsent| Some(unsent.message.severity) == least) else { return };
            let dropped = self.outbox.remove(at).message;
            tracing::error!("a message is dropped, since too many are unsent: {}", dropped.subject());
        }
    }

    /// How long the oldest unsent message has waited; none when there is none.
    pub fn oldest_unsent(&self, now: Timestamp) -> Option<SignedDuration> {
        self.outbox.iter().map(|unsent| now.duration_since(unsent.at)).max()
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

    /// Is a message with this key written and not yet sent?
    pub fn is_unsent(&self, key: &str) -> bool {
        self.outbox.iter().any(|unsent| unsent.message.key == key)
    }

    /// Removes messages that were sent.
    pub fn mark_sent(&mut self, keys: &[&str]) {
        self.outbox.retain(|unsent| !keys.contains(&unsent.message.key.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::{Section, Severity};
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

    /// 400 KB is the most that DynamoDB takes; the record needs some of it.
    #[test]
    fn an_item_can_be_saved_however_long_and_many_its_unsent_messages_are() {
        let (mut entry, now, long) = (Entry::default(), Timestamp::UNIX_EPOCH, "\u{e4}".repeat(5_000));
        for n in 0..40_i64 {
            let facts: Vec<_> = (0..20).map(|n| (format!("{n}{long}"), long.clone())).collect();
            let sections = (0..50).map(|_| Section { title: long.clone(), facts: facts[..2].to_vec() }).collect();
            let next_steps = vec![long.clone(); 50];
            let severity = if n == 3 { Severity::Critical } else { Severity::Info };
            let at = now + SignedDuration::from_secs(n);
            entry.announce(
                at,
                Notification { severity, facts: facts[..8].to_vec(), sections, next_steps, ..message(&format!("{n}")) },
            );
            entry.record_event(now, &Action::Keep, ("newer_image", long.clone()));
        }
        let size = serde_json::to_string(&entry).unwrap().len();
        assert!(size < 320_000, "{size}");
        let kept: Vec<&str> = entry.outbox.iter().map(|unsent| unsent.message.key.as_str()).collect();
        assert_eq!((kept.first(), kept.last()), (Some(&"3"), Some(&"39")), "severe ones and the newest stay: {kept:?}");
    }

    #[test]
    fn the_age_of_the_outbox_is_that_of_its_oldest_message() {
        let (mut entry, now) = (Entry::default(), Timestamp::UNIX_EPOCH);
        assert_eq!(entry.oldest_unsent(now), None);
        entry.announce(now, message("a"));
        entry.announce(now + LEASE, message("b"));
        assert_eq!(entry.oldest_unsent(now + LEASE), Some(LEASE));
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
