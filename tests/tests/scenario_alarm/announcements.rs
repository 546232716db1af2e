//! Announcements of alarms.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{CDN, decided, now, scenario};

const CPU: &str = "huskit-prod-website-agent-cpu";

/// A moment so many minutes from one that is long past.
fn at(minute: i64) -> String {
    let start: Timestamp = "2026-01-10T10:00:00Z".parse().unwrap();
    (start + SignedDuration::from_mins(minute)).to_string()
}

#[test]
fn the_same_change_again_and_a_tick_announce_nothing() {
    let scenario = scenario();
    assert_eq!(decided(&scenario.receive(CDN, "ALARM", &at(1))), ("announce_alarm", "entered_alarm"));
    assert_eq!(decided(&scenario.receive(CDN, "ALARM", &at(1))), ("keep", "already_announced"));
    let tick = scenario.tick();
    assert_eq!(decided(&tick), ("keep", "already_announced"));
    assert_eq!(scenario.messages().len(), 1);
    assert_eq!(decided(&scenario.receive(CDN, "OK", &at(8))), ("announce_recovered", "recovered"));
    let recovered = scenario.messages();
    assert!(recovered.len() == 1 && recovered[0].body.contains("7 min"), "{recovered:?}");
    let tick = scenario.tick();
    assert_eq!(tick["decisions"], json!([]), "a tick observes nothing for alarms in OK");
}

#[test]
fn a_flapping_alarm_is_announced_once_and_again_when_stable() {
    let scenario = scenario();
    let now: Timestamp = now();
    let ago = |minutes: i64| (now - SignedDuration::from_mins(minutes)).to_string();
    for minutes in [50, 49, 48] {
        scenario.receive(CDN, "ALARM", &ago(minutes));
        scenario.receive(CDN, "OK", &(now - SignedDuration::from_secs(minutes * 60 - 20)).to_string());
    }
    assert_eq!(scenario.messages().len(), 6);
    assert_eq!(decided(&scenario.receive(CDN, "ALARM", &ago(47))), ("announce_flapping", "flapping"));
    assert_eq!(
        decided(&scenario.receive(CDN, "OK", &ago(46))),
        ("announce_stable", "flapping_ended"),
        "OK for 46 minutes"
    );
    let seen = scenario.messages();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen[1].body.contains("4 times"), "{seen:?}");
}

#[test]
fn a_late_change_and_an_alarm_that_is_not_listed_announce_nothing() {
    let scenario = scenario();
    scenario.receive(CPU, "OK", &at(9));
    assert_eq!(decided(&scenario.receive(CPU, "ALARM", &at(3))), ("keep", "ok"));
    let answer = scenario.receive("huskit-prod-unknown", "ALARM", &at(3));
    assert_eq!(answer["decisions"], json!([]), "{answer}");
    assert_eq!(scenario.messages().len(), 0);
}
