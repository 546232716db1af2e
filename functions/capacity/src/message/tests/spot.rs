//! Moves between Fargate Spot and on-demand.

use insta::assert_snapshot;
use planner::capacity::{Facts, Move, MoveFailure, MoveOutcome, ProviderChange, SpotEvent, SpotState};
use planner::model::{Strategy, TasksByProvider};

use super::{at, cost, email};

#[test]
fn moving_to_on_demand_after_a_spot_shortage() {
    let spot = SpotState::default().after(SpotEvent::NoCapacity, 1, at(11));
    assert_snapshot!(email(|say| say.provider_change(ProviderChange::ToOnDemand, &spot, Some(&cost()))), @"
    Moving to on-demand: crawler, Spot shortage [huskit prod]

    Fargate Spot has been short of capacity for crawler since 2026-11-21 21:11 UTC. ECS replaces its tasks with on-demand tasks.

    Spot hold-down  until 2026-11-21 22:11 UTC
    costs           $0.0680 an hour more (estimate)
    ");
}

#[test]
fn moving_back_to_spot() {
    let spot = SpotState::default().after(SpotEvent::NoCapacity, 1, at(-60));
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
    let facts = Facts { spot: SpotState::default().after(SpotEvent::NoCapacity, 1, at(11)), ..Facts::default() };
    assert_snapshot!(email(|say| say.spot_unavailable(&facts, TasksByProvider { on_demand: 0, spot: 1 })), @r#"
    No Spot capacity: crawler [huskit prod]

    Fargate Spot has had no capacity for crawler since 2026-11-21 21:11 UTC. The service stays on Spot: a budget restriction keeps it there.

    running tasks  1

    Next
    - If fewer tasks are acceptable, do nothing: ECS starts tasks when Spot has capacity again.
    - To lift the budget restriction, send the request {"action":"lift","budget":"<budget>","by":"<you>"}
    "#);
}

#[test]
fn a_move_that_failed() {
    let failed = Move {
        from: Strategy::OnDemand,
        to: Strategy::Spot { base: 0 },
        images: String::new(),
        since: at(0),
        replaces: None,
        failed_before: 0,
        requests: 1,
        outcome: MoveOutcome::Failed { at: at(12), why: MoveFailure::RolledBack, retry_at: at(27) },
    };
    let spot = SpotState::default().after(SpotEvent::NoCapacity, 1, at(12));
    assert_snapshot!(email(|say| say.move_failed(&failed, &spot)), @r#"
    Move failed: crawler stays on FARGATE [huskit prod]

    crawler did not move from FARGATE to FARGATE_SPOT: the deployment failed, or the service has its previous capacity provider strategy again. The automation keeps it on FARGATE and tries again at 2026-11-21 22:12 UTC.

    move since  2026-11-21 21:00 UTC

    Next
    - Read the service events of crawler: aws ecs describe-services --cluster huskit-prod --services crawler --query "services[0].events[:5]"
    - If it keeps failing, set `spot.mode` in the fleet document to `off` to stay on demand, and deploy.
    "#);
}

#[test]
fn on_demand_for_lack_of_spot_capacity() {
    let facts = Facts { spot: SpotState::default().after(SpotEvent::NoCapacity, 1, at(11)), ..Facts::default() };
    assert_snapshot!(email(|say| say.spot_unavailable(&facts, TasksByProvider { on_demand: 2, spot: 0 })), @"
    On demand for lack of Spot capacity: crawler [huskit prod]

    Fargate Spot has had no capacity for crawler since 2026-11-21 21:11 UTC. Its tasks stay on demand until Spot is tried again at 2026-11-21 22:11 UTC, although a budget restriction requires Spot.

    running tasks  2
    ");
}
