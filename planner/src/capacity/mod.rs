//! Decides bounds, desired count and capacity provider strategy of a service. Pure: no I/O, no clock.
//!
//! Scheduled downtime, Spot, alarms, the budget and requests all ask for a capacity. None of them sets it: each records a
//! fact, and [`plan()`] turns policy, facts, the observed service and the time into one decision. What a service should run
//! is computed from policy every time and never remembered as a number that could be wrong.

mod activity;
mod decision;
mod facts;
mod follow_up;
mod forecast;
mod observed;
mod plan;
mod policy;
mod provider_move;
mod range;
mod reason;
mod record;
mod request;
mod sleep;
mod spot;
mod strategy;
#[cfg(test)]
mod tests;
mod transition;

pub use activity::{Activity, ActivityKind};
pub use decision::{Action, Capacity, Decision, Effect, Target};
pub use facts::{Boost, BudgetRestriction, Expiry, Facts, Override, OverrideKind};
pub use follow_up::{Announcement, Applied, FollowUp, follow_up};
pub use forecast::{UpcomingChange, forecast};
pub use observed::{Bounds, DeploymentProgress, Observed, ObservedDeployment, Scaling, TaskCounts};
pub use plan::plan;
pub use policy::{Baseline, BoundsPolicy, CapacityPolicy, SpotMode, SpotPolicy};
pub use provider_move::{Move, MoveFailure, MoveOutcome};
pub use range::{Raised, WrittenRange, max_tasks};
pub use reason::Reason;
pub use record::{Missing, Record, RevisionSize, Savings, State};
pub use request::{EndedOverride, OverrideRequest, resume};
pub use sleep::{Dates, Day, Downtime, LocalTime, Sleep, Window, Zone};
pub use spot::{SpotEvent, SpotState};
pub use transition::{Deadlines, ProviderChange, Transition, advance, provider_change};
