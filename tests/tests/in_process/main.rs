//! Functions as a whole, in the test's own process: what happens when two run at once, and when a message cannot be
//! sent. What they do over days is shown by the stories of the simulation.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

mod capacity;
mod cloud;
mod configuration;
mod queues;
mod races;
mod remedies;
mod repeated;
mod unsent;
