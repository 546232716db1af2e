//! The planner's rules, one sentence each.

mod candidates;
mod fixtures;
mod requests;
mod restarts;
mod verdicts;
