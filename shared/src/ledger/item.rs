//! An item whose kind is not known before it is read.

use super::entry::Event;
use super::subject::LedgerRecord;
use crate::error::{Error, Result};
use planner::model::within_reach;

/// An item of any kind, as [`Ledger::items`](super::Ledger::items) finds it.
#[derive(Debug)]
pub struct Item {
    /// What it is about, as [`Subject`](super::Subject) writes it.
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
        check_times("item", &document).map_err(|error| error.context(format!("{kind} of {subject}")))?;
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

/// Refuses an item with a time out of reach: planners add to the times that they read. `field` is where `value` stands.
///
/// # Errors
/// `Invalid`, naming the field.
pub(super) fn check_times(field: &str, value: &serde_json::Value) -> Result<()> {
    use serde_json::Value;
    match value {
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| check_times(name, value)),
        Value::Array(items) => items.iter().try_for_each(|item| check_times(field, item)),
        // Longer texts are no times.
        Value::String(text) if text.len() < 40 => text.parse().map_or(Ok(()), |at| within_reach(field, at).map(drop)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::entry::Entry;
    use jiff::Timestamp;
    use planner::rollout::{Action, Record};

    #[test]
    fn an_item_with_a_time_to_which_nothing_can_be_added_is_refused() {
        let document = serde_json::json!({ "starts": ["9999-12-30T22:00:00Z"], "history": [] });
        let error = Item::read("service/prod/web".into(), "rollout".into(), document).unwrap_err().to_string();
        assert!(error.starts_with("rollout of service/prod/web: starts: got `9999-12-30T22:00:00Z`"), "{error}");
    }

    #[test]
    fn an_item_is_read_as_what_it_is() {
        let mut entry = Entry::<Record>::default();
        entry.record_event(Timestamp::UNIX_EPOCH, &Action::Keep, ("older", "because".into()));
        let document = serde_json::to_value(&entry).unwrap();
        let item = Item::read("service/prod/web".into(), "rollout".into(), document).unwrap();
        assert_eq!((item.name(), item.history.len()), ("web", 1));
        assert_eq!(item.record::<Record>().unwrap(), Some(Record::default()));
        assert_eq!(item.record::<planner::alarm::Record>().unwrap(), None);
    }
}
