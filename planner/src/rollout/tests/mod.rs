//! The planner's rules, one sentence each.

mod adoption;
mod bad_moments;
mod candidates;
mod due;
mod environment;
mod fixtures;
mod holds;
mod orders;
mod policy;
mod pre_deploy_tasks;
mod requests;
mod restart_results;
mod restarts;
mod rollbacks;
mod signatures;
mod verdicts;
mod waking;
