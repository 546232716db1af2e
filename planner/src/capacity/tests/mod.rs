//! The planner's rules.

mod conflicts;
mod follow_up;
mod moves;
mod properties;
mod range;
mod spot;
mod transitions;

use super::*;
use crate::model::Strategy as Placement;
use jiff::{SignedDuration, Timestamp};

/// Midday, Berlin winter time is one hour ahead: the downtime of the policy is 21:00 to 05:00 UTC.
fn noon() -> Timestamp {
    "2026-11-18T12:00:00Z".parse().unwrap()
}

fn midnight() -> Timestamp {
    "2026-11-18T23:00:00Z".parse().unwrap()
}

fn policy() -> CapacityPolicy {
    let downtime = r#"{"zone":"Europe/Berlin","windows":[{"from":"22:00","to":"06:00"}]}"#;
    CapacityPolicy {
        baseline: baseline(1, 3),
        sleep: Some(serde_json::from_str(downtime).unwrap()),
        spot: Some(SpotPolicy { mode: SpotMode::Prefer, base: 0 }),
        floor: None,
    }
}

fn observed(desired: u32, min: u32, max: u32) -> Observed {
    let bounds = Some(Bounds { min, max, scaling: if max == 0 { Scaling::Suspended } else { Scaling::Active } });
    Observed { desired, bounds, strategy: Placement::Spot { base: 0 }, started: true, ..Observed::default() }
}

fn baseline(min: u32, max: u32) -> Baseline {
    Baseline { min, max, bounds: BoundsPolicy::Set }
}

fn until(hours: i64) -> Expiry {
    Expiry { at: midnight() + SignedDuration::from_hours(hours), by: "anna".into() }
}

fn manual(kind: OverrideKind) -> Facts {
    Facts { manual_override: Some(Override { kind, expiry: until(2), reason: None }), ..Facts::default() }
}

fn restriction() -> BudgetRestriction {
    BudgetRestriction {
        reached_percent: 90,
        spot_only: false,
        longer_downtime_minutes: 0,
        scale_to_zero: false,
        max_tasks: None,
        until: until(200).at,
        then: None,
    }
}

fn set(decision: Decision) -> Capacity {
    match decision.action {
        Action::Set(capacity) => capacity,
        other => panic!("{other:?}: {}", decision.reason),
    }
}

const ZERO: Bounds = Bounds::SCALED_TO_ZERO;

#[test]
fn downtime_is_zero_with_scaling_suspended_and_its_end_computes_the_range_from_policy() {
    let downtime = set(plan(&policy(), &Facts::default(), &observed(2, 1, 3), midnight()));
    assert_eq!((downtime.desired, downtime.bounds), (0, ZERO));
    let morning = set(plan(&policy(), &Facts::default(), &observed(0, 0, 0), noon()));
    assert_eq!((morning.desired, morning.bounds), (1, Bounds { min: 1, max: 3, scaling: Scaling::Active }));
}

#[test]
fn scaling_that_is_resumed_during_downtime_is_suspended_again() {
    let woken = Observed { bounds: Some(Bounds { min: 1, max: 3, scaling: Scaling::Active }), ..observed(1, 1, 3) };
    assert_eq!(set(plan(&policy(), &Facts::default(), &woken, midnight())).bounds, ZERO);
    let only_resumed = Observed { bounds: Some(Bounds { scaling: Scaling::Partly, ..ZERO }), ..observed(0, 0, 0) };
    assert_eq!(set(plan(&policy(), &Facts::default(), &only_resumed, midnight())).bounds, ZERO);
}

#[test]
fn scaling_to_zero_twice_remembers_no_wrong_number() {
    let first = set(plan(&policy(), &Facts::default(), &observed(3, 1, 3), midnight()));
    let again = Observed { desired: first.desired, bounds: Some(first.bounds), ..observed(0, 0, 0) };
    assert_eq!(plan(&policy(), &Facts::default(), &again, midnight()).action, Action::Keep);
    assert_eq!(set(plan(&policy(), &Facts::default(), &again, noon())).desired, 1);
}

#[test]
fn an_override_is_stronger_than_downtime_and_budget_and_a_hold_writes_nothing() {
    let running = set(plan(&policy(), &manual(OverrideKind::Wake), &observed(0, 0, 0), midnight()));
    assert_eq!(running.desired, 1);
    let mut facts = manual(OverrideKind::Wake);
    facts.budget = Some(BudgetRestriction { scale_to_zero: true, ..restriction() });
    assert_eq!(set(plan(&policy(), &facts, &observed(0, 0, 0), midnight())).desired, 1);
    assert_eq!(
        plan(&policy(), &manual(OverrideKind::Hold), &observed(7, 9, 9), midnight()).action,
        Action::LeaveUnchanged
    );
    facts.frozen = Some(until(1));
    assert_eq!(plan(&policy(), &facts, &observed(0, 0, 0), midnight()).reason.label(), "frozen");
}

#[test]
fn an_override_expires() {
    let later = midnight() + SignedDuration::from_hours(2);
    assert_eq!(plan(&policy(), &manual(OverrideKind::Wake), &observed(1, 1, 3), midnight()).until, Some(later));
    assert_eq!(
        plan(&policy(), &manual(OverrideKind::Wake), &observed(1, 1, 3), later).reason,
        Reason::ScheduledDowntime
    );
}

#[test]
fn a_boost_raises_the_minimum_within_the_range_and_ends_no_downtime() {
    let facts = Facts { boosts: [("cpu".to_owned(), Boost { min: 9, expiry: until(2) })].into(), ..Facts::default() };
    let boosted = set(plan(&policy(), &facts, &observed(1, 1, 3), noon()));
    assert_eq!((boosted.desired, boosted.bounds.min), (3, 3));
    assert_eq!(plan(&policy(), &facts, &observed(0, 0, 0), midnight()).reason, Reason::ScheduledDowntime);
}

#[test]
fn of_several_boosts_the_greatest_counts_until_it_ends() {
    let boosts = [("cpu", 2, 4), ("latency", 3, 2)];
    let at = |hours: i64| noon() + SignedDuration::from_hours(hours);
    let boosts = boosts.map(|(name, min, hours)| {
        let until = Expiry { at: at(hours), by: name.into() };
        (name.to_owned(), Boost { min, expiry: until })
    });
    let facts = Facts { boosts: boosts.into(), ..Facts::default() };
    let then = |hours: i64| plan(&policy(), &facts, &observed(1, 1, 3), at(hours));
    assert_eq!((set(then(0)).bounds.min, then(0).until), (3, Some(at(2))));
    assert_eq!(set(then(2)).bounds.min, 2);
    assert_eq!(then(4).action, Action::Keep);
}

#[test]
fn the_budget_lowers_the_maximum_and_never_below_the_floor() {
    let mut policy = policy();
    policy.baseline = baseline(2, 6);
    let facts = Facts { budget: Some(BudgetRestriction { max_tasks: Some(1), ..restriction() }), ..Facts::default() };
    let capacity = set(plan(&policy, &facts, &observed(5, 2, 6), noon()));
    assert_eq!((capacity.desired, capacity.bounds.max), (2, 2));
    policy.floor = Some(3);
    assert_eq!(set(plan(&policy, &facts, &observed(5, 2, 6), noon())).bounds.max, 3);
}

#[test]
fn the_budget_extends_scheduled_downtime() {
    let facts =
        Facts { budget: Some(BudgetRestriction { longer_downtime_minutes: 120, ..restriction() }), ..Facts::default() };
    let evening: Timestamp = "2026-11-18T19:30:00Z".parse().unwrap();
    assert_eq!(plan(&policy(), &Facts::default(), &observed(1, 1, 3), evening).reason, Reason::Baseline);
    assert_eq!(plan(&policy(), &facts, &observed(1, 1, 3), evening).reason, Reason::ScheduledDowntime);
}

#[test]
fn without_spot_the_service_moves_to_on_demand_and_back_after_the_hold_down() {
    let short = SpotState::default().after(SpotEvent::NoCapacity, 1, noon());
    let facts = Facts { spot: short.clone(), ..Facts::default() };
    let provider_change = set(plan(&policy(), &facts, &observed(1, 1, 3), noon()));
    assert_eq!(provider_change.strategy, Placement::OnDemand);
    let on_demand = Observed { strategy: Placement::OnDemand, ..observed(1, 1, 3) };
    assert_eq!(plan(&policy(), &facts, &on_demand, noon()).action, Action::Keep);
    let back = set(plan(&policy(), &facts, &on_demand, short.retry_at.unwrap()));
    assert_eq!(back.strategy, Placement::Spot { base: 0 });
    let only = CapacityPolicy { spot: Some(SpotPolicy { mode: SpotMode::Only, base: 0 }), ..policy() };
    assert_eq!(plan(&only, &facts, &observed(1, 1, 3), noon()).action, Action::Keep);
}

#[test]
fn a_strategy_change_waits_for_the_rollout_and_for_the_service_to_run() {
    let facts = Facts { spot: SpotState::default().after(SpotEvent::NoCapacity, 1, noon()), ..Facts::default() };
    let rolling = Observed { rollout_in_flight: true, ..observed(1, 1, 3) };
    assert_eq!(plan(&policy(), &facts, &rolling, noon()).action, Action::Keep);
    let facts = Facts { spot: SpotState::default().after(SpotEvent::NoCapacity, 1, midnight()), ..Facts::default() };
    assert_eq!(plan(&policy(), &facts, &observed(0, 0, 0), midnight()).action, Action::Keep);
}

/// What is observed after a decision was applied.
fn applied(observed: &Observed, decision: &Decision) -> Observed {
    match &decision.action {
        Action::Keep | Action::LeaveUnchanged => observed.clone(),
        Action::Set(capacity) => Observed {
            desired: capacity.desired,
            bounds: Some(capacity.bounds),
            strategy: capacity.strategy.clone(),
            ..observed.clone()
        },
    }
}

/// A service that is looked at again and again, with what is remembered of it.
struct Play {
    policy: CapacityPolicy,
    facts: Facts,
    observed: Observed,
    /// Moves that failed, each with its minute.
    failed: Vec<(i64, MoveFailure)>,
    /// Minutes at which a forced deployment was requested.
    forced: Vec<i64>,
}

impl Play {
    fn new(policy: CapacityPolicy, observed: Observed) -> Play {
        Play { policy, facts: Facts::default(), observed, failed: Vec::new(), forced: Vec::new() }
    }

    /// Looks and decides, and remembers that as the function does; nothing is written to AWS.
    fn decides(&mut self, minute: i64) -> Decision {
        let now = noon() + SignedDuration::from_mins(minute);
        self.facts.expire(now);
        if let Some(Move { outcome: MoveOutcome::Failed { why, .. }, .. }) = self.facts.observe(&self.observed, now) {
            self.failed.push((minute, why));
        }
        let decision = plan(&self.policy, &self.facts, &self.observed, now);
        self.facts.remember(&self.policy, &decision, &self.observed, now);
        if matches!(&decision.action, Action::Set(wanted) if wanted.strategy != self.observed.strategy) {
            self.forced.push(minute);
        }
        decision
    }

    /// A look whose writes ECS shows at once; a new deployment is in progress then.
    fn look(&mut self, minute: i64) -> Decision {
        let decision = self.decides(minute);
        let after = applied(&self.observed, &decision);
        if after.desired != self.observed.desired {
            self.facts.written(after.desired, noon() + SignedDuration::from_mins(minute));
        }
        if after.strategy != self.observed.strategy {
            self.deployment(minute, DeploymentProgress::InProgress);
        }
        let bounds = after.bounds.filter(|_| self.observed.bounds.is_some());
        let deployment = self.observed.deployment.clone();
        self.observed = Observed { bounds, deployment, ..after };
        decision
    }

    fn deployment(&mut self, minute: i64, progress: DeploymentProgress) {
        let created_at = noon() + SignedDuration::from_mins(minute);
        self.observed.deployment = Some(ObservedDeployment { id: format!("ecs-svc/{minute}"), created_at, progress });
    }
}

#[test]
fn a_forecast_of_a_day_has_the_begin_and_the_end_of_scheduled_downtime() {
    let day = SignedDuration::from_hours(24);
    let upcoming = forecast(&policy(), &Facts::default(), &observed(1, 1, 3), noon(), day);
    let at = |hours: i64| noon() + SignedDuration::from_hours(hours);
    let expected = [
        UpcomingChange { at: at(9), target: Target::ScaledToZero, reason: Reason::ScheduledDowntime },
        UpcomingChange { at: at(17), target: Target::Running, reason: Reason::Baseline },
    ];
    assert_eq!(upcoming, expected);
}
