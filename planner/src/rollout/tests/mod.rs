//! The planner's rules, one sentence each.

mod adoption;
mod candidates;
mod fixtures;
mod orders;
mod policy;
mod requests;
mod restarts;
mod verdicts;
