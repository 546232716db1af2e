//! Spot has no capacity, interrupts tasks, and is tried again.

use serde_json::{Value, json};

use super::{
    CLUSTER, CRAWLER, ON_DEMAND, SPOT, Scenario, announced_once, at_baseline, scaled_to_zero, scenario, writes,
};

impl Scenario {
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
    let mut scenario = scenario();
    scenario.exhaust_spot();
    assert_eq!(scenario.capacity(), at_baseline(ON_DEMAND));
    announced_once(&scenario.subjects(), "Moving to on-demand: crawler");
    scenario.cloud.set_spot(true).unwrap();
    scenario.pass(55);
    scenario.tick();
    scenario.settle();
    assert_eq!(scenario.capacity(), at_baseline(ON_DEMAND));
    scenario.pass(5);
    scenario.calls();
    scenario.tick();
    assert_eq!(writes(&scenario.calls()), ["UpdateService"]);
    scenario.settle();
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
    announced_once(&scenario.subjects(), "Moving to Fargate Spot: crawler");
}

#[test]
fn the_hold_down_doubles_while_spot_has_no_capacity_and_on_demand_tasks_keep_running() {
    let mut scenario = scenario();
    scenario.exhaust_spot();
    scenario.pass(60);
    // Spot has no capacity at the return: the on-demand tasks keep running, and the service moves back to on-demand.
    scenario.tick();
    scenario.settle();
    assert_eq!(scenario.capacity(), at_baseline(ON_DEMAND));
    for _ in 0..2 {
        scenario.pass(55);
        scenario.tick();
        scenario.settle();
        assert_eq!(scenario.capacity(), at_baseline(ON_DEMAND));
    }
    scenario.cloud.set_spot(true).unwrap();
    scenario.pass(10);
    scenario.tick();
    scenario.settle();
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
}

#[test]
fn one_interruption_changes_nothing_and_three_in_half_an_hour_do() {
    let mut scenario = scenario();
    for _ in 0..2 {
        scenario.interrupt();
        assert_eq!(scenario.capacity(), at_baseline(SPOT));
        scenario.pass(10);
    }
    assert_eq!(scenario.subjects(), Vec::<String>::new());
    scenario.interrupt();
    assert_eq!(scenario.capacity(), at_baseline(ON_DEMAND));
    announced_once(&scenario.subjects(), "Moving to on-demand: crawler");
}

#[test]
fn a_repeated_shortage_and_one_of_on_demand_move_nothing() {
    let mut scenario = scenario();
    scenario.deliver(&scenario.shortage(ON_DEMAND));
    scenario.settle();
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
    scenario.exhaust_spot();
    scenario.calls();
    scenario.messages();
    for _ in 0..3 {
        scenario.pass(1);
        scenario.deliver(&scenario.shortage(SPOT));
        scenario.deliver(&scenario.shortage(ON_DEMAND));
    }
    scenario.settle();
    assert_eq!((writes(&scenario.calls()), scenario.subjects()), (vec![], vec![]));
    assert_eq!(scenario.capacity(), at_baseline(ON_DEMAND));
}

#[test]
fn a_shortage_during_downtime_counts_when_it_ends() {
    let mut scenario = scenario();
    scenario.pass_to("22:00");
    scenario.fire("downtime-start");
    scenario.pass_to("05:30");
    scenario.calls();
    scenario.cloud.set_spot(false).unwrap();
    scenario.deliver(&scenario.shortage(SPOT));
    assert_eq!(writes(&scenario.calls()), Vec::<&str>::new());
    assert_eq!(scenario.capacity(), scaled_to_zero());
    scenario.pass_to("06:00");
    scenario.fire("downtime-end");
    scenario.settle();
    assert_eq!(scenario.capacity(), at_baseline(ON_DEMAND));
}

#[test]
fn a_return_that_would_stop_the_only_task_first_waits_for_the_end_of_downtime() {
    let mut scenario = scenario();
    scenario.keep_healthy(0);
    scenario.exhaust_spot();
    scenario.cloud.set_spot(true).unwrap();
    scenario.pass(60);
    scenario.tick();
    scenario.settle();
    assert_eq!(scenario.capacity(), at_baseline(ON_DEMAND));
    scenario.pass_to("22:00");
    scenario.fire("downtime-start");
    scenario.settle();
    scenario.pass(5);
    scenario.tick();
    scenario.pass_to("06:00");
    scenario.fire("downtime-end");
    scenario.settle();
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
}

#[test]
fn a_rollout_that_spot_cannot_place_goes_on_with_on_demand_tasks() {
    let mut scenario = scenario();
    scenario.cloud.set_spot(false).unwrap();
    let image = scenario.push(None);
    scenario.deliver(&scenario.shortage(SPOT));
    for _ in 0..3 {
        scenario.settle();
        scenario.pass(5);
        scenario.tick();
    }
    assert_eq!(scenario.capacity(), at_baseline(ON_DEMAND));
    assert_eq!(scenario.cloud.running(CLUSTER, CRAWLER).unwrap().digests, [image.digest], "its own image");
}
