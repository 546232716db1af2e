//! The project's own commands: the deploy, the local cloud, the demo, the tests, the benchmark.
//!
//! # Layout
//! - [`deploy`]: both stacks of a stage, to AWS
//! - [`demo`], [`local`]: the commands; [`story`]: what the demo plays
//! - [`tools`]: the Python environment with the tools
//! - [`cloud`]: the emulated AWS with the real templates deployed
//! - [`sam`]: builds and deploys, to either; [`client`]: AWS calls through that environment's boto3
//! - [`configuration`]: the configuration of a deployed stack
//! - [`bench`](mod@bench): the benchmark
//! - [`circles`]: import circles inside any folder of sources
//! - [`screen`], [`process`], [`folders`]: what commands write; programs that they run; where logs and builds are

// The rules on clocks, sleeping and the environment are for functions; this is a program at a terminal.
#![allow(clippy::disallowed_methods)]

pub mod bench;
pub mod circles;
pub mod client;
pub mod cloud;
pub mod configuration;
pub mod demo;
pub mod deploy;
pub mod folders;
pub mod fuzz;
pub mod local;
pub mod process;
pub mod sam;
pub mod screen;
pub mod simulate;
pub mod story;
pub mod test;
pub mod tools;
