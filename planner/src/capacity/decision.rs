//! The decision about a service's capacity: complete values, a reason, and when it expires.

use jiff::Timestamp;

use super::observed::{Bounds, Observed};
use super::reason::Reason;
use crate::model::Strategy;

/// What to do about a service's capacity, why, and when the decision will change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// Why the capacity should be what it should be.
    pub reason: Reason,
    /// When the decision changes without another event; `None` when nothing known will change it.
    pub until: Option<Timestamp>,
}

/// What to do about a service's capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is already as it should be.
    Keep,
    /// Write nothing, whatever it is: frozen, on hold, or never started.
    LeaveUnchanged,
    /// Make it so.
    Set(Capacity),
}

/// The whole capacity of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Desired count.
    pub desired: u32,
    /// Bounds of the scalable target, and whether scaling is suspended.
    pub bounds: Bounds,
    /// Capacity provider strategy.
    pub strategy: Strategy,
}

/// Where a decision takes a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// No tasks.
    ScaledToZero,
    /// At least one task.
    Running,
}

/// What an action is for a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing changes.
    Keep,
    /// Nothing is written.
    LeftUnchanged,
    /// Fewer tasks.
    ScaleIn,
    /// More tasks.
    ScaleOut,
    /// As many tasks, with other bounds or on another capacity provider.
    Update,
}

impl Effect {
    /// Stable name for logs and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Effect::Keep => "keep",
            Effect::LeftUnchanged => "left_unchanged",
            Effect::ScaleIn => "scale_in",
            Effect::ScaleOut => "scale_out",
            Effect::Update => "update",
        }
    }
}

impl Decision {
    /// What the action is for the service that was observed.
    pub fn effect(&self, observed: &Observed) -> Effect {
        match &self.action {
            Action::Keep => Effect::Keep,
            Action::LeaveUnchanged => Effect::LeftUnchanged,
            Action::Set(capacity) if capacity.desired < observed.desired => Effect::ScaleIn,
            Action::Set(capacity) if capacity.desired > observed.desired => Effect::ScaleOut,
            Action::Set(_) => Effect::Update,
        }
    }

    /// Where the service is once the decision is applied; `None` when the decision is to leave it unchanged.
    pub fn target(&self, observed: &Observed) -> Option<Target> {
        let target = |zero: bool| if zero { Target::ScaledToZero } else { Target::Running };
        match &self.action {
            Action::LeaveUnchanged => None,
            Action::Set(capacity) => Some(target(capacity.bounds.max == 0)),
            Action::Keep => Some(target(observed.bounds.map_or(observed.desired == 0, |bounds| bounds.max == 0))),
        }
    }
}
