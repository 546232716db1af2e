//! AWS logic shared by every function.
//!
//! # Layout
//!
//! - [`answer`]: how a function answers a request that has a mistake.
//! - [`aws`]: one gateway per AWS service; the only place that imports the SDK.
//! - [`many`]: how many calls are in flight at once.
//! - [`ledger`]: facts and records that outlive an invocation, with conditional writes.
//! - [`notify`]: messages to people, rendered as text and as chat JSON.
//! - [`env`](mod@env): configuration, read once.
//! - [`runtime`]: the one loop of every function: payload, mode, conflicts, outbox, report, metrics, result.
//! - [`error`]: the planners' error type.

pub mod answer;
pub mod aws;
pub mod env;
pub mod ledger;
pub mod many;
pub mod notify;
pub mod runtime;

pub use planner::error::{self, Error, Kind, Result};
