//! What all functions share: the ledger, and the way messages leave it.

use std::fmt;

use jiff::Timestamp;

use crate::aws::{Connection, DynamoDb, Sns};
use crate::env::{Env, Settings};
use crate::error::Result;
use crate::ledger::{Entry, Ledger, LedgerRecord, Subject, Tries};
use crate::notify::Notification;

/// Settings, ledger and messages.
pub struct Context {
    /// What every function is configured with.
    pub settings: Settings,
    /// Records, history and messages that outlive an invocation.
    pub ledger: Ledger,
    /// Where metrics are printed; a document must stand alone on its line, not inside a log record.
    pub(super) connection: Connection,
    sns: Sns,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Context {
    /// Wires the ledger and the topic; no call is made.
    ///
    /// # Errors
    /// `Invalid` when a variable is missing or wrong.
    pub fn new(env: &Env<'_>, connection: &Connection) -> Result<Context> {
        let settings = Settings::from_env(env)?;
        let ledger = Ledger::new(DynamoDb::new(connection, &settings.ledger_table));
        Ok(Context { ledger, connection: connection.clone(), sns: Sns::new(connection), settings })
    }

    /// Sends what is written and due, then marks it sent; returns the subjects of the messages.
    ///
    /// A crash between the two sends a message again; the other order would lose it.
    ///
    /// # Errors
    /// What the topic or the table says; what is not marked is sent again later.
    pub(super) async fn send_due<T: LedgerRecord>(
        &self,
        subject: &Subject,
        entry: &mut Entry<T>,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let messages = entry.due(now);
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        for message in &messages {
            self.sns.publish(&self.settings.operations_topic, &message.subject(), &message.payload()).await?;
        }
        let keys: Vec<&str> = messages.iter().map(|message| message.key.as_str()).collect();
        let mut tries = Tries::default();
        loop {
            entry.mark_sent(&keys);
            match self.ledger.save(subject, entry).await {
                Err(error) if tries.again(&error) => *entry = self.ledger.load(subject).await?,
                result => return result.map(|()| messages.iter().map(Notification::subject).collect()),
            }
        }
    }
}
