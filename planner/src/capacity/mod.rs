//! Decides bounds, desired count and capacity provider strategy of a service. Pure: no I/O, no clock.
//!
//! Night, Spot, alarms, the budget and people all want to move a service's capacity. None of them does: each records a
//! fact, and [`plan`] turns policy, facts, what was observed and the time into one decision. What a service should run
//! is computed from policy every time and never remembered as a number that could be wrong.

mod facts;
mod plan;
mod policy;
mod record;
mod sleep;
mod spot;
#[cfg(test)]
mod tests;
mod transition;

pub use facts::{Boost, BudgetRestriction, Expiry, Facts, Override, OverrideKind};
pub use plan::{Action, Bounds, Capacity, Decision, Observed, Reason, Scaling, max_tasks, plan};
pub use policy::{Baseline, CapacityPolicy, SpotMode, SpotPolicy};
pub use record::{Record, RevisionSize, Savings, State};
pub use sleep::{Dates, Day, LocalTime, Night, Sleep, Window, Zone};
pub use spot::{SpotEvent, SpotState};
pub use transition::{Deadlines, ProviderChange, Transition, advance, provider_change};
