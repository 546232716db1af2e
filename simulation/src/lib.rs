//! A deterministic simulation of AWS around the unmodified functions.
//!
//! The functions run in this process, driven through [`shared::runtime::lambda::Handler`]; their HTTP client is the model,
//! their time is virtual, and every choice comes from one seed. The model behaves as documentation says, at its worst. It knows nothing
//! of what the functions believe: it imports neither planners nor gateways.
//!
//! # Layout
//!
//! - [`account`]: what the templates deploy: functions, policies, rules, schedules, services, documents.
//! - [`engine`]: virtual time, invocations, and the calls between them and the world.
//! - `iam`: what policies allow.
//! - [`wire`]: requests as the SDK sends them, answers as it reads them.
//! - [`world`]: AWS, one file for each service, each with the documents that it follows.
//! - [`weather`]: what goes wrong, and how often.
//! - [`people`]: what happens: pushes, requests, the console, load, spend; drawn from a seed or written in a story.
//! - [`laws`]: what must hold.
//! - [`run`]: one run; [`shrink`]: the shortest story that still fails; [`cover`]: what was exercised; [`expected`]: what must be; [`report`]: a page about it; [`story`]: scripts with what comes of them.
//! - [`scale`]: fleets of up to 1,000 services, measured.
//! - [`journal`]: what happened, for the laws and for people.

// What cannot be read here ends the run, which is all that there is to do.
// The futures of the functions nest deeper than the compiler follows by default.
#![recursion_limit = "256"]
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod account;
pub mod cover;
pub mod engine;
pub mod expected;
mod iam;
pub mod journal;
pub mod laws;
pub mod people;
pub mod played;
pub mod report;
pub mod rng;
pub mod run;
pub mod scale;
pub mod shrink;
pub mod story;
pub mod weather;
pub mod wire;
pub mod world;
