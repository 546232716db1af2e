//! Spot runs dry, takes tasks back, and is tried again.

use serde_json::{Value, json};

use super::{CLUSTER, CRAWLER, ON_DEMAND, SPOT, World, asleep, awake, told_once, world, writes};

impl World {
    /// Spot takes its tasks back, and ECS goes on.
    fn interrupt(&self) {
        for warning in self.cloud.interrupt(CLUSTER, CRAWLER).unwrap() {
            self.deliver(&warning);
        }
        self.settle();
    }

    /// Spot runs dry while it takes the tasks back.
    fn dry(&self) {
        self.cloud.set_spot(false).unwrap();
        self.interrupt();
    }

    /// ECS says that it finds no capacity of a provider.
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
fn a_shortage_moves_it_to_on_demand_and_an_hour_later_it_returns() {
    let mut world = world();
    world.dry();
    assert_eq!(world.capacity(), awake(ON_DEMAND));
    told_once(&world.subjects(), "Moving to on-demand: crawler");
    world.cloud.set_spot(true).unwrap();
    world.pass(55);
    world.tick();
    world.settle();
    assert_eq!(world.capacity(), awake(ON_DEMAND));
    world.pass(5);
    world.calls();
    world.tick();
    assert_eq!(writes(&world.calls()), ["UpdateService"]);
    world.settle();
    assert_eq!(world.capacity(), awake(SPOT));
    told_once(&world.subjects(), "Moving to Fargate Spot: crawler");
}

#[test]
fn the_hold_down_doubles_while_spot_stays_dry_and_its_tasks_run_on() {
    let mut world = world();
    world.dry();
    world.pass(60);
    // The return finds no Spot: what runs on demand goes on running, and is gone back to.
    world.tick();
    world.settle();
    assert_eq!(world.capacity(), awake(ON_DEMAND));
    for _ in 0..2 {
        world.pass(55);
        world.tick();
        world.settle();
        assert_eq!(world.capacity(), awake(ON_DEMAND));
    }
    world.cloud.set_spot(true).unwrap();
    world.pass(10);
    world.tick();
    world.settle();
    assert_eq!(world.capacity(), awake(SPOT));
}

#[test]
fn one_interruption_moves_nothing_and_three_in_half_an_hour_do() {
    let mut world = world();
    for _ in 0..2 {
        world.interrupt();
        assert_eq!(world.capacity(), awake(SPOT));
        world.pass(10);
    }
    assert_eq!(world.subjects(), Vec::<String>::new());
    world.interrupt();
    assert_eq!(world.capacity(), awake(ON_DEMAND));
    told_once(&world.subjects(), "Moving to on-demand: crawler");
}

#[test]
fn the_same_shortage_told_again_and_one_on_demand_move_nothing() {
    let mut world = world();
    world.deliver(&world.shortage(ON_DEMAND));
    world.settle();
    assert_eq!(world.capacity(), awake(SPOT));
    world.dry();
    world.calls();
    world.messages();
    for _ in 0..3 {
        world.pass(1);
        world.deliver(&world.shortage(SPOT));
        world.deliver(&world.shortage(ON_DEMAND));
    }
    world.settle();
    assert_eq!((writes(&world.calls()), world.subjects()), (vec![], vec![]));
    assert_eq!(world.capacity(), awake(ON_DEMAND));
}

#[test]
fn a_shortage_does_not_wake_it_and_the_morning_knows_of_it() {
    let mut world = world();
    world.pass_to("22:00");
    world.fire("night-start");
    world.pass_to("05:30");
    world.calls();
    world.cloud.set_spot(false).unwrap();
    world.deliver(&world.shortage(SPOT));
    assert_eq!(writes(&world.calls()), Vec::<&str>::new());
    assert_eq!(world.capacity(), asleep());
    world.pass_to("06:00");
    world.fire("night-end");
    world.settle();
    assert_eq!(world.capacity(), awake(ON_DEMAND));
}

#[test]
fn it_is_not_moved_during_a_rollout() {
    let mut world = world();
    let image = world.push(None);
    world.calls();
    world.deliver(&world.shortage(SPOT));
    assert_eq!(writes(&world.calls()), Vec::<&str>::new(), "a rollout is on its way");
    world.settle();
    assert_eq!(world.capacity(), awake(ON_DEMAND), "the end of the rollout is an event");
    assert_eq!(world.cloud.running(CLUSTER, CRAWLER).unwrap().digests, [image.digest]);
}
