//! What was observed of a service's capacity.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::Strategy;

/// What was observed of a service's capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Desired count.
    pub desired: u32,
    /// Bounds of its scalable target; `None` when it has none, or when they could not be read.
    pub bounds: Option<Bounds>,
    /// Could the bounds not be read?
    pub bounds_unknown: bool,
    /// Digests of the images that it should run, as far as its rollouts tell.
    pub images: String,
    /// Capacity provider strategy.
    pub strategy: Strategy,
    /// Is a deployment in progress? A strategy change would start another.
    pub rollout_in_flight: bool,
    /// Does its newest deployment have fewer tasks than it should?
    pub lacks_tasks: bool,
    /// Does ECS roll a failed deployment back?
    pub rolls_back: bool,
    /// May ECS stop every task of it before it starts another, as its minimum healthy percent says?
    pub stops_tasks_first: bool,
    /// Its newest deployment, if ECS lists any.
    pub deployment: Option<ObservedDeployment>,
    /// Time of the newest service event that says that Fargate has no capacity.
    pub no_capacity_at: Option<Timestamp>,
    /// Has the automation scaled it to zero, and not started it again?
    pub asleep: bool,
    /// Has it ever run, as far as the automation knows? One that has not is started by its first push, or by a person who
    /// raises its desired count.
    pub started: bool,
}

/// An older service event says nothing about Spot now.
const RECENT: SignedDuration = SignedDuration::from_mins(15);

impl Observed {
    /// Does ECS list a placement failure that can only be one of Spot? The text names no provider, so all tasks have to
    /// be placed there, by the deployment that fails; and it is not one that began the last hold-down.
    pub(super) fn shows_spot_shortage(&self, last_hold_down_ended: Option<Timestamp>, now: Timestamp) -> bool {
        let all_on_spot = self.strategy == Strategy::Spot { base: 0 };
        let since = self.deployment.as_ref().map(|deployment| deployment.created_at).max(last_hold_down_ended);
        let fresh = |at: Timestamp| at + RECENT >= now && since.is_none_or(|since| at >= since);
        all_on_spot && self.lacks_tasks && self.no_capacity_at.is_some_and(fresh)
    }
}

/// The newest deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedDeployment {
    /// Its id.
    pub id: String,
    /// When ECS created it.
    pub created_at: Timestamp,
    /// How far it is.
    pub progress: DeploymentProgress,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeploymentProgress {
    /// Tasks are being replaced, or ECS says something newer than this code.
    InProgress,
    /// All tasks are replaced.
    Completed,
    /// ECS has ended it.
    Failed,
}

impl Default for Observed {
    /// A service that runs nothing and was never started.
    fn default() -> Observed {
        Observed {
            desired: 0,
            bounds: None,
            bounds_unknown: false,
            images: String::new(),
            strategy: Strategy::OnDemand,
            rollout_in_flight: false,
            lacks_tasks: false,
            rolls_back: false,
            stops_tasks_first: false,
            deployment: None,
            no_capacity_at: None,
            asleep: false,
            started: false,
        }
    }
}

/// Bounds of a scalable target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
