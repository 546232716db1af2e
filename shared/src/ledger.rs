//! Facts and records that outlive an invocation: one item per subject and kind of record, written under its version.
//!
//! State, history and the messages that are still to be sent live in *one* item, so a single conditional write moves
//! them together: there is no moment at which a release is recorded and its message forgotten.

mod entry;
mod item;
mod subject;
mod tries;

pub use entry::{Entry, Event, Unsent};
pub use item::Item;
pub use subject::{LedgerRecord, Subject};
pub use tries::Tries;

use crate::aws::{Condition, DynamoDb};
use crate::error::{Context, Error, Kind, Result};

/// The ledger table.
#[derive(Clone, Debug)]
pub struct Ledger {
    table: DynamoDb,
}

impl Ledger {
    /// Reads and writes `table`, by conditional writes; no call is made.
    pub fn new(table: DynamoDb) -> Ledger {
        Ledger { table }
    }

    /// The entry of a subject; an empty one when nothing was written yet.
    ///
    /// # Errors
    /// `Invalid` when the item is not what this version writes; nothing is overwritten then.
    pub async fn load<T: LedgerRecord>(&self, subject: &Subject) -> Result<Entry<T>> {
        entry(subject, self.table.get(&subject.to_string(), T::SORT_KEY).await)
    }

    /// The entries of several subjects, in order, each with its own result.
    pub async fn load_all<T: LedgerRecord>(&self, subjects: &[Subject]) -> Vec<Result<Entry<T>>> {
        let keys: Vec<String> = subjects.iter().map(Subject::to_string).collect();
        let items = self.table.get_all(&keys, T::SORT_KEY).await;
        subjects.iter().zip(items).map(|(subject, item)| entry(subject, item)).collect()
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
        let next = entry.version.checked_add(1);
        let next = next.ok_or_else(|| Error::bad_field("version", entry.version, "one that another follows"));
        let next = Entry { version: next.context(context)?, ..entry.clone() };
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

    /// Loads, changes and saves an entry, again when another writer was first. `change` says what it changed; nothing is
    /// written when that is nothing.
    ///
    /// # Errors
    /// `Conflict` when others write all the time, or what `change` says.
    pub async fn change<T: LedgerRecord, C>(
        &self,
        subject: &Subject,
        change: impl AsyncFn(&mut Entry<T>) -> Result<Option<C>>,
    ) -> Result<(Entry<T>, Option<C>)> {
        let mut tries = Tries::default();
        loop {
            let mut entry = self.load(subject).await?;
            let Some(changed) = change(&mut entry).await? else { return Ok((entry, None)) };
            match self.save(subject, &mut entry).await {
                Err(error) if tries.again(&error) => {}
                result => return result.map(|()| (entry, Some(changed))),
            }
        }
    }

    /// Changes an entry until `change` finds nothing to change: for what follows from other items too, any of which may
    /// change at any moment. Before the write that is a conflict or seen by the next look; later, the invocation that
    /// changed the other item sees what was written here. Returns what was changed last.
    ///
    /// # Errors
    /// `Conflict` when others write all the time, or what `change` says.
    pub async fn settle<T: LedgerRecord, C>(
        &self,
        subject: &Subject,
        change: impl AsyncFn(&mut Entry<T>) -> Result<Option<C>>,
    ) -> Result<Option<C>> {
        let (mut tries, mut last) = (Tries::default(), None);
        while let (_, Some(changed)) = self.change(subject, &change).await? {
            last = Some(changed);
            if !tries.another() {
                return Err(Error::new(Kind::Conflict, format!("write {} of {subject}", T::SORT_KEY)));
            }
        }
        Ok(last)
    }
}

fn entry<T: LedgerRecord>(subject: &Subject, item: Result<Option<serde_json::Value>>) -> Result<Entry<T>> {
    let context = || format!("read {} of {subject}", T::SORT_KEY);
    match item.context(context)? {
        None => Ok(Entry::default()),
        Some(item) => {
            item::check_times("item", &item).context(context)?;
            serde_json::from_value(item).map_err(|error| Error::invalid(context()).with_source(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::testing::{Replay, run};

    #[test]
    fn an_item_of_the_last_version_is_not_written_and_is_no_panic() {
        let replay = Replay::new(&[]);
        let ledger = Ledger::new(DynamoDb::new(&replay.connection(), "ledger"));
        let mut entry = Entry::<planner::alarm::Record> { version: u64::MAX, ..Entry::default() };
        let error = run(ledger.save(&Subject::Alarm("web-5xx".into()), &mut entry)).unwrap_err().to_string();
        let expected =
            "write alarm of alarm/web-5xx: version: got `18446744073709551615`, expected one that another follows";
        assert_eq!(error, expected);
    }
}
