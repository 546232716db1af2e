//! A stack update that put capacity back to what the template says.

use serde_json::json;

use super::{CLUSTER, CRAWLER, ON_DEMAND, SPOT, World, asleep, awake, world};

impl World {
    /// Everything of capacity becomes the template's: bounds, scaling, strategy, and some count.
    fn reset(&self, desired: u32) {
        self.cloud.reset_scaling(CLUSTER, CRAWLER, &json!({"MinCapacity": 1})).unwrap();
        let strategy = json!([{"capacityProvider": SPOT, "weight": 1}]);
        self.by_hand(
            &json!({"desiredCount": desired, "capacityProviderStrategy": strategy, "forceNewDeployment": true}),
        );
    }

    /// CloudFormation says that it is done with the system's stack.
    fn stack_updated(&self) {
        let stack = self.cloud.resource(xtask::cloud::STACK, "SystemStack").unwrap();
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
fn a_stack_update_at_night_that_reset_everything_is_healed_by_the_next_tick() {
    let mut world = world();
    world.pass_to("22:00");
    world.fire("night-start");
    world.pass(5);
    world.tick();
    world.messages();
    world.reset(2);
    let reset = world.capacity();
    assert_eq!((reset.desired, reset.bounds, reset.suspended), (2, (1, 3), Some(false)));
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), asleep());
    world.settle();
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), asleep());
    assert_eq!(world.subjects(), Vec::<String>::new(), "nobody is told that it slept on");
}

#[test]
fn the_end_of_a_stack_update_is_enough_without_a_tick() {
    let mut world = world();
    world.pass_to("22:00");
    world.fire("night-start");
    world.reset(1);
    world.stack_updated();
    assert_eq!(world.capacity(), asleep());
}

#[test]
fn a_stack_update_by_day_that_stopped_it_is_healed_by_the_next_tick() {
    let mut world = world();
    world.cloud.reset_scaling(CLUSTER, CRAWLER, &json!({"MinCapacity": 0})).unwrap();
    world.by_hand(&json!({"desiredCount": 0}));
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), awake(SPOT));
}

#[test]
fn a_stack_update_during_a_shortage_does_not_bring_spot_back_for_good() {
    let mut world = world();
    world.cloud.set_spot(false).unwrap();
    for warning in world.cloud.interrupt(CLUSTER, CRAWLER).unwrap() {
        world.deliver(&warning);
    }
    world.settle();
    assert_eq!(world.capacity(), awake(ON_DEMAND));
    world.reset(1);
    world.pass(5);
    world.tick();
    world.settle();
    assert_eq!(world.capacity(), awake(ON_DEMAND));
}
