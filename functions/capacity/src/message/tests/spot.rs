//! Moves between Fargate Spot and on-demand.

use insta::assert_snapshot;
use planner::capacity::{Facts, ProviderChange, SpotEvent, SpotState};
use planner::model::TasksByProvider;

use super::{at, cost, email};

#[test]
fn moving_to_on_demand_after_a_spot_shortage() {
    let spot = SpotState::default().after(SpotEvent::NoCapacity, at(11));
    assert_snapshot!(email(|say| say.provider_change(ProviderChange::ToOnDemand, &spot, Some(&cost()))), @"
    Moving to on-demand: crawler, Spot shortage [huskit prod]

    Fargate Spot has been short of capacity for crawler since 2026-11-21 21:11 UTC. ECS replaces its tasks with on-demand tasks.

    Spot hold-down  until 2026-11-21 22:11 UTC
    costs           $0.0680 an hour more (estimate)
    ");
}

#[test]
fn moving_back_to_spot() {
    let spot = SpotState::default().after(SpotEvent::NoCapacity, at(-60));
    assert_snapshot!(email(|say| say.provider_change(ProviderChange::ToSpot, &spot, Some(&cost()))), @"
    Moving to Fargate Spot: crawler [huskit prod]

    The Spot hold-down of crawler has ended; the last shortage was at 2026-11-21 20:00 UTC. ECS replaces its tasks with Spot tasks.

    saves  $0.0680 an hour (estimate)
    ");
}

#[test]
fn moving_to_on_demand_for_good() {
    assert_snapshot!(email(|say| say.provider_change(ProviderChange::ToOnDemand, &SpotState::default(), None)), @"
    Moving to on-demand: crawler [huskit prod]

    The fleet document no longer sets Fargate Spot for crawler. ECS replaces its tasks with on-demand tasks.
    ");
}

#[test]
fn no_spot_capacity() {
    let facts = Facts { spot: SpotState::default().after(SpotEvent::NoCapacity, at(11)), ..Facts::default() };
    assert_snapshot!(email(|say| say.spot_unavailable(&facts, TasksByProvider { on_demand: 0, spot: 1 })), @r#"
    No Spot capacity: crawler [huskit prod]

    Fargate Spot has had no capacity for crawler since 2026-11-21 21:11 UTC. The service stays on Spot: a budget restriction keeps it there.

    running tasks  1

    Next
    - If fewer tasks are acceptable, do nothing: ECS starts tasks when Spot has capacity again.
    - To lift the budget restriction, send the request {"action":"lift","budget":"<budget>","by":"<you>"}
    "#);
}
