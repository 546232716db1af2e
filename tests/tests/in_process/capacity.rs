//! The capacity function: what ECS refuses, what it does not know, and what a tick writes when nothing changes.

use capacity::App;
use serde_json::{Value, json};

use crate::cloud::Cloud;

fn cloud(services: &[&str]) -> Cloud {
    let service = |name: &&str| json!({"name": name, "cluster": "prod", "baseline": {"min": 2, "max": 3}, "spot": {"mode": "prefer"}});
    let services: Vec<Value> = services.iter().map(service).collect();
    Cloud::new(&json!({"system": "acme", "stage": "prod", "services": services}), &json!([]))
}

fn tick(cloud: &Cloud, now: &str) -> shared::Result<Value> {
    cloud.invoke::<App>(json!({"action": "reconcile"}), now)
}

fn on_demand(name: &str) -> Value {
    json!({"name": name, "cluster": "prod", "baseline": {"min": 2, "max": 3}})
}

#[test]
fn a_refused_strategy_keeps_no_count_from_being_set_and_is_not_requested_again_at_once() {
    let cloud = cloud(&["crawler"]);
    cloud.run("crawler", 1);
    cloud.refuse_strategies();
    assert!(tick(&cloud, "2026-11-21T10:00:00Z").is_err());
    let updates = cloud.updates();
    assert_eq!((updates.len(), &updates[1]["desiredCount"]), (2, &json!(2)), "{updates:?}");
    assert!(
        updates[0].get("capacityProviderStrategy").is_some() && updates[1].get("capacityProviderStrategy").is_none()
    );
    assert_eq!(cloud.published(), 1, "the failed move");
    for minute in (5..60).step_by(5) {
        tick(&cloud, &format!("2026-11-21T10:{minute:02}:00Z")).unwrap();
    }
    assert!(cloud.updates()[2..].iter().all(|update| update.get("capacityProviderStrategy").is_none()));
    assert_eq!(cloud.published(), 1);
}

#[test]
fn a_tick_writes_nothing_while_nothing_changes() {
    let fleet = json!({"system": "acme", "stage": "prod", "services": [on_demand("crawler")]});
    let cloud = Cloud::new(&fleet, &json!([]));
    cloud.run("crawler", 2);
    tick(&cloud, "2026-11-21T10:00:00Z").unwrap();
    let written = cloud.written();
    for minute in (5..60).step_by(5) {
        tick(&cloud, &format!("2026-11-21T10:{minute:02}:00Z")).unwrap();
    }
    assert_eq!(cloud.written(), written);
    tick(&cloud, "2026-11-21T11:00:00Z").unwrap();
    assert_eq!(cloud.written(), written + 1, "cost and savings of the hour");
}

#[test]
fn a_service_that_ecs_does_not_know_is_announced_once_and_hides_no_other() {
    let fleet = json!({"system": "acme", "stage": "prod", "services": [on_demand("crawler"), on_demand("gone")]});
    let cloud = Cloud::new(&fleet, &json!([]));
    cloud.run("crawler", 2);
    for minute in (0..60).step_by(5) {
        tick(&cloud, &format!("2026-11-21T10:{minute:02}:00Z")).unwrap();
        assert_eq!(cloud.published(), usize::from(minute >= 15), "minute {minute}");
    }
    cloud.invoke::<App>(json!({"action": "digest", "by": "anna"}), "2026-11-21T11:00:00Z").unwrap();
    assert_eq!(cloud.published(), 2, "the digest is sent");
    let wake = json!({"action": "wake", "service": "gone", "until": "2h", "by": "anna"});
    assert!(
        cloud.invoke::<App>(wake, "2026-11-21T11:05:00Z").is_err(),
        "a request about it is answered with the error"
    );
}
