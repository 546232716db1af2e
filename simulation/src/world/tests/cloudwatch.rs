//! When alarms change their state, and what the events have.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::cloudwatch::{Sights, System};
use crate::world::load::{Load, Sight};
use crate::world::testing::Bench;

const WEB: &str = "huskit-prod/website-agent";
const CRAWLER: &str = "huskit-prod/crawler";
const ERRORS: &str = "huskit-prod-website-agent-5xx";

fn sight(running: i64) -> Sight {
    Sight { desired: running, running, serving: running, ..Sight::default() }
}

fn minutes(bench: &mut Bench, count: usize, web: Sight, crawler: Sight) {
    let sights = Sights::from([(WEB.to_owned(), web), (CRAWLER.to_owned(), crawler)]);
    for _ in 0..count {
        bench.now += SignedDuration::from_mins(1);
        bench.change(|world, cx| {
            let system = System { account: &world.account, loads: &world.loads, sights: &sights };
            world.cloudwatch.minute(system, cx);
        });
    }
}

fn sent(bench: &Bench, name: &str) -> Vec<Value> {
    let of = |event: &&Value| event["detail"]["alarmName"] == name;
    bench.events.iter().filter(of).map(|event| event["detail"].clone()).collect()
}

fn all_ok(bench: &mut Bench) {
    minutes(bench, 12, sight(2), sight(1));
    for (name, alarm) in &bench.world.cloudwatch.alarms {
        assert_eq!(alarm.state.value, "OK", "{name}: {:?}", alarm.state);
    }
    bench.events.clear();
}

#[test]
fn errors_under_traffic_put_the_alarm_in_alarm_after_five_minutes_and_the_event_has_the_reason() {
    let mut bench = Bench::new();
    all_ok(&mut bench);
    let errs = Sight { erring: 1, ..sight(2) };
    minutes(&mut bench, 4, errs, sight(1));
    assert!(sent(&bench, ERRORS).is_empty());
    minutes(&mut bench, 2, errs, sight(1));
    assert!(bench.world.cloudwatch.in_alarm(ERRORS));
    let sent = sent(&bench, ERRORS);
    assert_eq!(sent.len(), 1, "only a change has an event");
    let (state, before) = (&sent[0]["state"], &sent[0]["previousState"]);
    assert_eq!((&state["value"], &before["value"]), (&json!("ALARM"), &json!("OK")));
    let reason = state["reason"].as_str().unwrap();
    assert!(reason.starts_with("Threshold Crossed: 5 out of the last 5 datapoints [300.0 (02/11/26 09:"), "{reason}");
    assert!(
        reason.ends_with("were greater than the threshold (10.0) (minimum 5 datapoints for OK -> ALARM transition).")
    );
    let data: Value = serde_json::from_str(state["reasonData"].as_str().unwrap()).unwrap();
    assert_eq!(data["recentDatapoints"], json!([300.0, 300.0, 300.0, 300.0, 300.0]));
    assert!(state["timestamp"].as_str().unwrap().ends_with("+0000"));
    assert_eq!(sent[0]["configuration"]["metrics"][0]["metricStat"]["metric"]["name"], "HTTPCode_Target_5XX_Count");
    let none = &before["reason"];
    assert_eq!(
        none,
        "Threshold Crossed: no datapoints were received for 5 periods and 5 missing datapoints were treated as [NonBreaching]."
    );
}

#[test]
fn a_service_at_zero_on_purpose_is_healthy_and_one_whose_tasks_are_gone_is_not() {
    let mut bench = Bench::new();
    all_ok(&mut bench);
    minutes(&mut bench, 20, sight(2), sight(0));
    assert!(!bench.world.cloudwatch.in_alarm("huskit-prod-crawler-unhealthy"));
    minutes(&mut bench, 8, Sight { desired: 2, ..Sight::default() }, Sight { desired: 1, ..Sight::default() });
    assert!(bench.world.cloudwatch.in_alarm("huskit-prod-crawler-unhealthy"));
    assert!(bench.world.cloudwatch.in_alarm("huskit-prod-website-agent-unhealthy"));
}

#[test]
fn load_puts_the_alarm_of_the_cpu_in_alarm_and_the_event_names_the_mute_rule() {
    let mut bench = Bench::new();
    all_ok(&mut bench);
    bench.now = "2026-11-02T23:30:00Z".parse().unwrap();
    bench.world.loads.insert(CRAWLER.into(), Load { cpu: 300.0, ..Load::default() });
    minutes(&mut bench, 6, sight(2), sight(3));
    let sent = sent(&bench, "huskit-prod-crawler-cpu");
    assert_eq!(sent[0]["state"]["value"], "ALARM");
    let rule = sent[0]["muteDetail"]["mutedByArn"].as_str().unwrap();
    assert!(rule.ends_with(":alarm-mute-rule:huskit-prod-crawler-downtime"), "{rule}");
}

#[test]
fn no_event_is_sent_when_an_alarm_in_alarm_is_deleted_or_renamed() {
    let mut bench = Bench::new();
    all_ok(&mut bench);
    bench.change(|world, cx| world.cloudwatch.set_state(ERRORS, "ALARM", "a drill", cx));
    assert!(sent(&bench, ERRORS)[0]["state"]["reasonData"].is_null());
    bench.events.clear();
    bench.change(|world, cx| world.cloudwatch.rename(ERRORS, "other", cx));
    bench.change(|world, cx| world.cloudwatch.delete("huskit-prod-crawler-cpu", cx));
    assert!(bench.events.is_empty());
    let input = json!({ "AlarmNames": [ERRORS, "other"] });
    let shown = bench.change(|world, cx| world.cloudwatch.call("DescribeAlarms", &input, cx)).unwrap();
    let shown = shown["MetricAlarms"].as_array().unwrap();
    assert_eq!((shown.len(), &shown[0]["StateValue"]), (1, &json!("INSUFFICIENT_DATA")));
    let many: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    let input = json!({ "AlarmNames": many });
    assert_eq!(
        bench.change(|world, cx| world.cloudwatch.call("DescribeAlarms", &input, cx)).unwrap_err().code,
        "ValidationError"
    );
}

#[test]
fn an_alarm_enters_alarm_though_the_newest_minute_is_late() {
    let mut bench = Bench::new();
    all_ok(&mut bench);
    bench.weather.late = 1.0;
    minutes(&mut bench, 10, Sight { erring: 2, ..sight(2) }, sight(1));
    assert!(bench.world.cloudwatch.in_alarm(ERRORS), "{:?}", bench.world.cloudwatch.alarms[ERRORS].state);
}

#[test]
fn the_alarm_of_the_edge_is_in_its_region_alone_and_counts_errors_of_a_website_that_was_there() {
    const CDN: &str = "huskit-prod-cdn-5xx";
    let mut bench = Bench::new();
    let shown = |bench: &mut Bench, region: &str| {
        let input = json!({ "AlarmNames": [CDN], "Region": region });
        let shown = bench.change(|world, cx| world.cloudwatch.call("DescribeAlarms", &input, cx)).unwrap();
        shown["MetricAlarms"].as_array().unwrap().len()
    };
    assert_eq!((shown(&mut bench, "us-east-1"), shown(&mut bench, "eu-central-1")), (1, 0));
    minutes(&mut bench, 12, sight(0), sight(1));
    assert!(!bench.world.cloudwatch.in_alarm(CDN), "no one comes to a website that was never there");
    minutes(&mut bench, 6, sight(2), sight(1));
    minutes(&mut bench, 6, sight(0), sight(1));
    assert!(bench.world.cloudwatch.in_alarm(CDN));
    let event = bench.events.iter().rfind(|event| event["detail"]["alarmName"] == CDN).unwrap();
    assert_eq!(event["region"], "us-east-1");
    assert!(event["resources"][0].as_str().unwrap().starts_with("arn:aws:cloudwatch:us-east-1:"));
}
