//! What holds for every combination of policy, facts and clock.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

prop_compose! {
    fn any_until()(hours in -30i64..30) -> Expiry {
        until(hours)
    }
}

prop_compose! {
    fn any_facts()(
        frozen in prop::option::of(any_until()),
        manual in prop::option::of((prop::sample::select(vec![OverrideKind::Wake, OverrideKind::Sleep, OverrideKind::Hold]), any_until())),
        boosts in prop::collection::btree_map("[ab]", (0u32..9, any_until()), 0..3),
        budget in prop::option::of((any::<bool>(), any::<bool>(), 0u32..180, prop::option::of(0u32..9), any_until())),
        short in prop::option::of(-20i64..20),
    ) -> Facts {
        Facts {
            frozen,
            manual_override: manual.map(|(kind, expiry)| Override { kind, expiry, reason: None }),
            boosts: boosts.into_iter().map(|(name, (min, expiry))| (name, Boost { min, expiry })).collect(),
            budget: budget.map(|(scale_to_zero, spot_only, longer_downtime_minutes, max_tasks, until)| BudgetRestriction {
                scale_to_zero, spot_only, longer_downtime_minutes, max_tasks, until: until.at, ..restriction()
            }),
            spot: short.map_or(SpotState::default(), |hours| {
                SpotState::default().after(SpotEvent::NoCapacity, 1, midnight() + SignedDuration::from_hours(hours))
            }),
            provider_move: None,
            range: WrittenRange::default(),
        }
    }
}

prop_compose! {
    fn any_policy()(min in 0u32..4, more in 0u32..5, floor in prop::option::of(0u32..6), scheduled in any::<bool>(),
        mode in prop::sample::select(vec![SpotMode::Off, SpotMode::Prefer, SpotMode::Only]), base in 0u32..2, managed in any::<bool>()) -> CapacityPolicy {
        let downtime = policy().sleep.filter(|_| scheduled);
        CapacityPolicy { baseline: baseline(min, min + more), sleep: downtime, spot: managed.then_some(SpotPolicy { mode, base }), floor }
    }
}

prop_compose! {
    fn any_observed()(
        desired in 0u32..9, low in 0u32..9, high in 0u32..9,
        scaling in prop::sample::select(vec![Scaling::Active, Scaling::Partly, Scaling::Suspended]), rollout_in_flight in any::<bool>(), lacks_tasks in any::<bool>(), asleep in any::<bool>(),
    ) -> Observed {
        let bounds = Some(Bounds { min: low.min(high), max: low.max(high), scaling });
        Observed { desired, bounds, strategy: Placement::OnDemand, rollout_in_flight, lacks_tasks, asleep, started: true, ..Observed::default() }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn holds_for_every_policy_fact_and_clock(
        policy in any_policy(), facts in any_facts(), observed in any_observed(), minutes in -1800i64..1800,
    ) {
        let now = midnight() + SignedDuration::from_mins(minutes);
        let decision = plan(&policy, &facts, &observed, now);

        // Idempotent: plan after apply is keep.
        let after = applied(&observed, &decision);
        let again = plan(&policy, &facts, &after, now);
        prop_assert!(matches!(again.action, Action::Keep | Action::LeaveUnchanged), "{again:?}");
        prop_assert_eq!(&again.reason, &decision.reason);

        // Tasks that run do not move to a Spot that has no capacity.
        if let (Action::Set(wanted), false) = (&decision.action, facts.spot.available(now)) {
            prop_assert!(observed.desired == 0 || !wanted.strategy.is_spot());
        }

        // Within the hard bounds; scaled to zero means 0/0 with scaling suspended.
        if let Action::Set(capacity) = &decision.action {
            let Capacity { bounds, desired, .. } = capacity;
            prop_assert!(bounds.max <= policy.baseline.max && bounds.min <= bounds.max);
            prop_assert!(*desired >= bounds.min && *desired <= bounds.max);
            prop_assert_eq!(bounds.scaling != Scaling::Active, *bounds == ZERO);
            prop_assert!(*bounds == ZERO || bounds.min >= policy.baseline.min.min(bounds.max));
            prop_assert!(!observed.rollout_in_flight || capacity.strategy == observed.strategy);
        }

        // A total order: the strongest fact that holds is the reason, regardless of the weaker ones.
        let holds = |until: &Expiry| until.at > now;
        if facts.frozen.as_ref().is_some_and(holds) {
            prop_assert_eq!(decision.reason.label(), "frozen");
        } else if facts.manual_override.as_ref().is_some_and(|manual| holds(&manual.expiry)) {
            prop_assert!(decision.reason.label().starts_with("override_"));
        } else if facts.budget.as_ref().is_some_and(|restriction| restriction.until > now && restriction.scale_to_zero) {
            prop_assert_eq!(decision.reason.label(), "budget");
        } else if facts.budget.as_ref().is_none_or(|restriction| restriction.until <= now) && policy.sleep.as_ref().is_some_and(|sleep| sleep.at(now).in_force) {
            prop_assert_eq!(decision.reason.label(), "scheduled_downtime");
        }
        if matches!(decision.reason.label(), "frozen" | "override_hold") {
            prop_assert_eq!(&decision.action, &Action::LeaveUnchanged);
        }

        // The decision holds until the moment that it names.
        if let Some(until) = decision.until {
            prop_assert!(until > now);
            let just_before = Timestamp::from_second(until.as_second() - 1).unwrap().max(now);
            prop_assert_eq!(plan(&policy, &facts, &after, just_before).reason, decision.reason);
        }
    }
}
