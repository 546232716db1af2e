//! The planner's rules, one sentence each.

mod candidates;
mod fixtures;
mod policy;
mod requests;
mod restarts;
mod verdicts;
