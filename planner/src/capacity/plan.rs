//! The decision. Precedence: frozen > override > budget > scheduled downtime > alarm boost > baseline.

use jiff::{SignedDuration, Timestamp};

use super::decision::{Action, Capacity, Decision, Target};
use super::facts::{BudgetRestriction, Facts, Override, OverrideKind};
use super::observed::{Bounds, Observed, Scaling};
use super::policy::{CapacityPolicy, SpotMode};
use super::reason::Reason;
use super::sleep::Downtime;
use crate::model::Strategy;

/// Decides about the capacity of one service.
pub fn plan(policy: &CapacityPolicy, facts: &Facts, observed: &Observed, now: Timestamp) -> Decision {
    if !observed.started {
        return Decision { action: Action::LeaveUnchanged, reason: Reason::NotStarted, until: None };
    }
    if let Some(frozen) = facts.frozen.as_ref().filter(|frozen| frozen.at > now) {
        let reason = Reason::Frozen { by: frozen.by.clone(), until: frozen.at };
        return Decision { action: Action::LeaveUnchanged, reason, until: Some(frozen.at) };
    }
    let downtime = downtime(policy, facts, now);
    let until = next_change(downtime, facts, now);
    let in_force = facts.override_at(now);
    if let Some(hold) = in_force.filter(|hold| hold.kind == OverrideKind::Hold) {
        return Decision { action: Action::LeaveUnchanged, reason: override_reason(hold), until };
    }
    let (target, reason) = target(policy, facts, downtime, now);
    let bounds = match target {
        Target::ScaledToZero => Bounds::SCALED_TO_ZERO,
        Target::Running => running_bounds(policy, facts, restriction_unless_overridden(facts, now), now),
    };
    let wanted = Capacity {
        desired: observed.desired.clamp(bounds.min, bounds.max),
        bounds,
        strategy: strategy(policy, facts, observed, target, now),
    };
    let kept = wanted.desired == observed.desired
        && observed.bounds.is_none_or(|bounds| bounds == wanted.bounds)
        && wanted.strategy == observed.strategy;
    let action = if kept { Action::Keep } else { Action::Set(wanted) };
    Decision { action, reason, until }
}

/// The maximum number of tasks at `now` while the service runs.
pub fn max_tasks(policy: &CapacityPolicy, facts: &Facts, now: Timestamp) -> u32 {
    running_bounds(policy, facts, restriction_unless_overridden(facts, now), now).max
}

/// Running or scaled to zero, by the strongest fact below a freeze and a hold.
fn target(policy: &CapacityPolicy, facts: &Facts, downtime: Downtime, now: Timestamp) -> (Target, Reason) {
    if let Some(in_force) = facts.override_at(now) {
        let target = match in_force.kind {
            OverrideKind::Sleep => Target::ScaledToZero,
            OverrideKind::Wake | OverrideKind::Hold => Target::Running,
        };
        return (target, override_reason(in_force));
    }
    let restriction = facts.restriction_at(now);
    match restriction {
        Some(restriction) if restriction.scale_to_zero => {
            (Target::ScaledToZero, Reason::Budget { reached_percent: restriction.reached_percent })
        }
        _ if downtime.in_force => (Target::ScaledToZero, Reason::ScheduledDowntime),
        _ => (Target::Running, running_reason(policy, facts, restriction, now)),
    }
}

fn running_reason(
    policy: &CapacityPolicy,
    facts: &Facts,
    restriction: Option<&BudgetRestriction>,
    now: Timestamp,
) -> Reason {
    match (restriction.filter(|restriction| restriction.max_tasks.is_some()), facts.boost(now)) {
        (Some(restriction), _) => Reason::Budget { reached_percent: restriction.reached_percent },
        (None, Some(boost)) if boost.min > policy.baseline.min => {
            Reason::Boost { by: boost.expiry.by.clone(), min: boost.min.min(policy.baseline.max) }
        }
        (None, _) => Reason::Baseline,
    }
}

fn override_reason(in_force: &Override) -> Reason {
    Reason::Override { kind: in_force.kind, by: in_force.expiry.by.clone(), until: in_force.expiry.at }
}

/// The budget restriction that lowers the maximum: an override is stronger.
fn restriction_unless_overridden(facts: &Facts, now: Timestamp) -> Option<&BudgetRestriction> {
    facts.restriction_at(now).filter(|_| facts.override_at(now).is_none())
}

/// The baseline, its maximum lowered by the budget, its minimum raised by an alarm, within both.
fn running_bounds(
    policy: &CapacityPolicy,
    facts: &Facts,
    restriction: Option<&BudgetRestriction>,
    now: Timestamp,
) -> Bounds {
    let baseline = policy.baseline;
    let floor = policy.floor.unwrap_or(baseline.min);
    let max = match restriction.and_then(|restriction| restriction.max_tasks) {
        Some(max_tasks) => max_tasks.max(floor).min(baseline.max),
        None => baseline.max,
    };
    let boost = facts.boost(now).map_or(0, |boost| boost.min);
    Bounds { min: baseline.min.max(boost).min(max), max, scaling: Scaling::Active }
}

/// The capacity provider strategy. A change replaces every task: none is made during a rollout, and a service that is
/// scaled to zero keeps its strategy until it runs again.
fn strategy(policy: &CapacityPolicy, facts: &Facts, observed: &Observed, target: Target, now: Timestamp) -> Strategy {
    let spot_only = facts.restriction_at(now).is_some_and(|restriction| restriction.spot_only);
    let wanted = policy.spot.map(|spot| match spot.mode {
        SpotMode::Off => Strategy::OnDemand,
        SpotMode::Only => Strategy::Spot { base: 0 },
        SpotMode::Prefer if spot_only => Strategy::Spot { base: 0 },
        SpotMode::Prefer if facts.spot.available(now) => Strategy::Spot { base: spot.base },
        SpotMode::Prefer => Strategy::OnDemand,
    });
    let may_change = target == Target::Running && !observed.rollout_in_flight;
    wanted.filter(|_| may_change).unwrap_or_else(|| observed.strategy.clone())
}

/// The scheduled downtime at `now`, longer where a budget restriction says so.
fn downtime(policy: &CapacityPolicy, facts: &Facts, now: Timestamp) -> Downtime {
    let longer = facts.restriction_at(now).map_or(0, |restriction| restriction.longer_downtime_minutes);
    let sleep = policy.sleep.as_ref();
    sleep.map_or(Downtime { in_force: false, until: None }, |sleep| {
        sleep.longer_at(now, SignedDuration::from_mins(longer.into()))
    })
}

/// When the first of the downtime and the facts begins or ends.
fn next_change(downtime: Downtime, facts: &Facts, now: Timestamp) -> Option<Timestamp> {
    downtime.until.into_iter().chain(facts.ends()).filter(|end| *end > now).min()
}
