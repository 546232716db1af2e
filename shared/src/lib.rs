//! AWS logic shared by every function.
//!
//! # Layout
//!
//! - [`model`]: what the fleet is made of: ARNs, images, services, revisions, the fleet document. Pure.
//! - [`rollout`]: the planner that decides which image a service should run. [`capacity`]: the planner that decides how
//!   many tasks of it run, and where. Pure.
//! - [`budget`]: the planner that decides what a budget takes from which service. [`alarm`]: the planner that decides what
//!   is told of an alarm and which remedy it gets. Pure.
//! - [`aws`]: one gateway per AWS service; the only place that imports the SDK.
//! - [`ledger`]: facts and records that outlive an invocation, with conditional writes.
//! - [`notify`]: messages to people, rendered as text and as chat JSON.
//! - [`report`]: what an invocation decided and did, rendered as log lines, metrics and response.
//! - [`event`]: what reaches a function, told apart.
//! - [`env`](mod@env): configuration, read once. [`lambda`]: the clock, the subscriber, the runtime.
//! - [`error`]: one error type, classified by what the caller does next.

pub mod alarm;
pub mod aws;
pub mod budget;
pub mod capacity;
pub mod env;
pub mod error;
pub mod event;
pub mod lambda;
pub mod ledger;
pub mod model;
pub mod notify;
pub mod report;
pub mod rollout;
#[cfg(test)]
mod tests;

pub use error::{Error, Kind, Result};
