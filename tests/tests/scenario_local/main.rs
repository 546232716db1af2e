//! Who may use the local cloud, what its functions get, how its ECS answers: an empty cloud, and requests as they come over the wire.

// Helpers of tests fail a test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod ecs;
mod environment;
mod pages;
mod wire;

use std::sync::{Mutex, MutexGuard, OnceLock};

use xtask::cloud::Cloud;
use xtask::tools::Tools;

/// The cloud, held by one test at a time.
fn cloud() -> MutexGuard<'static, Cloud> {
    static CLOUD: OnceLock<Mutex<Cloud>> = OnceLock::new();
    let start = || Mutex::new(Cloud::start_empty(&Tools::prepare().expect("the tools")).expect("a local cloud"));
    CLOUD.get_or_init(start).lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
