//! What is wanted of a service's capacity.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fleet::Baseline;
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

/// A capacity provider strategy of Fargate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// All tasks on FARGATE.
    OnDemand,
    /// Tasks on FARGATE_SPOT, after `base` tasks on FARGATE.
    Spot {
        /// Tasks on FARGATE.
        base: u32,
    },
    /// Anything else, as `provider:base:weight` in the order of the answer.
    Other(Vec<String>),
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Strategy::OnDemand => f.write_str("on demand"),
            Strategy::Spot { base: 0 } => f.write_str("on Spot"),
            Strategy::Spot { base } => write!(f, "on Spot after {base} on demand"),
            Strategy::Other(items) => f.write_str(&items.join(", ")),
        }
    }
}
