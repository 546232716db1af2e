//! Decides, and does nothing else: no AWS, no async, no clock.
//!
//! # Layout
//!
//! - [`model`]: what a fleet is made of: services, images, revisions, capacity, the fleet document.
//! - [`rollout`]: which images a service should run. [`capacity`]: how many tasks of it, and where.
//! - [`alarm`]: what is announced about an alarm, and which remedy it gets. [`budget`]: what a budget restricts.
//! - [`error`]: one error type, classified by what the caller does next.

pub mod alarm;
pub mod budget;
pub mod capacity;
pub mod error;
pub mod model;
pub mod rollout;
#[cfg(test)]
mod tests;

pub use error::{Error, Kind, Result};
