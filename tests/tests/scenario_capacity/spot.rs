//! Spot has no capacity, interrupts tasks, and is tried again.

use serde_json::{Value, json};

use super::{CLUSTER, CRAWLER, ON_DEMAND, SPOT, World, announced_once, at_baseline, scaled_to_zero, world, writes};

impl World {
    /// Spot interrupts the tasks, and ECS replaces them.
    fn interrupt(&self) {
        for warning in self.cloud.interrupt(CLUSTER, CRAWLER).unwrap() {
            self.deliver(&warning);
        }
        self.settle();
    }

    /// Spot interrupts the tasks and has no capacity.
    fn exhaust_spot(&self) {
        self.cloud.set_spot(false).unwrap();
        self.interrupt();
    }

    /// The ECS event that a provider has no capacity.
    pub(super) fn shortage(&self, provider: &str) -> Value {
        let prefix = format!("arn:aws:ecs:{}:{}", self.cloud.address.region, self.cloud.address.account);
        let detail = json!({
            "eventType": "ERROR",
            "eventName": "SERVICE_TASK_PLACEMENT_FAILURE",
            "clusterArn": format!("{prefix}:cluster/{CLUSTER}"),
            "capacityProviderArns": [format!("{prefix}:capacity-provider/{provider}")],
            "reason": "RESOURCE:FARGATE",
        });
        let service = json!([format!("{prefix}:service/{CLUSTER}/{CRAWLER}")]);
        self.cloud.event("aws.ecs", "ECS Service Action", service, detail)
    }
}

#[test]
fn a_shortage_moves_it_to_on_demand_and_an_hour_later_back() {
    let mut world = world();
    world.exhaust_spot();
    assert_eq!(world.capacity(), at_baseline(ON_DEMAND));
    announced_once(&world.subjects(), "Moving to on-demand: crawler");
    world.cloud.set_spot(true).unwrap();
    world.pass(55);
    world.tick();
    world.settle();
    assert_eq!(world.capacity(), at_baseline(ON_DEMAND));
    world.pass(5);
    world.calls();
    world.tick();
    assert_eq!(writes(&world.calls()), ["UpdateService"]);
    world.settle();
    assert_eq!(world.capacity(), at_baseline(SPOT));
    announced_once(&world.subjects(), "Moving to Fargate Spot: crawler");
}

#[test]
fn the_hold_down_doubles_while_spot_has_no_capacity_and_on_demand_tasks_keep_running() {
    let mut world = world();
    world.exhaust_spot();
    world.pass(60);
    // Spot has no capacity at the return: the on-demand tasks keep running, and the service moves back to on-demand.
    world.tick();
    world.settle();
    assert_eq!(world.capacity(), at_baseline(ON_DEMAND));
    for _ in 0..2 {
        world.pass(55);
        world.tick();
        world.settle();
        assert_eq!(world.capacity(), at_baseline(ON_DEMAND));
    }
    world.cloud.set_spot(true).unwrap();
    world.pass(10);
    world.tick();
    world.settle();
    assert_eq!(world.capacity(), at_baseline(SPOT));
}

#[test]
fn one_interruption_moves_nothing_and_three_in_half_an_hour_do() {
    let mut world = world();
    for _ in 0..2 {
        world.interrupt();
        assert_eq!(world.capacity(), at_baseline(SPOT));
        world.pass(10);
    }
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.interrupt();
    assert_eq!(world.capacity(), at_baseline(ON_DEMAND));
    announced_once(&world.subjects(), "Moving to on-demand: crawler");
}

#[test]
fn a_repeated_shortage_and_one_of_on_demand_move_nothing() {
    let mut world = world();
    world.deliver(&world.shortage(ON_DEMAND));
    world.settle();
    assert_eq!(world.capacity(), at_baseline(SPOT));
    world.exhaust_spot();
    world.calls();
    world.messages();
    for _ in 0..3 {
        world.pass(1);
        world.deliver(&world.shortage(SPOT));
        world.deliver(&world.shortage(ON_DEMAND));
    }
    world.settle();
    assert_eq!((writes(&world.calls()), world.subjects()), (vec![], vec![]));
    assert_eq!(world.capacity(), at_baseline(ON_DEMAND));
}

#[test]
fn a_shortage_during_downtime_counts_when_it_ends() {
    let mut world = world();
    world.pass_to("22:00");
    world.fire("downtime-start");
    world.pass_to("05:30");
    world.calls();
    world.cloud.set_spot(false).unwrap();
    world.deliver(&world.shortage(SPOT));
    assert_eq!(writes(&world.calls()), Vec::<&str>::new());
    assert_eq!(world.capacity(), scaled_to_zero());
    world.pass_to("06:00");
    world.fire("downtime-end");
    world.settle();
    assert_eq!(world.capacity(), at_baseline(ON_DEMAND));
}

#[test]
fn it_is_not_moved_during_a_rollout() {
    let mut world = world();
    let image = world.push(None);
    world.calls();
    world.deliver(&world.shortage(SPOT));
    assert_eq!(writes(&world.calls()), Vec::<&str>::new(), "a rollout is in progress");
    world.settle();
    // The event that ends the rollout goes to both functions in any order; if capacity is first, its tick moves it.
    world.pass(5);
    world.tick();
    world.settle();
    assert_eq!(world.capacity(), at_baseline(ON_DEMAND), "at the next tick after the rollout at the latest");
    assert_eq!(world.cloud.running(CLUSTER, CRAWLER).unwrap().digests, [image.digest]);
}
