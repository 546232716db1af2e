//! One loop for every function: what arrives, what may change, what is decided, written, sent and reported.
//!
//! # Layout
//!
//! - [`Function`]: what a function brings: its name, trigger, scope, observe, plan, apply.
//! - [`Invocation`]: what holds for one invocation; what a dry run or a request `plan` must not change is known here alone.
//! - [`Runtime`]: the loop around it. One invocation is: payload, trigger, scope, observe, then per subject plan and
//!   apply with conflict retries, then the outbox, the report, metrics and the result.
//! - [`Documents`]: what a function reads of the configuration in AWS AppConfig, kept up to date beside its other calls.
//! - [`Payload`]: events, requests and SNS records, distinguished by their keys. [`Request`]: the one envelope of all requests, and
//!   [`actions`]: which function knows which action.
//! - [`queue`]: batches of an SQS queue that stands in front of a function.
//! - `share`: how much of its work an invocation does, and how the rest is handed on through that queue.
//! - `sweep`: of a large fleet, one look at everything at a time.
//! - [`Peers`]: how functions invoke each other.
//! - [`Report`]: one value from which log lines, metrics and the response are rendered.
//! - [`lambda`]: the clock, the subscriber, Lambda's runtime.

pub mod actions;
mod configuration;
mod documents;
mod function;
mod invocation;
mod kind;
pub mod lambda;
mod log;
mod mode;
mod outbox;
pub mod payload;
mod peers;
pub mod queue;
mod reconcile;
pub mod report;
mod request;
mod request_id;
mod share;
mod sweep;
mod target;

pub use documents::{Documents, Sections};
pub use function::{Function, Invocation, Next, Pass};
pub use mode::{Mode, Received, moment};
pub use outbox::Context;
pub use payload::{Event, Payload};
pub use peers::Peers;
pub use reconcile::{Runtime, receive};
pub use report::{Done, Line, Outcome, Report};
pub use request::{NoParameters, Request};
pub use share::BEGINS;
pub use target::Target;
