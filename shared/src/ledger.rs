//! Facts and records that outlive an invocation: one item per subject and kind of record, written under its version.
//!
//! State, history and the messages that are still to be sent live in *one* item, so a single conditional write moves
//! them together: there is no moment at which a release is recorded and its message forgotten.

mod entry;
mod item;
mod subject;

pub use entry::{Entry, Event, Unsent};
pub use item::Item;
pub use subject::{LedgerRecord, Subject};

use crate::aws::{Condition, DynamoDb};
use crate::error::{Context, Error, Kind, Result};

/// How often a write is tried again when another writer was first.
const TRIES: usize = 8;

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
