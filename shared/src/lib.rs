//! AWS logic shared by every function.
//!
//! # Layout
//!
//! - [`aws`]: one gateway per AWS service; the only place that imports the SDK.
//! - [`ledger`]: facts and records that outlive an invocation, with conditional writes.
//! - [`notify`]: messages to people, rendered as text and as chat JSON.
//! - [`report`]: what an invocation decided and did, rendered as log lines, metrics and response.
//! - [`event`]: what reaches a function, told apart.
//! - [`env`](mod@env): configuration, read once. [`lambda`]: the clock, the subscriber, the runtime.
//! - [`error`]: the planners' error type.

pub mod aws;
pub mod env;
pub mod event;
pub mod lambda;
pub mod ledger;
pub mod notify;
pub mod report;

pub use planner::error::{self, Error, Kind, Result};
