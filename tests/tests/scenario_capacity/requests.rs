//! Requests, and manual changes.

use serde_json::{Value, json};

use super::{CLUSTER, CRAWLER, ON_DEMAND, SPOT, announced_once, at_baseline, line, scaled_to_zero, scenario, writes};

#[test]
fn a_wake_overrides_downtime_and_its_end_is_announced() {
    let mut scenario = scenario();
    scenario.pass_to("22:00");
    scenario.fire("downtime-start");
    scenario.pass_to("23:30");
    scenario.tick();
    scenario.messages();
    scenario.request_override("wake", "2h");
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
    scenario.pass_to("01:25");
    assert_eq!(scenario.tick()["reason"], "override_wake");
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
    announced_once(&scenario.subjects(), "Running again: crawler");
    scenario.pass(5);
    let line = scenario.tick();
    assert_eq!((&line["decision"], &line["reason"]), (&json!("scale_in"), &json!("scheduled_downtime")));
    announced_once(&scenario.subjects(), "Override ended: crawler");
    assert_eq!(scenario.capacity(), scaled_to_zero());
}

#[test]
fn a_sleep_outside_downtime_ends_with_a_resume() {
    let scenario = scenario();
    scenario.request_override("sleep", "8h");
    assert_eq!(scenario.capacity(), scaled_to_zero());
    scenario.messages();
    scenario.send(&json!({"action": "resume", "service": CRAWLER, "by": "ben"})).unwrap();
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
    let sent = scenario.messages();
    assert!(
        sent.iter()
            .any(|message| message.body.contains("ben has ended the `sleep` override of crawler that anna requested")),
        "{sent:?}"
    );
}

#[test]
fn a_manual_change_is_corrected_by_the_next_tick() {
    let mut scenario = scenario();
    scenario.change_manually(&json!({"desiredCount": 0}));
    scenario.pass(5);
    scenario.tick();
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
    let on_demand = json!([{"capacityProvider": ON_DEMAND, "weight": 1}]);
    scenario.change_manually(&json!({"capacityProviderStrategy": on_demand, "forceNewDeployment": true}));
    scenario.settle();
    scenario.pass(5);
    scenario.tick();
    scenario.settle();
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
}

#[test]
fn a_manual_change_stays_during_a_hold() {
    let mut scenario = scenario();
    scenario.request_override("hold", "12h");
    announced_once(&scenario.subjects(), "Capacity on hold: crawler");
    scenario.change_manually(&json!({"desiredCount": 3}));
    scenario.calls();
    for time in ["18:00", "22:00", "23:55"] {
        scenario.pass_to(time);
        let line = scenario.tick();
        assert_eq!((&line["decision"], &line["reason"]), (&json!("left_unchanged"), &json!("override_hold")));
    }
    assert_eq!(writes(&scenario.calls()), Vec::<&str>::new());
    assert_eq!(scenario.capacity().desired, 3);
    scenario.pass_to("00:30");
    scenario.tick();
    assert_eq!(scenario.capacity(), scaled_to_zero(), "the hold has expired during scheduled downtime");
    announced_once(&scenario.subjects(), "Override ended: crawler");
}

#[test]
fn a_freeze_holds_capacity_too() {
    let mut scenario = scenario();
    // The rollout function knows the real clock alone.
    let until = (scenario.now + jiff::SignedDuration::from_hours(11)).to_string();
    let freeze = json!({"action": "freeze", "by": "anna", "until": until, "reason": "launch"});
    scenario.cloud.request(&freeze).unwrap().answer.unwrap();
    scenario.pass_to("22:00");
    assert_eq!(scenario.fire("downtime-start")["reason"], "frozen");
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
    scenario.cloud.request(&json!({"action": "unfreeze", "by": "anna"})).unwrap().answer.unwrap();
    scenario.tick();
    assert_eq!(scenario.capacity(), scaled_to_zero());
}

#[test]
fn a_plan_explains_any_moment_and_changes_nothing() {
    let mut scenario = scenario();
    scenario.calls();
    scenario.pass_to("23:00");
    let answer =
        scenario.send(&json!({"action": "plan", "service": CRAWLER})).map(|answers| answers["capacity"].clone());
    let line = line(&answer);
    let said = (&line["decision"], &line["reason"], &line["outcome"]);
    assert_eq!(said, (&json!("scale_in"), &json!("scheduled_downtime"), &json!("planned")));
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
    let reads = ["Describe", "Get", "List", "BatchGet", "Invoke", "StartConfigurationSession"];
    let others: Vec<String> =
        scenario.calls().into_iter().filter(|call| !reads.iter().any(|read| call.starts_with(read))).collect();
    assert_eq!(others, Vec::<String>::new());
}

#[test]
fn a_change_of_strategy_that_forces_no_deployment_is_refused_as_ecs_does() {
    let scenario = scenario();
    let strategy = json!([{"capacityProvider": ON_DEMAND, "weight": 1}]);
    let ask = json!({"cluster": CLUSTER, "service": CRAWLER, "capacityProviderStrategy": strategy});
    let error = scenario.cloud.client.call("ecs", "update_service", ask).unwrap_err();
    assert_eq!(error.code, "InvalidParameterException");
    assert!(error.message.contains("you must force a new deployment"), "{error}");
    assert_eq!(scenario.capacity(), at_baseline(SPOT));
    let same: Value = json!([{"capacityProvider": SPOT, "weight": 1, "base": 0}]);
    scenario.change_manually(&json!({"capacityProviderStrategy": same}));
}
