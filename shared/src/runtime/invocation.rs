//! One invocation: what started it, at which moment it decides, and what it may change.

use jiff::Timestamp;

use super::function::Function;
use super::outbox::Context;

/// What an invocation may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything that is decided.
    Act,
    /// Nothing, and decisions are logged; alarm messages are still sent. Set by `DRY_RUN`.
    DryRun,
    /// Nothing at all: a request `plan`.
    Plan,
}

/// What a function reads from a payload.
#[derive(Debug, PartialEq)]
pub enum Received<T> {
    /// Something to act on.
    Trigger(T),
    /// Nothing for this function, and why.
    Ignored(String),
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
    pub mode: Mode,
    /// The moment at which it decides.
    pub now: Timestamp,
}

/// The moment at which something is decided: when it is meant to be, where that is ahead of the clock.
///
/// EventBridge Scheduler may be early, and the edge of a window is then still that edge. What is behind was delivered
/// late, and the clock counts: yesterday's scheduled downtime does not come back.
pub fn moment(meant: Option<Timestamp>, clock: Timestamp) -> Timestamp {
    meant.map_or(clock, |meant| meant.max(clock))
}
