//! The alarm planner, rule by rule and in any order.

mod fixtures;
mod order;
mod policy;
mod remedies;
mod telling;
