//! What happens to a fleet, and what is measured of it.

use std::collections::BTreeMap;

use jiff::SignedDuration;

/// What happens to a fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Nothing: each function's tick.
    QuietTick,
    /// The scheduled downtime of every service ends.
    Morning,
    /// An image is pushed that up to 100 services follow.
    BaseImage,
    /// A third of all tasks stop.
    LostZone,
}

impl Scene {
    /// All of them.
    pub const ALL: [Scene; 4] = [Scene::QuietTick, Scene::Morning, Scene::BaseImage, Scene::LostZone];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Scene::QuietTick => "quiet tick",
            Scene::Morning => "morning",
            Scene::BaseImage => "base image",
            Scene::LostZone => "lost zone",
        }
    }

    /// The seconds that the documented rates of ECS allow for it at least: `UpdateService` 50 at once and 5 a second,
    /// `RegisterTaskDefinition` 20 at once and 1 a second.
    pub fn limit(self, services: usize) -> Option<f64> {
        let least = |calls: usize, burst: usize, each_second: f64| {
            let waiting = u32::try_from(calls.saturating_sub(burst)).expect("a small number");
            f64::from(waiting) / each_second
        };
        match self {
            Scene::Morning => Some(least(services, 50, 5.0)),
            Scene::BaseImage => Some(least(services.min(ONE_IMAGE), 20, 1.0)),
            Scene::QuietTick | Scene::LostZone => None,
        }
    }
}

/// How many services follow one image at most.
pub(super) const ONE_IMAGE: usize = 100;

/// What a function did.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// Calls to AWS.
    pub calls: u64,
    /// Invocations.
    pub invocations: u64,
    /// Invocations that failed.
    pub failed: u64,
    /// How long they took together, and the longest.
    pub took: SignedDuration,
    /// The longest of them.
    pub longest: SignedDuration,
    /// Calls that were throttled.
    pub throttled: u64,
    /// Read units of DynamoDB: a consistent read of up to 4 KB.
    pub read_units: u64,
    /// Write units of DynamoDB: a write of up to 1 KB.
    pub write_units: u64,
    /// Messages that were put into a queue.
    pub handed_on: u64,
    /// Bytes that were logged.
    pub logged: u64,
}

/// What a scene took.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// By function.
    pub functions: BTreeMap<&'static str, Work>,
    /// When the last service was updated, in seconds after it began.
    pub updated: Option<f64>,
    /// Services that were updated.
    pub services: usize,
    /// From each request of an engineer to the update of its service, in seconds.
    pub waits: Vec<Option<f64>>,
    /// The most bytes that a process has held on the heap; none where nothing counts them.
    pub most_heap: i64,
    /// Why the first invocation failed that did.
    pub error: Option<String>,
}

impl Measured {
    /// All functions together.
    pub fn total(&self, of: impl Fn(&Work) -> u64) -> u64 {
        self.functions.values().map(of).sum()
    }

    /// The longest invocation of all.
    pub fn longest(&self) -> SignedDuration {
        self.functions.values().map(|work| work.longest).max().unwrap_or_default()
    }
}
