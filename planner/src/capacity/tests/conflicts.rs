//! Scheduled downtime, budget, alarms, Spot, requests and rollouts at once, in any order, some of them twice: the outcome
//! does not depend on the order.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;

/// Something that arrives.
#[derive(Clone, Debug)]
enum Arrival {
    Override(OverrideKind),
    Budget { scale_to_zero: bool, spot_only: bool, max_tasks: Option<u32> },
    Boost(u32),
    Shortage,
    RolloutStarts,
    Tick,
}

/// A service and its facts.
struct ServiceState {
    facts: Facts,
    observed: Observed,
}

impl ServiceState {
    fn new() -> ServiceState {
        ServiceState { facts: Facts::default(), observed: observed(1, 1, 3) }
    }

    fn arrive(&mut self, arrival: &Arrival, now: Timestamp) {
        let until = Expiry { at: now + SignedDuration::from_hours(2), by: "anna".into() };
        match arrival {
            Arrival::Override(kind) => {
                self.facts.manual_override = Some(Override { kind: *kind, expiry: until, reason: None })
            }
            Arrival::Budget { scale_to_zero, spot_only, max_tasks } => {
                let (scale_to_zero, spot_only, max_tasks) = (*scale_to_zero, *spot_only, *max_tasks);
                self.facts.budget =
                    Some(BudgetRestriction { scale_to_zero, spot_only, max_tasks, until: until.at, ..restriction() });
            }
            Arrival::Boost(min) => drop(self.facts.boosts.insert("cpu".into(), Boost { min: *min, expiry: until })),
            Arrival::Shortage => self.facts.spot = self.facts.spot.after(SpotEvent::NoCapacity, 1, now),
            Arrival::RolloutStarts => self.observed.rollout_in_flight = true,
            Arrival::Tick => {}
        }
        self.settle(now);
    }

    fn settle(&mut self, now: Timestamp) {
        self.observed = applied(&self.observed, &plan(&policy(), &self.facts, &self.observed, now));
    }
}

fn any_arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let kinds = prop::sample::select(vec![OverrideKind::Wake, OverrideKind::Sleep]);
    let budget = (any::<bool>(), any::<bool>(), prop::option::of(1u32..4))
        .prop_map(|(scale_to_zero, spot_only, max_tasks)| Arrival::Budget { scale_to_zero, spot_only, max_tasks });
    (
        prop::option::of(kinds.prop_map(Arrival::Override)),
        prop::option::of(budget),
        prop::option::of((1u32..6).prop_map(Arrival::Boost)),
        prop::option::of(Just(Arrival::Shortage)),
        prop::option::of(Just(Arrival::RolloutStarts)),
    )
        .prop_map(|(manual, budget, boost, shortage, rollout)| {
            [manual, budget, boost, shortage, rollout, Some(Arrival::Tick)].into_iter().flatten().collect()
        })
}

/// The same arrivals in two orders, the second with some of them twice.
fn any_two_orders() -> impl Strategy<Value = (Vec<Arrival>, Vec<Arrival>)> {
    any_arrivals().prop_flat_map(|arrivals| {
        let twice = prop::sample::subsequence(arrivals.clone(), 0..=arrivals.len());
        (Just(arrivals.clone()).prop_shuffle(), twice).prop_flat_map(|(first, twice)| {
            let second: Vec<Arrival> = first.iter().chain(&twice).cloned().collect();
            (Just(first), Just(second).prop_shuffle())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn what_arrives_in_any_order_and_twice_comes_to_the_same(
        (first, second) in any_two_orders(), minute in 0i64..1440,
    ) {
        let now = noon() + SignedDuration::from_mins(minute);
        let end = |arrivals: &[Arrival]| {
            let mut state = ServiceState::new();
            for arrival in arrivals {
                state.arrive(arrival, now);
            }
            state.observed.rollout_in_flight = false;
            state.settle(now);
            state
        };
        let (mut one, mut other) = (end(&first), end(&second));
        prop_assert_eq!(&one.facts, &other.facts);
        prop_assert_eq!((one.observed.desired, one.observed.bounds), (other.observed.desired, other.observed.bounds));
        // A service that is scaled to zero keeps its strategy until it runs again, and one that is to stay on Spot keeps
        // it while Spot has no capacity: where its tasks are then, they stay.
        let spot_only = one.facts.restriction_at(now).is_some_and(|restriction| restriction.spot_only);
        if one.observed.desired > 0 && (one.facts.spot.available(now) || !spot_only) {
            prop_assert_eq!(&one.observed, &other.observed);
        }
        let day_after_tomorrow = noon() + SignedDuration::from_hours(48);
        one.settle(day_after_tomorrow);
        other.settle(day_after_tomorrow);
        prop_assert_eq!(&one.observed, &other.observed);
        prop_assert_eq!(one.observed.bounds, Some(Bounds { min: 1, max: 3, scaling: Scaling::Active }));
        prop_assert_eq!(&one.observed.strategy, &Placement::Spot { base: 0 });
    }
}
