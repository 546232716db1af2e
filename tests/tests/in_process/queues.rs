//! What waits in a queue in front of a function, and alarms whose events never come.

use alarm::App;
use serde_json::{Value, json};

use crate::cloud::Cloud;

const ALARM: &str = "acme-prod-errors";

fn cloud() -> Cloud {
    let alarms = json!({"alarms": [{"name": ALARM, "runbook": "errors.md"}]});
    let cloud = Cloud::new(&json!({"system": "acme", "stage": "prod", "services": []}), &json!([]))
        .section("alarms", &alarms)
        .with("RUNBOOKS_URL", &json!("https://example.com"))
        .with("ROLLOUT_FUNCTION", &json!("rollout"));
    cloud.alarm(ALARM, "ALARM", "2026-11-21T10:00:00Z");
    cloud
}

fn change(value: &str, at: &str) -> Value {
    let detail = json!({"alarmName": ALARM, "state": {"value": value, "timestamp": at}});
    json!({"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "time": at, "detail": detail})
}

fn batch(bodies: &[&Value]) -> Value {
    let record = |(n, body): (usize, &&Value)| json!({"messageId": format!("m-{n}"), "eventSource": "aws:sqs", "body": body.to_string()});
    json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
}

#[test]
fn of_a_batch_only_what_failed_comes_again() {
    let cloud = cloud();
    let broken = json!({"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "detail": {}});
    let good = change("ALARM", "2026-11-21T10:00:00Z");
    let answer = cloud.invoke::<App>(batch(&[&broken, &good]), "2026-11-21T10:00:01Z").unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "m-0"}]}));
    assert_eq!(cloud.published(), 1);
    // Where nothing succeeded the invocation fails, so that the alarm on errors says so.
    assert!(cloud.invoke::<App>(batch(&[&broken]), "2026-11-21T10:06:01Z").is_err());
}

#[test]
fn an_alarm_whose_events_never_come_is_announced_and_closed_by_the_ticks() {
    let cloud = cloud();
    let tick = |now: &str| cloud.invoke::<App>(json!({"action": "reconcile"}), now).unwrap();
    tick("2026-11-21T10:05:00Z");
    assert_eq!(cloud.published(), 1);
    tick("2026-11-21T10:10:00Z");
    assert_eq!(cloud.published(), 1);
    cloud.alarm(ALARM, "OK", "2026-11-21T10:11:00Z");
    tick("2026-11-21T10:15:00Z");
    assert_eq!(cloud.published(), 2);
}

#[test]
fn a_message_of_budgets_waits_in_its_queue_too() {
    let cloud = cloud();
    let (_, event) =
        tests::events().into_iter().find(|(name, _)| name == "sns.notification.budget-unreadable").unwrap();
    let mut envelope = event["Records"][0]["Sns"].clone();
    envelope["TopicArn"] = "arn:aws:sns:eu-central-1:123456789012:budgets".into();
    let queued = batch(&[&envelope]);
    cloud.refuse(true);
    assert!(cloud.invoke::<budget::App>(queued.clone(), "2026-11-21T10:16:00Z").is_err());
    cloud.refuse(false);
    let answer = cloud.invoke::<budget::App>(queued, "2026-11-21T10:22:00Z").unwrap();
    assert_eq!((answer, cloud.published()), (json!({"batchItemFailures": []}), 1));
}

#[test]
fn a_service_whose_facts_cannot_be_written_does_not_keep_back_what_is_said_of_other_budgets() {
    let service = |name: &str| json!({"name": name, "cluster": "prod", "baseline": {"min": 1, "max": 3}});
    let fleet = json!({"system": "acme", "stage": "prod", "services": [service("web"), service("jobs")]});
    let budget = |name: &str, service: &str| json!({"name": name, "tiers": [{"at_percent": 80, "services": {service: {"max_tasks": 1}}}]});
    let cloud = Cloud::new(&fleet, &json!([budget("one", "web"), budget("two", "jobs")]));
    cloud.spend("one", "410");
    cloud.spend("two", "410");
    // What cannot be read as the facts of a service cannot be written either.
    cloud.put("service/prod/web", "capacity", json!({"version": {"N": "1"}, "boosts": {"S": "broken"}}));
    let tick = |now: &str| cloud.invoke::<budget::App>(json!({"action": "reconcile"}), now);
    assert!(tick("2026-11-21T10:00:00Z").is_err());
    assert_eq!(cloud.published(), 1, "of the other budget");
    assert!(tick("2026-11-21T12:00:00Z").is_err());
    assert_eq!(cloud.published(), 2, "and at last of this one");
}
