//! Messages that the topic would not take at first.

use serde_json::{Value, json};

use crate::cloud::Cloud;

fn cloud() -> Cloud {
    Cloud::new(&json!({"system": "acme", "stage": "prod", "services": []}), &json!([]))
}

fn unreadable() -> Value {
    tests::events().into_iter().find(|(name, _)| name == "sns.notification.budget-unreadable").unwrap().1
}

#[test]
fn a_message_that_concerns_no_budget_is_sent_by_a_later_attempt() {
    let cloud = cloud();
    cloud.refuse(true);
    assert!(cloud.invoke::<budget::App>(unreadable(), "2026-11-21T10:16:00Z").is_err());
    cloud.refuse(false);
    // Lambda's first retry comes too early, and must not be the last.
    let early = cloud.invoke::<budget::App>(unreadable(), "2026-11-21T10:17:00Z").unwrap_err();
    assert_eq!(early.to_string(), "system/acme prod: 1 written by another invocation and not yet sent");
    assert!(cloud.invoke::<budget::App>(unreadable(), "2026-11-21T10:19:00Z").is_ok());
    assert_eq!(cloud.published(), 1);
    assert!(cloud.invoke::<budget::App>(unreadable(), "2026-11-21T10:25:00Z").is_ok());
    assert_eq!(cloud.published(), 1);
}

#[test]
fn a_message_that_concerns_no_budget_is_sent_by_the_tick() {
    let cloud = cloud();
    cloud.refuse(true);
    assert!(cloud.invoke::<budget::App>(unreadable(), "2026-11-21T10:16:00Z").is_err());
    let tick = |now: &str| cloud.invoke::<budget::App>(json!({"action": "reconcile"}), now);
    assert!(tick("2026-11-21T11:00:00Z").is_ok());
    assert_eq!(cloud.published(), 0);
    cloud.refuse(false);
    assert!(tick("2026-11-21T12:00:00Z").is_ok());
    assert_eq!(cloud.published(), 1);
}

/// A cloud in which an alarm was in ALARM, and the digest that has it could not be sent.
fn undigested() -> Cloud {
    let cloud = cloud();
    let announced =
        json!({"M": {"at": {"S": "2026-11-21T03:00:00Z"}, "action": {"S": "announced"}, "reason": {"S": "in ALARM"}}});
    cloud.put("alarm/errors", "alarm", json!({"version": {"N": "1"}, "history": {"L": [announced]}}));
    cloud.refuse(true);
    assert!(cloud.invoke::<capacity::App>(json!({"action": "digest"}), "2026-11-21T07:00:00Z").is_err());
    cloud.refuse(false);
    cloud
}

#[test]
fn a_digest_that_could_not_be_sent_is_sent_by_the_tick() {
    let cloud = undigested();
    let tick = |now: &str| cloud.invoke::<capacity::App>(json!({"action": "reconcile"}), now).unwrap();
    assert_eq!(tick("2026-11-21T07:01:00Z")["messages"], json!([]));
    assert_eq!(tick("2026-11-21T07:05:00Z")["messages"].as_array().unwrap().len(), 1);
    assert_eq!(tick("2026-11-21T07:10:00Z")["messages"], json!([]));
    assert_eq!(cloud.published(), 1);
}

#[test]
fn a_digest_that_could_not_be_sent_is_sent_by_a_later_attempt() {
    let cloud = undigested();
    let again = |now: &str| cloud.invoke::<capacity::App>(json!({"action": "digest"}), now).unwrap();
    assert_eq!(again("2026-11-21T07:01:00Z")["decisions"][0]["reason"], "nothing_new");
    again("2026-11-21T07:03:00Z");
    assert_eq!(cloud.published(), 1);
}

/// What fails a service at every tick may be what its message is about.
#[test]
fn the_message_of_a_service_that_fails_at_every_tick_is_sent() {
    let images = json!([{"repository": "acme/web", "tag": {"exact": "latest"}}]);
    let services = json!([{"name": "web", "cluster": "prod", "baseline": {"min": 1, "max": 2}, "images": images}]);
    let cloud = Cloud::new(&json!({"system": "acme", "stage": "prod", "services": services}), &json!([]));
    let message = ["key", "thread", "scope", "title", "summary"].map(|field| (field.to_owned(), json!({"S": "m"})));
    let mut message: serde_json::Map<String, Value> = message.into_iter().collect();
    message.insert("severity".to_owned(), json!({"S": "critical"}));
    let unsent = json!({"M": {"at": {"S": "2026-11-21T09:00:00Z"}, "message": {"M": message}}});
    cloud.put("service/prod/web", "rollout", json!({"version": {"N": "1"}, "outbox": {"L": [unsent]}}));
    // ECS knows no such service.
    let tick = |now: &str| cloud.invoke::<rollout::App>(json!({"action": "reconcile"}), now).unwrap_err();
    assert!(tick("2026-11-21T10:00:00Z").to_string().contains("service/prod/web"));
    assert_eq!(cloud.published(), 1);
    tick("2026-11-21T10:05:00Z");
    assert_eq!(cloud.published(), 1);
}

#[test]
fn a_request_that_took_effect_is_answered_although_its_message_could_not_be_sent() {
    let cloud = cloud();
    cloud.refuse(true);
    cloud.put("alarm/errors", "alarm", json!({"version": {"N": "1"}, "history": {"L": []}}));
    let digest = |payload: Value| cloud.invoke::<capacity::App>(payload, "2026-11-21T07:00:00Z");
    let answer = digest(json!({"action": "digest", "by": "anna"})).unwrap();
    assert_eq!(answer["decisions"][1]["error"]["kind"], "denied", "{answer}");
}

/// The weekly proof that the automation runs.
#[test]
fn a_digest_is_sent_once_a_week_although_nothing_changed() {
    let cloud = cloud();
    let digest = |day: u32| {
        let now = format!("2026-11-{day:02}T07:00:00Z");
        let answer = cloud.invoke::<capacity::App>(json!({"action": "digest"}), &now).unwrap();
        answer["messages"].as_array().unwrap().len()
    };
    let sent: Vec<u32> = (1..=22).filter(|day| digest(*day) == 1).collect();
    assert_eq!(sent, [1, 8, 15, 22]);
}
