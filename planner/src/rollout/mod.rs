//! Decides which image a service should run. Pure: no I/O, no clock.
//!
//! [`plan()`] is a total function of (policy, record, observed, request, now). It is called again after each step with
//! what the step left behind, until it returns [`Action::Keep`]; a crash between two steps is therefore the same as a
//! long pause between two calls.
//!
//! # Layout
//!
//! - `policy`: what is wanted. `observed`: what AWS shows. `record`: what the ledger keeps. [`request`]: what was
//!   requested, one file each.
//! - `plan`: the order of the rules. `choose`: which image each repository should run, behind the scan gate; the move of
//!   a tag is the order.
//!   `due`: restarts that events of AWS make due. `verdict`: what became of the rollout in progress, one file for each phase. `roll`: how a rollout starts.
//! - `decision`: the action with its complete values. `reason`: why, as a sentence and as a label.

mod choose;
mod decision;
mod due;
mod handling;
mod inputs;
mod observed;
mod obstacle;
mod plan;
mod policy;
mod reason;
mod record;
pub mod request;
mod roll;
mod scan_gate;
mod signature_gate;
mod verdict;
mod visibility;

pub use decision::{Action, Decision, FreezeChange, Roll};
pub use due::{Notice, RetirementNotice, notice};
pub use handling::Handling;
pub use observed::{Observed, Pushed, RunningImage, Signatures};
pub use obstacle::Obstacle;
pub use plan::plan;
pub use policy::{ImagePolicy, Invalidate, Policy, PreDeployTask, RolloutPolicy, ScanGate, Unscanned};
pub use reason::{Reason, RestartEnd};
pub use record::{
    Cause, ChangedSecrets, Due, FailedRollout, Freeze, Noted, Order, Outstanding, Phase, Postponed, Quarantine, Record,
    Recovery, Release, Restart, RestartCause, RestartResult, Retirement, Rollout, Work,
};
pub use request::Request;
pub use visibility::LEASE;

#[cfg(test)]
mod tests;
