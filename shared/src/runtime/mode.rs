//! What an invocation may change, and at which moment it decides.

use jiff::Timestamp;

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

/// The moment at which something is decided: when it is meant to be, where that is ahead of the clock.
///
/// EventBridge Scheduler may be early, and the edge of a window is then still that edge. What is behind was delivered
/// late, and the clock counts: yesterday's scheduled downtime does not come back.
pub fn moment(meant: Option<Timestamp>, clock: Timestamp) -> Timestamp {
    meant.map_or(clock, |meant| meant.max(clock))
}
