//! Decides what is announced about an alarm, and which remedy is requested. Pure: no I/O, no clock.
//!
//! A state change of CloudWatch is entered into the [`Record`], in whatever order it arrives, and what CloudWatch returns
//! when it is asked, since events are lost and alarms deleted; [`plan()`] compares what is
//! known of the alarm with what was announced about it, and says what to announce and what to request from the planners
//! of images and capacity. It runs again on every tick: an alarm that is explained now may not be explained in five
//! minutes.

mod announced;
mod decision;
mod disturbance;
mod explanation;
mod lookup;
mod observed;
mod plan;
mod planned_activity;
mod policy;
mod reason;
mod record;
mod remedy;
mod state_change;
#[cfg(test)]
mod tests;

pub use announced::AnnouncedState;
pub use decision::{Action, Decision, Plan};
pub use explanation::Explanation;
pub use lookup::{AlarmLookup, AlarmReading, Evidence};
pub use observed::{Observed, ObservedService};
pub use plan::plan;
pub use planned_activity::explain;
pub use policy::{AlarmPolicy, AlarmSeverity, Alarms, FlappingPolicy, InsufficientDataPolicy};
pub use reason::Reason;
pub use record::{ClaimResult, Novelty, PendingRemedy, Record, StackUpdate};
pub use remedy::{
    ActiveBoost, RemedyAction, RemedyDecision, RemedyHistory, RemedyPolicy, RemedyReason, RemedyTaken, RestartAction,
    RestartPolicy, RestartReason, RollbackAction, RollbackPolicy, RollbackReason, ScaleAction, ScalePolicy,
    ScaleReason, ScaleTarget,
};
pub use state_change::{AlarmLocation, AlarmState, Measurement, StateChange, Suppression};
