//! What was observed of a service's capacity.

use crate::model::Strategy;

/// What was observed of a service's capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Desired count.
    pub desired: u32,
    /// Bounds of its scalable target; `None` when it has none.
    pub bounds: Option<Bounds>,
    /// Capacity provider strategy.
    pub strategy: Strategy,
    /// Is a deployment in progress? A strategy change would start another.
    pub rollout_in_flight: bool,
    /// Has it ever run? Only the first push starts a service that has no image yet.
    pub started: bool,
}

/// Bounds of a scalable target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Minimum desired count.
    pub min: u32,
    /// Maximum desired count.
    pub max: u32,
    /// May scaling act?
    pub scaling: Scaling,
}

impl Bounds {
    /// 0 to 0 with scaling suspended: no policy or scheduled action can start a task.
    pub const SCALED_TO_ZERO: Bounds = Bounds { min: 0, max: 0, scaling: Scaling::Suspended };
}

/// The suspended state of a scalable target: scaling in, scaling out, scheduled scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// None of the three is suspended.
    Active,
    /// Some are; no decision sets that.
    Partly,
    /// All three are.
    Suspended,
}

/// Tasks of a service that count towards a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskCounts {
    /// All of them, running or about to.
    pub running: u32,
    /// Those that are healthy, or running where no health check exists.
    pub healthy: u32,
}
