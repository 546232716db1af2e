//! The decision. Precedence: frozen > override > budget > scheduled downtime > alarm boost > baseline.

use jiff::{SignedDuration, Timestamp};

use super::decision::{Action, Capacity, Decision, Target};
use super::facts::{BudgetRestriction, Facts, Override, OverrideKind};
use super::observed::Observed;
use super::policy::CapacityPolicy;
use super::range::range;
use super::reason::Reason;
use super::sleep::Downtime;
use super::strategy::strategy;

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
    let (desired, bounds) = range(policy, facts, observed, target, now);
    let wanted = Capacity { desired, bounds, strategy: strategy(policy, facts, observed, (desired, downtime), now) };
    let kept = wanted.desired == observed.desired
        && observed.bounds.is_none_or(|bounds| bounds == wanted.bounds)
        && wanted.strategy == observed.strategy;
    let action = if kept { Action::Keep } else { Action::Set(wanted) };
    Decision { action, reason, until }
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
    Reason::Override {
        kind: in_force.kind,
        by: in_force.expiry.by.clone(),
        until: in_force.expiry.at,
        reason: in_force.reason.clone(),
    }
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
