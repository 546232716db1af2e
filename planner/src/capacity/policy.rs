//! The capacity policy of a service: baseline, scheduled downtime, Spot.

use serde::{Deserialize, Serialize};

use super::sleep::Sleep;

/// The capacity policy of a service; part of its entry in the fleet document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityPolicy {
    /// Bounds while no other fact is in force; no fact raises the maximum.
    pub baseline: Baseline,
    /// Its scheduled downtime.
    pub sleep: Option<Sleep>,
    /// Whether it runs on Fargate Spot; its capacity provider strategy is left unchanged when `None`.
    pub spot: Option<SpotPolicy>,
    /// The budget may lower the maximum number of tasks to this and no further; `baseline.min` when left out.
    pub floor: Option<u32>,
}

/// Whether a service runs on Fargate Spot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SpotPolicy {
    /// `off`, `prefer` or `only`: never on Spot, on Spot while it has capacity, or on nothing but Spot.
    pub mode: SpotMode,
    /// Number of tasks on on-demand capacity, whatever `mode` says: `base` of the capacity provider strategy.
    pub base: u32,
}

/// How a service uses Fargate Spot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SpotMode {
    /// Never.
    #[default]
    Off,
    /// While Spot has capacity; on-demand otherwise.
    Prefer,
    /// Always: tasks on Spot wait there for capacity. Tasks that run on demand stay there while Spot has none.
    Only,
}

/// Number of tasks of a service outside scheduled downtime, budget restrictions and alarm boosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Baseline {
    /// Minimum number of tasks, and the number that the first push starts.
    pub min: u32,
    /// Maximum number of tasks.
    pub max: u32,
    /// `set` or `leave`: whether the automation sets the bounds of the scalable target to `min` and `max`, or leaves them
    /// as your own scheduled scaling sets them, except in scheduled downtime, under a budget restriction and while an
    /// alarm boosts the service.
    #[serde(default)]
    pub bounds: BoundsPolicy,
}

/// Who sets the bounds of a scalable target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum BoundsPolicy {
    /// The automation, to the baseline.
    #[default]
    Set,
    /// An engineer or scheduled scaling; the automation restores what it found.
    Leave,
}
