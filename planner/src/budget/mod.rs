//! Decides what a budget takes from which service. Pure: no I/O, no clock.
//!
//! A message of AWS Budgets is a hint: [`plan`] judges the figure that Budgets gives when it is asked, believes it or
//! not, and says which tiers are in force. [`restrictions`] turns the records of all budgets into one fact per service, which
//! the capacity planner reads.

mod amount;
mod judge;
mod period;
mod plan;
mod policy;
mod reason;
mod state;
#[cfg(test)]
mod tests;

pub use amount::Amount;
pub use judge::Doubt;
pub use period::{Every, Period};
pub use plan::{Ask, Asked, Notice, NoticeKind, Plan, Seen, Spend, plan};
pub use policy::{BudgetPolicies, BudgetPolicy, Restriction, Tier};
pub use reason::Reason;
pub use state::{Day, Doubted, Hold, Record, Release, restrictions};
