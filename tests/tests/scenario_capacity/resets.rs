//! A stack update that reset scaling to the template's values, and a strategy that an engineer changed.

use serde_json::json;

use super::{CLUSTER, CRAWLER, ON_DEMAND, SPOT, World, at_baseline, scaled_to_zero, world};

impl World {
    /// Bounds and scaling become the template's, with some desired count.
    fn reset(&self, desired: u32) {
        self.cloud.reset_scaling(CLUSTER, CRAWLER, &json!({"MinCapacity": 1})).unwrap();
        self.change_manually(&json!({"desiredCount": desired}));
    }

    /// The event that CloudFormation has updated the system's stack.
    fn stack_updated(&self) {
        let stack = self.cloud.resource(&xtask::cloud::stack().unwrap(), "SystemStack").unwrap();
        let detail = json!({
            "stack-id": stack,
            "status-details": {"status": "UPDATE_COMPLETE", "status-reason": ""},
            "client-request-token": "",
        });
        let source = ("aws.cloudformation", "CloudFormation Stack Status Change");
        self.deliver(&self.cloud.event(source.0, source.1, json!([stack]), detail));
    }
}

#[test]
fn a_stack_update_during_downtime_that_reset_everything_is_healed_by_the_next_tick() {
    let mut world = world();
    world.pass_to("22:00");
    world.fire("downtime-start");
    world.pass(5);
    world.tick();
    world.messages();
    world.reset(2);
    let reset = world.capacity();
    assert_eq!((reset.desired, reset.bounds, reset.suspended), (2, (1, 3), Some(false)));
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), scaled_to_zero());
    world.settle();
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), scaled_to_zero());
    assert_eq!(world.subjects(), Vec::<String>::new(), "no message: it stayed scaled to zero");
}

#[test]
fn the_end_of_a_stack_update_is_enough_without_a_tick() {
    let mut world = world();
    world.pass_to("22:00");
    world.fire("downtime-start");
    world.reset(1);
    world.stack_updated();
    assert_eq!(world.capacity(), scaled_to_zero());
}

#[test]
fn a_stack_update_outside_downtime_that_stopped_it_is_healed_by_the_next_tick() {
    let mut world = world();
    world.cloud.reset_scaling(CLUSTER, CRAWLER, &json!({"MinCapacity": 0})).unwrap();
    world.change_manually(&json!({"desiredCount": 0}));
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), at_baseline(SPOT));
}

#[test]
fn an_engineer_who_moves_it_to_spot_during_a_shortage_is_corrected_by_the_next_tick() {
    let mut world = world();
    world.cloud.set_spot(false).unwrap();
    for warning in world.cloud.interrupt(CLUSTER, CRAWLER).unwrap() {
        world.deliver(&warning);
    }
    world.settle();
    assert_eq!(world.capacity(), at_baseline(ON_DEMAND));
    let strategy = json!([{"capacityProvider": SPOT, "weight": 1}]);
    world.change_manually(&json!({"capacityProviderStrategy": strategy, "forceNewDeployment": true}));
    world.pass(5);
    world.tick();
    world.settle();
    assert_eq!(world.capacity(), at_baseline(ON_DEMAND));
}
