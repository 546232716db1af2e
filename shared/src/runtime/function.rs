//! What a function brings to the loop.

use jiff::Timestamp;

use super::documents::Documents;
use super::mode::{Mode, Received};
use super::outbox::Context;
use super::payload::Payload;
use super::report::{Done, Report};
use super::request_id::RequestId;
use crate::aws::Connection;
use crate::env::Env;
use crate::error::Result;
use crate::ledger::{Entry, LedgerRecord, Subject};

/// A function: how it reads its trigger, what it looks at, how it decides and what it writes.
///
/// The loop calls `trigger`, `scope` and `observe` once per invocation, then for each item `plan` and `apply` until
/// `apply` says [`Next::Done`]. An error of kind `Conflict` starts the item again from `observe`.
pub trait Function: Sized {
    /// Its name in metrics, logs, requests and at the end of its Lambda function's name: `rollout`.
    const NAME: &'static str;
    /// Counters of its own beside those that every function has; metrics in namespace `Automation`.
    const COUNTERS: &'static [&'static str] = &[];
    /// How many items are looked at together at most. What is kept in memory grows with it, and so do batches of calls up to
    /// their limits, of which 100 is the highest.
    const TOGETHER: usize = 100;
    /// Are its messages sent in a dry run? Then what it announces is kept in the ledger, too.
    const SENDS_IN_DRY_RUN: bool = false;
    /// The documents it decides from.
    type Documents: Documents;
    /// What starts it, reduced to where to look and what to remember.
    type Trigger;
    /// What one pass of the loop is about: the policy of a service, an alarm, a budget.
    type Item<'d>: Copy;
    /// What the ledger keeps of an item.
    type Record: LedgerRecord;
    /// Everything that was seen of an item, its ledger entry included.
    type Observed;
    /// What was decided about an item; complete, so that `apply` makes no choices.
    type Plan;
    /// What this invocation did for an item and must not do twice when a conflict starts the item again.
    type Progress: Default;

    /// Reads what only this function is configured with, and wires the gateways; makes no call.
    ///
    /// # Errors
    /// `Invalid` when a variable is missing or wrong; the function does not start then.
    fn new(context: &Context, env: &Env<'_>, connection: &Connection) -> Result<Self>;

    /// Makes the calls that every event makes, to open their connections while Lambda gives init the full CPU.
    /// Answers and errors are dropped.
    fn warm(&self, context: &Context, documents: &Self::Documents) -> impl Future<Output = ()>;

    /// Reads what arrived at the time `clock`.
    ///
    /// # Errors
    /// `Invalid` when the payload is meant for this function and broken; it then goes to the dead-letter queue.
    fn trigger(payload: Payload, clock: Timestamp) -> Result<Received<Self::Trigger>>;

    /// The items that a trigger concerns.
    ///
    /// # Errors
    /// `Invalid` when a request names something that the documents do not have.
    fn scope<'d>(&self, invocation: &Invocation<'d, Self>) -> Result<Vec<Self::Item<'d>>>;

    /// What the item is called in the ledger, the report and the log.
    fn subject(item: Self::Item<'_>) -> Subject;

    /// Looks at all items together, so that reads can be batched; one answer per item, in order.
    fn observe<'d>(
        &self,
        scope: &[Self::Item<'d>],
        invocation: &Invocation<'d, Self>,
    ) -> impl Future<Output = Vec<Result<Self::Observed>>>;

    /// The ledger entry in what was seen.
    fn entry(observed: &mut Self::Observed) -> &mut Entry<Self::Record>;

    /// Decides. Pure: a planner, and nothing else.
    ///
    /// # Errors
    /// `Invalid` when a request cannot be carried out: a time in the past, for instance.
    fn plan<'d>(
        &self,
        item: Self::Item<'d>,
        observed: &Self::Observed,
        progress: &Self::Progress,
        invocation: &Invocation<'d, Self>,
    ) -> Result<Self::Plan>;

    /// Carries the plan out through the invocation, which knows what the mode lets it change. `observed` is afterwards
    /// what the writes left behind, or would have.
    fn apply<'d>(
        &self,
        item: Self::Item<'d>,
        plan: Self::Plan,
        observed: &mut Self::Observed,
        pass: Pass<'_, 'd, Self>,
    ) -> impl Future<Output = Result<Next>>;

    /// What concerns no single item, after all of them and before messages are sent: a digest, messages to pass on,
    /// facts that follow from several items. Items whose messages must wait are taken out of `observed`.
    fn conclude<'d>(
        &self,
        observed: &mut Vec<(Self::Item<'d>, Self::Observed)>,
        invocation: &Invocation<'d, Self>,
        report: &mut Report,
    ) -> impl Future<Output = ()> {
        let _ = (observed, invocation, report);
        async {}
    }
}

/// Everything that holds for one invocation.
#[derive(Debug)]
pub struct Invocation<'d, F: Function> {
    /// What started it.
    pub trigger: &'d F::Trigger,
    /// The documents, as they were when it began.
    pub documents: &'d F::Documents,
    /// What all functions share: ledger, messages, requests to other functions.
    pub context: &'d Context,
    /// What it may change.
    pub(super) mode: Mode,
    /// The request that it answers.
    pub(super) request_id: &'d RequestId,
    /// The moment at which it decides.
    pub now: Timestamp,
}

/// What one pass of the loop carries along for its item.
pub struct Pass<'p, 'd, F: Function> {
    /// The invocation that the pass belongs to.
    pub invocation: &'p Invocation<'d, F>,
    /// What must not be done twice.
    pub progress: &'p mut F::Progress,
    /// What was done.
    pub done: &'p mut Done,
}

/// Does the item need another pass?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// No.
    Done,
    /// Plan again from what `apply` left behind.
    Again,
}
