//! Requests, and manual changes.

use serde_json::{Value, json};

use super::{CLUSTER, CRAWLER, ON_DEMAND, SPOT, announced_once, at_baseline, line, scaled_to_zero, world, writes};

#[test]
fn a_wake_overrides_downtime_and_its_end_is_announced() {
    let mut world = world();
    world.pass_to("22:00");
    world.fire("downtime-start");
    world.pass_to("23:30");
    world.tick();
    world.messages();
    world.request_override("wake", "2h");
    assert_eq!(world.capacity(), at_baseline(SPOT));
    world.pass_to("01:25");
    assert_eq!(world.tick()["reason"], "override_wake");
    assert_eq!(world.capacity(), at_baseline(SPOT));
    announced_once(&world.subjects(), "Running again: crawler");
    world.pass(5);
    let line = world.tick();
    assert_eq!((&line["decision"], &line["reason"]), (&json!("scale_in"), &json!("scheduled_downtime")));
    announced_once(&world.subjects(), "Override ended: crawler");
    assert_eq!(world.capacity(), scaled_to_zero());
}

#[test]
fn a_sleep_outside_downtime_ends_with_a_resume() {
    let world = world();
    world.request_override("sleep", "8h");
    assert_eq!(world.capacity(), scaled_to_zero());
    world.messages();
    world.ask(&json!({"action": "resume", "service": CRAWLER, "by": "ben"})).unwrap();
    assert_eq!(world.capacity(), at_baseline(SPOT));
    let sent = world.messages();
    assert!(
        sent.iter()
            .any(|message| message.body.contains("ben ended the `sleep` override of crawler that anna requested")),
        "{sent:?}"
    );
}

#[test]
fn a_manual_change_is_corrected_by_the_next_tick() {
    let mut world = world();
    world.change_manually(&json!({"desiredCount": 0}));
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), at_baseline(SPOT));
    let on_demand = json!([{"capacityProvider": ON_DEMAND, "weight": 1}]);
    world.change_manually(&json!({"capacityProviderStrategy": on_demand, "forceNewDeployment": true}));
    world.settle();
    world.pass(5);
    world.tick();
    world.settle();
    assert_eq!(world.capacity(), at_baseline(SPOT));
}

#[test]
fn a_manual_change_stays_during_a_hold() {
    let mut world = world();
    world.request_override("hold", "12h");
    announced_once(&world.subjects(), "On hold: crawler");
    world.change_manually(&json!({"desiredCount": 3}));
    world.calls();
    for time in ["18:00", "22:00", "23:55"] {
        world.pass_to(time);
        let line = world.tick();
        assert_eq!((&line["decision"], &line["reason"]), (&json!("left_unchanged"), &json!("override_hold")));
    }
    assert_eq!(writes(&world.calls()), Vec::<&str>::new());
    assert_eq!(world.capacity().desired, 3);
    world.pass_to("00:30");
    world.tick();
    assert_eq!(world.capacity(), scaled_to_zero(), "the hold has expired during scheduled downtime");
    announced_once(&world.subjects(), "Override ended: crawler");
}

#[test]
fn a_freeze_holds_capacity_too() {
    let mut world = world();
    // The rollout function knows the real clock alone.
    let until = (world.now + jiff::SignedDuration::from_hours(11)).to_string();
    let freeze = json!({"action": "freeze", "by": "anna", "until": until, "reason": "launch"});
    world.cloud.request(&freeze).unwrap().answer.unwrap();
    world.pass_to("22:00");
    assert_eq!(world.fire("downtime-start")["reason"], "frozen");
    assert_eq!(world.capacity(), at_baseline(SPOT));
    world.cloud.request(&json!({"action": "unfreeze", "by": "anna"})).unwrap().answer.unwrap();
    world.tick();
    assert_eq!(world.capacity(), scaled_to_zero());
}

#[test]
fn a_plan_explains_any_moment_and_changes_nothing() {
    let mut world = world();
    world.calls();
    world.pass_to("23:00");
    let answer = world.ask(&json!({"action": "plan", "service": CRAWLER})).map(|answers| answers["capacity"].clone());
    let line = line(&answer);
    let said = (&line["decision"], &line["reason"], &line["outcome"]);
    assert_eq!(said, (&json!("scale_in"), &json!("scheduled_downtime"), &json!("planned")));
    assert_eq!(world.capacity(), at_baseline(SPOT));
    let reads = ["Describe", "Get", "List", "BatchGet", "Invoke", "StartConfigurationSession"];
    let others: Vec<String> =
        world.calls().into_iter().filter(|call| !reads.iter().any(|read| call.starts_with(read))).collect();
    assert_eq!(others, Vec::<String>::new());
}

#[test]
fn a_change_of_strategy_that_forces_no_deployment_is_refused_as_ecs_does() {
    let world = world();
    let strategy = json!([{"capacityProvider": ON_DEMAND, "weight": 1}]);
    let ask = json!({"cluster": CLUSTER, "service": CRAWLER, "capacityProviderStrategy": strategy});
    let error = world.cloud.client.call("ecs", "update_service", ask).unwrap_err();
    assert_eq!(error.code, "InvalidParameterException");
    assert!(error.message.contains("you must force a new deployment"), "{error}");
    assert_eq!(world.capacity(), at_baseline(SPOT));
    let same: Value = json!([{"capacityProvider": SPOT, "weight": 1, "base": 0}]);
    world.change_manually(&json!({"capacityProviderStrategy": same}));
}
