//! What an invocation may change. This is the one place that knows what a dry run and a request `plan` must not change: a
//! function writes, sends and requests through here, and does not ask for the mode.

use super::function::{Function, Invocation};
use super::mode::Mode;
use super::report::{Line, Outcome, Report};
use crate::error::Result;
use crate::ledger::{Entry, LedgerRecord, Subject};

impl<F: Function> Invocation<'_, F> {
    /// Is also that explained which a tick passes over, because nothing is open about it?
    pub fn explains_everything(&self) -> bool {
        self.mode == Mode::Plan
    }

    /// Are decisions kept in the ledger and announced?
    pub(super) fn keeps(&self) -> bool {
        match self.mode {
            Mode::Act => true,
            Mode::DryRun => F::SENDS_IN_DRY_RUN,
            Mode::Plan => false,
        }
    }

    /// Changes AWS, or requests something of another function; `None` where nothing may be changed.
    ///
    /// # Errors
    /// What `change` says.
    pub async fn act<T>(&self, change: impl Future<Output = Result<T>>) -> Result<Option<T>> {
        match self.mode {
            Mode::Act => change.await.map(Some),
            Mode::DryRun | Mode::Plan => Ok(None),
        }
    }

    /// What became of `changes` that are kept in the ledger.
    pub fn kept(&self, changes: Vec<String>) -> Outcome {
        if self.keeps() { Outcome::Changed(changes) } else { Outcome::Planned(changes) }
    }

    /// The same, with other words for what would be kept.
    pub fn kept_or(&self, done: &str, would: &str) -> Outcome {
        self.kept(vec![if self.keeps() { done } else { would }.to_owned()])
    }

    /// Writes the entry; where nothing is kept, it only stays what would have been written.
    ///
    /// # Errors
    /// `Conflict` when another writer was first: read again and decide again.
    pub async fn save<T: LedgerRecord>(&self, subject: &Subject, entry: &mut Entry<T>) -> Result<()> {
        if self.keeps() { self.context.ledger.save(subject, entry).await } else { Ok(()) }
    }

    /// Changes an entry; where nothing is kept, returns what would have been written and what would have changed.
    ///
    /// # Errors
    /// `Conflict` when others write all the time, or what `change` says.
    pub async fn change<T: LedgerRecord, C>(
        &self,
        subject: &Subject,
        change: impl AsyncFn(&mut Entry<T>) -> Result<Option<C>>,
    ) -> Result<(Entry<T>, Option<C>)> {
        if self.keeps() {
            return self.context.ledger.change(subject, change).await;
        }
        let mut entry = self.context.ledger.load(subject).await?;
        let changed = change(&mut entry).await?;
        Ok((entry, changed))
    }

    /// Changes an entry until nothing is left to change; where nothing is kept, returns what would have changed.
    ///
    /// # Errors
    /// `Conflict` when others write all the time, or what `change` says.
    pub async fn settle<T: LedgerRecord, C>(
        &self,
        subject: &Subject,
        change: impl AsyncFn(&mut Entry<T>) -> Result<Option<C>>,
    ) -> Result<Option<C>> {
        match self.keeps() {
            true => self.context.ledger.settle(subject, change).await,
            false => self.change(subject, change).await.map(|(_, changed)| changed),
        }
    }

    /// Was the request answered before, by what an entry remembers that is no item of the loop? The line says so.
    pub fn answered<T>(&self, subject: &Subject, entry: &Entry<T>) -> Option<Line> {
        self.request_id.answered(subject, entry)
    }

    /// Remembers in an entry that is no item of the loop that the request is answered.
    pub fn mark_answered<T>(&self, entry: &mut Entry<T>) {
        self.request_id.mark(entry);
    }

    /// Sends what is due of an entry that is no item of the loop. Where nothing is kept, the report has what this
    /// invocation would send. True when that went well.
    pub async fn send<T: LedgerRecord>(&self, subject: &Subject, entry: &mut Entry<T>, report: &mut Report) -> bool {
        if self.keeps() {
            let sent = self.context.send_due(subject, entry, self.now).await;
            let fine = sent.error.is_none();
            report.sent(subject.clone(), Ok(sent));
            return fine;
        }
        for unsent in entry.outbox.extract_if(.., |unsent| unsent.at == self.now) {
            report.would_send(unsent.message.subject());
        }
        true
    }
}
