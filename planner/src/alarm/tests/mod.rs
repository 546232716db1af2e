//! The alarm planner, rule by rule, and state changes in any order.

mod announcements;
mod disturbances;
mod fixtures;
mod level;
mod order;
mod policy;
mod remedies;
