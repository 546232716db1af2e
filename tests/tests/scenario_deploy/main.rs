//! `cargo xtask deploy` on a local cloud, in both regions: plan, create, plan, update, delete.
//!
//! The history is played once; each test is about one moment of it, as it was seen then.

// Helpers of tests fail a test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod configuration;
mod create;
mod delete;
mod existing;
mod history;
mod plan;
mod seen;
mod update;

/// What the templates say of the stage prod.
const CLUSTER: &str = "huskit-prod";
const EDGE: &str = "huskit-prod-edge";
const WEBSITE: &str = "website-agent";
const CRAWLER: &str = "crawler";
