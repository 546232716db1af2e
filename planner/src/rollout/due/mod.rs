//! Restarts that are due because of what happens at AWS: a retirement of tasks that AWS has announced, a secret that has
//! changed. Events bring these facts once, the record keeps them, and every look decides from them.
//!
//! - `notice`: what an event adds to the record. `progress`: what became of the tasks since.
//! - `settle`: facts that are done with. `restart`: whether the restart takes place now.

mod notice;
mod progress;
mod restart;
mod settle;

pub use notice::{Notice, RetirementNotice, notice};
pub(super) use restart::restart;
pub(super) use settle::settle;
