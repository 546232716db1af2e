//! A remedy of an alarm is requested once and always counted, despite concurrent writes and crashes.

use alarm::App;
use serde_json::{Value, json};

use crate::cloud::Cloud;

const ALARM: &str = "acme-prod-memory";

fn cloud() -> Cloud {
    let web = json!({"name": "web", "cluster": "prod", "baseline": {"min": 2, "max": 4}});
    let remedy = json!({"restart": {"cool_down_minutes": 60, "daily": 3}});
    let alarms = json!({"alarms": [{"name": ALARM, "service": "web", "remedy": remedy, "runbook": "memory.md"}]});
    let cloud = Cloud::new(&json!({"system": "acme", "stage": "prod", "services": [web]}), &json!([]))
        .section("alarms", &alarms)
        .with("RUNBOOKS_URL", &json!("https://example.com"))
        .with("ROLLOUT_FUNCTION", &json!("rollout"));
    cloud.run("web", 2);
    cloud.alarm(ALARM, "OK", "2026-11-20T10:00:00Z");
    cloud
}

fn change(value: &str, at: &str) -> Value {
    let detail = json!({"alarmName": ALARM, "state": {"value": value, "timestamp": at}});
    json!({"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "time": at, "detail": detail})
}

/// An update of the stack, which is recorded for every alarm.
fn update(at: &str) -> Value {
    let detail = json!({"stack-id": "s", "status-details": {"status": "UPDATE_COMPLETE"}});
    json!({"source": "aws.cloudformation", "detail-type": "CloudFormation Stack Status Change", "time": at, "detail": detail})
}

fn hear(cloud: &Cloud, event: &Value) {
    cloud.invoke::<App>(event.clone(), event["time"].as_str().unwrap()).unwrap();
}

fn tick(cloud: &Cloud, at: &str) {
    cloud.invoke::<App>(json!({"action": "reconcile"}), at).unwrap();
}

/// How many remedies of the alarm count against the daily limit.
fn counted(cloud: &Cloud) -> usize {
    let item = cloud.item(&format!("alarm/{ALARM}"), "alarm");
    assert!(!item["pending"]["M"].is_object(), "no remedy is pending any more: {item}");
    item["remedies"]["M"]["taken"]["L"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_remedy_is_requested_once_and_counted_whatever_is_written_in_between() {
    let at = "2026-11-21T10:00:01Z";
    for meanwhile in [change("OK", at), update(at)] {
        let still_in_alarm = meanwhile == update(at);
        for call in 1.. {
            let cloud = cloud();
            let (between, event) = (cloud.clone(), meanwhile.clone());
            cloud.between(call, move || hear(&between, &event));
            hear(&cloud, &change("ALARM", "2026-11-21T10:00:00Z"));
            if cloud.waits() {
                assert!(call > 6, "an invocation of {call} calls is none");
                break;
            }
            // After the lease.
            tick(&cloud, "2026-11-21T10:05:00Z");
            let invoked = cloud.invocations("rollout");
            assert_eq!(counted(&cloud), invoked, "{meanwhile} before call {call}");
            // An alarm that recovered before it was read needs no remedy.
            assert!(
                invoked == 1 || (invoked == 0 && !still_in_alarm),
                "{invoked} times: {meanwhile} before call {call}"
            );
        }
    }
}

#[test]
fn a_remedy_that_was_pending_when_its_invocation_crashed_is_counted() {
    for (over, invoked) in [(true, 0), (false, 1)] {
        let cloud = cloud();
        let value = if over { "OK" } else { "ALARM" };
        let text = |text: &str| json!({ "S": text });
        let began = text("2026-11-21T10:00:00Z");
        let restart = json!({"M": {"restart": {"M": {"cool_down_minutes": {"N": "60"}}}}});
        cloud.put(
            &format!("alarm/{ALARM}"),
            "alarm",
            json!({
                "version": {"N": "1"}, "alarm_starts": {"L": [began]},
                "last_change": {"M": {"state": text("alarm"), "at": began}},
                "pending": {"M": {"action": restart, "at": began}},
            }),
        );
        hear(&cloud, &change(value, "2026-11-21T10:05:00Z"));
        assert_eq!((counted(&cloud), cloud.invocations("rollout")), (1, invoked), "over: {over}");
    }
}
