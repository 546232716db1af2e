//! Decides which restrictions a budget puts on which service. Pure: no I/O, no clock.
//!
//! A notice of AWS Budgets is a hint: [`plan()`] assesses the figure that AWS Budgets returns when it is asked, accepts it or
//! doubts it, and decides which tiers are in force. [`restrictions()`] turns the records of all budgets into one fact per
//! service, which the capacity planner reads.

mod amount;
mod by_service;
mod days;
mod decision;
mod doubt;
mod notice;
mod observed;
mod period;
mod plan;
mod policy;
mod reason;
mod record;
pub mod request;
mod restriction;
#[cfg(test)]
mod tests;
mod verdict;

pub use amount::Amount;
pub use by_service::{ServiceDecision, restrictions};
pub use days::{Day, Days};
pub use decision::{Action, Decision, Plan};
pub use doubt::Doubt;
pub use notice::{Notice, NoticeKind};
pub use observed::{Observed, Spend, SpendLookup};
pub use period::{Period, TimeUnit};
pub use plan::{Input, plan};
pub use policy::{BudgetPolicies, BudgetPolicy, Tier};
pub use reason::{Ended, Reason};
pub use record::{DoubtedFigure, Hold, Lift, ObservedTimes, Record, Silence};
pub use request::Request;
pub use restriction::Restriction;
