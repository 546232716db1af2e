//! A stack update that reset scaling to the template's values, and a strategy that an engineer changed.

use serde_json::json;

use super::{CLUSTER, CRAWLER, ON_DEMAND, SPOT, Scenario, at_baseline, scaled_to_zero, scenario};

impl Scenario {
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
    let mut scenario = scenario();
    scenario.pass_to("22:00");
    scenario.fire("downtime-start");
    scenario.pass(5);
    scenario.tick();
    scenario.messages();
    scenario.reset(2);
    let reset = scenario.capacity();
    assert_eq!((reset.desired, reset.bounds, reset.suspended), (2, (1, 3), Some(false)));
    scenario.pass(5);
    scenario.tick();
    assert_eq!(scenario.capacity(), scaled_to_zero());
    scenario.settle();
    scenario.pass(5);
    scenario.tick();
    assert_eq!(scenario.capacity(), scaled_to_zero());
    assert_eq!(scenario.subjects(), Vec::<String>::new(), "no message: it stayed scaled to zero");
}

#[test]
fn the_end_of_a_stack_update_is_enough_without_a_tick() {
    let mut scenario = scenario();
    scenario.pass_to("22:00");
    scenario.fire("downtime-start");
    scenario.reset(1);
    scenario.stack_updated();
    assert_eq!(scenario.capacity(), scaled_to_zero());
}

#[test]
fn a_stack_update_outside_downtime_that_stopped_it_is_healed_by_the_next_tick() {
    let mut scenario = scenario();
    scenario.cloud.reset_scaling(CLUSTER, CRAWLER, &json!({"MinCapacity": 0})).unwrap();
    scenario.change_manually(&json!({"desiredCount": 0}));
    scenario.pass(5);
    scenario.tick();
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
}

#[test]
fn an_engineer_who_moves_it_to_spot_during_a_shortage_is_corrected_by_the_next_tick() {
    let mut scenario = scenario();
    scenario.cloud.set_spot(false).unwrap();
    for warning in scenario.cloud.interrupt(CLUSTER, CRAWLER).unwrap() {
        scenario.deliver(&warning);
    }
    scenario.settle();
    assert_eq!(scenario.capacity(), at_baseline(ON_DEMAND));
    let strategy = json!([{"capacityProvider": SPOT, "weight": 1}]);
    scenario.change_manually(&json!({"capacityProviderStrategy": strategy, "forceNewDeployment": true}));
    scenario.pass(5);
    scenario.tick();
    scenario.settle();
    assert_eq!(scenario.capacity(), at_baseline(ON_DEMAND));
}
