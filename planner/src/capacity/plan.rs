//! The decision: frozen > manual override > budget > night > alarm boost > baseline.

use std::fmt;

use jiff::Timestamp;

use super::facts::{Facts, OverrideKind};
use crate::capacity::{CapacityPolicy, Night, Sleep, SpotMode};
use crate::model::{Strategy, format_time};

/// What was observed of a service's capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Desired count.
    pub desired: u32,
    /// Bounds of its scalable target, if it has one.
    pub bounds: Option<Bounds>,
    /// Capacity provider strategy.
    pub strategy: Strategy,
    /// Is a deployment on its way? A strategy change would be another.
    pub rollout_in_flight: bool,
    /// Has it ever run? A service without an image is started by its first push and by nothing else.
    pub started: bool,
}

/// Bounds of a scalable target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Least desired count.
    pub min: u32,
    /// Greatest desired count.
    pub max: u32,
    /// May scaling act?
    pub scaling: Scaling,
}

/// What a scalable target says of scaling in, scaling out and scheduled scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// None of them is suspended.
    Active,
    /// Some of them are; nothing here ever asks for that.
    Partly,
    /// All of them are.
    Suspended,
}

/// Everything that a service's capacity should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Desired count.
    pub desired: u32,
    /// Bounds, and whether scaling is suspended.
    pub bounds: Bounds,
    /// Capacity provider strategy.
    pub strategy: Strategy,
}

/// What to do about a service's capacity, why, and when the answer will next be another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// Why the service should be as it should be.
    pub reason: Reason,
    /// When the answer changes by itself; `None` when nothing known will change it.
    pub until: Option<Timestamp>,
}

/// What to do about a service's capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is as it should be.
    Keep,
    /// No write at all.
    HandsOff,
    /// Make it so.
    Set(Capacity),
}

/// Why a service's capacity should be what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It never ran.
    NotStarted,
    /// Nobody may touch it.
    Frozen {
        /// Who asked.
        by: String,
        /// Until when.
        until: Timestamp,
    },
    /// A person asked for it.
    Override {
        /// What.
        kind: OverrideKind,
        /// Who asked.
        by: String,
        /// Until when.
        until: Timestamp,
    },
    /// The budget holds it down.
    Budget {
        /// Share of the budget that was reached, in percent.
        reached_percent: u32,
    },
    /// It is night.
    Night,
    /// An alarm rings.
    Boost {
        /// Which alarm.
        by: String,
        /// Least number of tasks while it lasts.
        min: u32,
    },
    /// Nothing says otherwise.
    Baseline,
}

/// Decides about the capacity of one service.
pub fn plan(policy: &CapacityPolicy, facts: &Facts, observed: &Observed, now: Timestamp) -> Decision {
    let clock = Clock::read(policy, facts, now);
    if !observed.started {
        return Decision { action: Action::HandsOff, reason: Reason::NotStarted, until: None };
    }
    if let Some(frozen) = facts.frozen.as_ref().filter(|frozen| frozen.at > now) {
        let reason = Reason::Frozen { by: frozen.by.clone(), until: frozen.at };
        return Decision { action: Action::HandsOff, reason, until: Some(frozen.at) };
    }
    let manual = facts.manual_override.as_ref().filter(|manual| manual.expiry.at > now);
    let manual_reason = manual.map(|manual| Reason::Override {
        kind: manual.kind,
        by: manual.expiry.by.clone(),
        until: manual.expiry.at,
    });
    let budget = facts.budget.as_ref().filter(|restriction| restriction.until > now);
    let (asleep, reason) = match (manual.map(|manual| manual.kind), manual_reason, budget) {
        (Some(OverrideKind::Hold), Some(reason), _) => {
            return Decision { action: Action::HandsOff, reason, until: clock.until };
        }
        (Some(OverrideKind::Sleep), Some(reason), _) => (true, reason),
        (Some(OverrideKind::Wake), Some(reason), _) => (false, reason),
        (_, _, Some(restriction)) if restriction.scale_to_zero => {
            (true, Reason::Budget { reached_percent: restriction.reached_percent })
        }
        _ if clock.night => (true, Reason::Night),
        (_, _, budget) => (
            false,
            awake_reason(
                policy,
                facts,
                budget.and_then(|restriction| restriction.max_tasks.map(|_| restriction.reached_percent)),
                now,
            ),
        ),
    };
    let bounds = match asleep {
        true => Bounds::ASLEEP,
        false => awake(policy, facts, manual.is_none(), now),
    };
    let wanted = Capacity {
        desired: observed.desired.clamp(bounds.min, bounds.max),
        bounds,
        strategy: strategy(policy, facts, observed, asleep, now),
    };
    let kept = wanted.desired == observed.desired
        && observed.bounds.is_none_or(|bounds| bounds == wanted.bounds)
        && wanted.strategy == observed.strategy;
    let action = if kept { Action::Keep } else { Action::Set(wanted) };
    Decision { action, reason, until: clock.until }
}

/// Bounds of a service that is awake: the baseline, lowered by the budget, raised by an alarm, within both.
fn awake(policy: &CapacityPolicy, facts: &Facts, budget_counts: bool, now: Timestamp) -> Bounds {
    let baseline = policy.baseline;
    let floor = policy.floor.unwrap_or(baseline.min);
    let restriction = facts.budget.as_ref().filter(|restriction| budget_counts && restriction.until > now);
    let max = match restriction.and_then(|restriction| restriction.max_tasks) {
        Some(max_tasks) => max_tasks.max(floor).min(baseline.max),
        None => baseline.max,
    };
    let boost = facts.boost(now).map_or(0, |boost| boost.min);
    Bounds { min: baseline.min.max(boost).min(max), max, scaling: Scaling::Active }
}

/// The most tasks that a service may run at `now`, when it is awake.
pub fn max_tasks(policy: &CapacityPolicy, facts: &Facts, now: Timestamp) -> u32 {
    let overridden = facts.manual_override.as_ref().is_some_and(|manual| manual.expiry.at > now);
    awake(policy, facts, !overridden, now).max
}

fn awake_reason(policy: &CapacityPolicy, facts: &Facts, restriction: Option<u32>, now: Timestamp) -> Reason {
    match (restriction, facts.boost(now)) {
        (Some(reached_percent), _) => Reason::Budget { reached_percent },
        (None, Some(boost)) if boost.min > policy.baseline.min => {
            Reason::Boost { by: boost.expiry.by.clone(), min: boost.min.min(policy.baseline.max) }
        }
        (None, _) => Reason::Baseline,
    }
}

/// Where tasks should run. A change replaces every task, so none is made during a rollout, and a sleeping service keeps
/// what it has until it wakes.
fn strategy(policy: &CapacityPolicy, facts: &Facts, observed: &Observed, asleep: bool, now: Timestamp) -> Strategy {
    let spot_only = facts.budget.as_ref().is_some_and(|restriction| restriction.until > now && restriction.spot_only);
    let wanted = policy.spot.map(|spot| match spot.mode {
        SpotMode::Off => Strategy::OnDemand,
        SpotMode::Only => Strategy::Spot { base: 0 },
        SpotMode::Prefer if spot_only => Strategy::Spot { base: 0 },
        SpotMode::Prefer if facts.spot.available(now) => Strategy::Spot { base: spot.base },
        SpotMode::Prefer => Strategy::OnDemand,
    });
    wanted.filter(|_| !asleep && !observed.rollout_in_flight).unwrap_or_else(|| observed.strategy.clone())
}

/// What the clock says, and when any of it ends.
struct Clock {
    night: bool,
    until: Option<Timestamp>,
}

impl Clock {
    fn read(policy: &CapacityPolicy, facts: &Facts, now: Timestamp) -> Clock {
        let longer = facts
            .budget
            .as_ref()
            .filter(|restriction| restriction.until > now)
            .map_or(0, |restriction| restriction.longer_downtime_minutes);
        let night = |sleep: &Sleep| match longer {
            0 => sleep.at(now),
            minutes => sleep.longer(minutes).at(now),
        };
        let night = policy.sleep.as_ref().map_or(Night { asleep: false, until: None }, night);
        let boosts = facts.boosts.values().map(|boost| Some(boost.expiry.at));
        let ends = [
            night.until,
            facts.frozen.as_ref().map(|frozen| frozen.at),
            facts.manual_override.as_ref().map(|manual| manual.expiry.at),
            facts.budget.as_ref().map(|restriction| restriction.until),
            facts.spot.retry_at,
        ];
        Clock { night: night.asleep, until: ends.into_iter().chain(boosts).flatten().filter(|end| *end > now).min() }
    }
}

impl Bounds {
    /// Bounds of a service that sleeps: nothing may wake it but a decision.
    pub const ASLEEP: Bounds = Bounds { min: 0, max: 0, scaling: Scaling::Suspended };
}

impl Decision {
    /// Stable name of what is done, for logs and metrics.
    pub fn label(&self, observed: &Observed) -> &'static str {
        match &self.action {
            Action::Keep => "keep",
            Action::HandsOff => "hands_off",
            Action::Set(capacity) if capacity.desired < observed.desired => "down",
            Action::Set(capacity) if capacity.desired > observed.desired => "up",
            Action::Set(_) => "set",
        }
    }
}

impl Reason {
    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Reason::NotStarted => "not_started",
            Reason::Frozen { .. } => "frozen",
            Reason::Override { kind: OverrideKind::Wake, .. } => "manual_awake",
            Reason::Override { kind: OverrideKind::Sleep, .. } => "manual_asleep",
            Reason::Override { kind: OverrideKind::Hold, .. } => "manual_hold",
            Reason::Budget { .. } => "budget",
            Reason::Night => "night",
            Reason::Boost { .. } => "boost",
            Reason::Baseline => "baseline",
        }
    }
}

impl Reason {
    /// The sentence that an operator reads, with moments as `time` writes them.
    pub fn sentence(&self, time: impl Fn(Timestamp) -> String) -> String {
        match self {
            Reason::NotStarted => "it never ran: the first push starts it".into(),
            Reason::Frozen { by, until } => format!("{by} froze it until {}", time(*until)),
            Reason::Override { kind: OverrideKind::Wake, by, until } => {
                format!("{by} wants it awake until {}", time(*until))
            }
            Reason::Override { kind: OverrideKind::Sleep, by, until } => {
                format!("{by} wants it asleep until {}", time(*until))
            }
            Reason::Override { kind: OverrideKind::Hold, by, until } => {
                format!("{by} holds it as it is until {}", time(*until))
            }
            Reason::Budget { reached_percent } => format!("{reached_percent} % of the budget is spent"),
            Reason::Night => "it is night".into(),
            Reason::Boost { by, min } => format!("{by} rings: at least {min} tasks"),
            Reason::Baseline => "its baseline applies".into(),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence(format_time))
    }
}
