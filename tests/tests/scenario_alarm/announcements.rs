//! What people hear of an alarm.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{now, told, world};

const CPU: &str = "huskit-prod-website-agent-cpu";
const CDN: &str = "huskit-prod-cdn-5xx";

/// A moment so many minutes from one that is long past.
fn at(minute: i64) -> String {
    let start: Timestamp = "2026-01-10T10:00:00Z".parse().unwrap();
    (start + SignedDuration::from_mins(minute)).to_string()
}

#[test]
fn the_same_change_again_and_a_tick_tell_nothing() {
    let world = world();
    assert_eq!(told(&world.hear(CDN, "ALARM", &at(1))), ("announce_alarm", "entered_alarm"));
    assert_eq!(told(&world.hear(CDN, "ALARM", &at(1))), ("keep", "already_announced"));
    let tick = world.ask(&json!({"action": "reconcile"}));
    assert_eq!(told(&tick), ("keep", "already_announced"));
    assert_eq!(world.messages().len(), 1);
    assert_eq!(told(&world.hear(CDN, "OK", &at(8))), ("announce_recovered", "recovered"));
    let over = world.messages();
    assert!(over.len() == 1 && over[0].body.contains("7 min"), "{over:?}");
    let quiet = world.ask(&json!({"action": "reconcile"}));
    assert_eq!(quiet["services"], json!([]), "a tick asks nobody about alarms that are quiet");
}

#[test]
fn what_comes_and_goes_is_folded_and_summed_up() {
    let world = world();
    let now: Timestamp = now();
    let ago = |minutes: i64| (now - SignedDuration::from_mins(minutes)).to_string();
    for minutes in [50, 49, 48] {
        world.hear(CDN, "ALARM", &ago(minutes));
        world.hear(CDN, "OK", &(now - SignedDuration::from_secs(minutes * 60 - 20)).to_string());
    }
    assert_eq!(world.messages().len(), 6);
    assert_eq!(told(&world.hear(CDN, "ALARM", &ago(47))), ("announce_flapping", "flapping"));
    assert_eq!(
        told(&world.hear(CDN, "OK", &ago(46))),
        ("announce_stable", "flapping_ended"),
        "46 minutes ago is quiet for long"
    );
    let seen = world.messages();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen[1].body.contains("4 times"), "{seen:?}");
}

#[test]
fn a_change_that_is_late_and_an_alarm_that_nobody_declared_are_nothing() {
    let world = world();
    world.hear(CPU, "OK", &at(9));
    assert_eq!(told(&world.hear(CPU, "ALARM", &at(3))), ("keep", "ok"));
    let answer = world.hear("huskit-prod-unknown", "ALARM", &at(3));
    assert_eq!(answer["ignored"], "huskit-prod-unknown is no alarm that is looked after here");
    assert_eq!(world.messages().len(), 0);
}
