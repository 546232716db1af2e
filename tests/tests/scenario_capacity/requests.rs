//! What people ask for, and what they do by hand.

use serde_json::{Value, json};

use super::{CLUSTER, CRAWLER, ON_DEMAND, SPOT, asleep, awake, line, told_once, world, writes};

#[test]
fn a_wake_holds_through_the_night_ends_by_itself_and_says_so() {
    let mut world = world();
    world.pass_to("22:00");
    world.fire("night-start");
    world.pass_to("23:30");
    world.tick();
    world.messages();
    world.want("wake", "2h");
    assert_eq!(world.capacity(), awake(SPOT));
    world.pass_to("01:25");
    assert_eq!(world.tick()["reason"], "override_wake");
    assert_eq!(world.capacity(), awake(SPOT));
    told_once(&world.subjects(), "Running again: crawler");
    world.pass(5);
    let line = world.tick();
    assert_eq!((&line["decision"], &line["reason"]), (&json!("scale_in"), &json!("scheduled_downtime")));
    told_once(&world.subjects(), "Override ended: crawler");
    assert_eq!(world.capacity(), asleep());
}

#[test]
fn a_sleep_by_day_ends_when_somebody_resumes() {
    let world = world();
    world.want("sleep", "8h");
    assert_eq!(world.capacity(), asleep());
    world.messages();
    world.ask(&json!({"action": "resume", "service": CRAWLER, "by": "ben"})).unwrap();
    assert_eq!(world.capacity(), awake(SPOT));
    let told = world.messages();
    assert!(told.iter().any(|message| message.body.contains("ben ended what anna asked for")), "{told:?}");
}

#[test]
fn a_change_by_hand_is_corrected_by_the_next_tick() {
    let mut world = world();
    world.by_hand(&json!({"desiredCount": 0}));
    world.pass(5);
    world.tick();
    assert_eq!(world.capacity(), awake(SPOT));
    let on_demand = json!([{"capacityProvider": ON_DEMAND, "weight": 1}]);
    world.by_hand(&json!({"capacityProviderStrategy": on_demand, "forceNewDeployment": true}));
    world.settle();
    world.pass(5);
    world.tick();
    world.settle();
    assert_eq!(world.capacity(), awake(SPOT));
}

#[test]
fn a_change_by_hand_stays_while_somebody_holds_it() {
    let mut world = world();
    world.want("hold", "12h");
    told_once(&world.subjects(), "On hold: crawler");
    world.by_hand(&json!({"desiredCount": 3}));
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
    assert_eq!(world.capacity(), asleep(), "its time is over, and it is night");
    told_once(&world.subjects(), "Override ended: crawler");
}

#[test]
fn a_freeze_holds_capacity_too() {
    let mut world = world();
    // The rollout function knows the real clock alone.
    let until = (world.now + jiff::SignedDuration::from_hours(11)).to_string();
    let freeze = json!({"action": "freeze", "by": "anna", "until": until, "reason": "launch"});
    world.cloud.request("RolloutFunction", &freeze).unwrap().answer.unwrap();
    world.pass_to("22:00");
    assert_eq!(world.fire("night-start")["reason"], "frozen");
    assert_eq!(world.capacity(), awake(SPOT));
    world.cloud.request("RolloutFunction", &json!({"action": "unfreeze", "by": "anna"})).unwrap().answer.unwrap();
    world.tick();
    assert_eq!(world.capacity(), asleep());
}

#[test]
fn a_plan_explains_any_moment_and_changes_nothing() {
    let mut world = world();
    world.calls();
    world.pass_to("23:00");
    let answer = world.ask(&json!({"action": "plan", "service": CRAWLER}));
    let line = line(&answer);
    let said = (&line["decision"], &line["reason"], &line["outcome"]);
    assert_eq!(said, (&json!("scale_in"), &json!("scheduled_downtime"), &json!("planned")));
    assert_eq!(world.capacity(), awake(SPOT));
    let reads = ["Describe", "Get", "List"];
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
    assert_eq!(world.capacity(), awake(SPOT));
    let same: Value = json!([{"capacityProvider": SPOT, "weight": 1, "base": 0}]);
    world.by_hand(&json!({"capacityProviderStrategy": same}));
}
