//! Decides which image a service should run. Pure: no I/O, no clock.
//!
//! [`plan()`] is a total function of (policy, record, what was seen, what was asked, now). It is called again after each
//! step with what the step left behind, until it says [`Action::Keep`]; a crash between two steps is therefore the
//! same as a long pause between two calls.

mod choose;
mod judge;
mod plan;
mod policy;
mod reason;
mod restart;
mod state;

pub use plan::{Action, Ask, Decision, LEASE, Roll, Running, Seen, plan};
pub use policy::{Before, ImagePolicy, Invalidate, Policy, RolloutPolicy, ScanGate, Unscanned};
pub use reason::Reason;
pub use state::{Cause, Freeze, Phase, Quarantine, Record, Release, Restart, Rollout};

#[cfg(test)]
mod tests;
