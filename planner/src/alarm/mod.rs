//! Decides what is told about an alarm, and which remedy is taken. Pure: no I/O, no clock.
//!
//! A state change of CloudWatch is heard into the [`Record`] in whatever order it comes; [`plan`] compares what is known
//! of the alarm with what people were told of it, and says what to tell and what to ask of the planners of images and
//! capacity. It is called again by every tick: what the plan explains now may not be explained in five minutes.

mod explain;
mod plan;
mod policy;
mod reason;
mod remedy;
mod sighting;
mod state;
#[cfg(test)]
mod tests;

pub use explain::{Explanation, explain};
pub use plan::{Action, Decision, Plan, Seen, Watched, plan};
pub use policy::{AlarmPolicy, Alarms, Flapping, Gap, Remedy, Restart, Rollback, Scale, Tasks, Urgency};
pub use reason::Reason;
pub use remedy::{Step, Treatment, Why};
pub use sighting::{Measured, Place, Sighting, Suppressed, Value};
pub use state::{Boosted, Heard, Pending, Record, State, Taken, Updating};
