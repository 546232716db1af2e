//! What is wanted of a service's capacity.

use serde::{Deserialize, Serialize};

use super::sleep::Sleep;

/// What is wanted of a service's capacity; part of its entry in the fleet document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityPolicy {
    /// Bounds when nothing says otherwise, and the hard bounds of everything that does.
    pub baseline: Baseline,
    /// When it sleeps.
    pub sleep: Option<Sleep>,
    /// Whether it runs on Spot; its strategy is nobody's business here when there is none.
    pub spot: Option<SpotPolicy>,
    /// The budget may lower the greatest number of tasks to this and no further; `baseline.min` when left out.
    pub floor: Option<u32>,
}

/// Whether a service runs on Fargate Spot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpotPolicy {
    /// How.
    pub mode: SpotMode,
    /// So many tasks on demand all the same.
    pub base: u32,
}

/// How a service uses Fargate Spot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpotMode {
    /// Never.
    #[default]
    Off,
    /// While there is Spot; on demand while there is none.
    Prefer,
    /// Always, even when that means no tasks.
    Only,
}

/// Number of tasks of a service when neither night, budget nor alarm says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Least number of tasks, and the number that the first push starts.
    pub min: u32,
    /// Greatest number of tasks.
    pub max: u32,
}
