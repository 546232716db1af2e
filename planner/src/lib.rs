//! Decides, and does nothing else: no AWS, no async, no clock.
//!
//! # Layout
//!
//! - [`model`]: what AWS has: services, images, revisions, strategies, prices.
//! - [`fleet`]: the document of all services and what is wanted of each.
//! - [`rollout`]: which images a service should run. [`capacity`]: how many tasks of it, and where.
//! - [`alarm`]: what is announced about an alarm, and which remedy it gets. [`budget`]: what a budget restricts.
//! - `schema`, a feature: what AppConfig accepts as configuration, made from the types above.
//! - [`error`]: one error type, classified by what the caller does next.

mod action;
pub mod alarm;
pub mod budget;
pub mod capacity;
pub mod error;
pub mod fleet;
mod minutes;
pub mod model;
mod name;
pub mod rollout;
#[cfg(feature = "schema")]
pub mod schema;
#[cfg(test)]
mod tests;

pub use action::NamedAction;
pub use error::{Error, Kind, Result};
