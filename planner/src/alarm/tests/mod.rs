//! The alarm planner, rule by rule, and state changes in any order.

mod announcements;
mod fixtures;
mod order;
mod policy;
mod remedies;
