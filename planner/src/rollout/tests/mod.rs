//! The planner's rules, one sentence each.

mod choosing;
mod fixtures;
mod judging;
mod requests;
mod restarting;
