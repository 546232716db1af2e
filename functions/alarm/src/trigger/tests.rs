//! Every shape of an alarm, and what is no alarm.

use serde_json::json;

use super::*;

fn file(name: &str) -> Json {
    let path = format!("{}/../../events/cloudwatch.{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn parse(payload: Json) -> Result<Received<Trigger>> {
    Trigger::parse(Payload::parse(payload)?)
}

fn read(name: &str) -> (String, StateChange) {
    match parse(file(&format!("alarm-state-change.{name}"))).unwrap() {
        Received::Trigger(Trigger::StateChange { name, change }) => (name, *change),
        other => panic!("{other:?}"),
    }
}

/// What is measured, the figure, how it compares, the threshold.
fn words(name: &str) -> (String, String, String, String) {
    let measurement = read(name).1.measurement.unwrap_or_default();
    let or = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    (measurement.what, or(measurement.figure), or(measurement.comparison), or(measurement.threshold))
}

#[test]
fn an_alarm_of_one_metric_says_everything() {
    let (name, change) = read("single-metric");
    assert_eq!(name, "huskit-prod-website-agent-5xx");
    assert_eq!((change.state, change.previous), (AlarmState::Alarm, Some(AlarmState::Ok)));
    assert_eq!(change.at, "2026-11-21T10:20:11.432Z".parse().unwrap(), "an offset without a colon");
    assert_eq!((change.location.partition.as_str(), change.location.region.as_str()), ("aws", "eu-central-1"));
    assert!(change.description.starts_with("website-agent answered more than 10 requests"));
    assert_eq!(change.suppression, None);
}

#[test]
fn every_shape_is_described_in_words_as_far_as_it_says_anything() {
    let cases = [
        ("single-metric", "HTTPCode_Target_5XX_Count (Sum of 1 min)", "23", "greater than", "10"),
        ("ok", "HTTPCode_Target_5XX_Count (Sum of 1 min)", "0", "not greater than", "10"),
        ("set-by-hand", "HTTPCode_Target_5XX_Count (Sum of 1 min)", "-", "-", "-"),
        ("odd-reason-data", "HTTPCode_Target_5XX_Count (Sum of 1 min)", "-", "-", "-"),
        ("metric-math", "Healthy tasks", "1", "less than", "2"),
        ("forwarded-insights", "Errors (%)", "7.31", "greater than", "5"),
        ("anomaly", "TargetResponseTime (p95 of 1 min)", "2.8", "greater than", "1.2"),
        ("composite", "", "-", "-", "-"),
        ("muted", "CPUUtilization (Average of 1 min)", "88.66", "greater than", "70"),
        ("insufficient-data", "CPUUtilization (Average of 1 min)", "-", "-", "70"),
    ];
    for (name, what, figure, comparison, threshold) in cases {
        let expected = (what.to_owned(), figure.to_owned(), comparison.to_owned(), threshold.to_owned());
        assert_eq!(words(name), expected, "{name}");
    }
}

#[test]
fn an_alarm_that_was_forwarded_is_where_its_arn_says() {
    assert_eq!(read("forwarded-insights").1.location.region, "us-east-1");
}

#[test]
fn a_composite_alarm_names_what_made_it_ring_and_who_keeps_it_back() {
    let (_, change) = read("composite");
    assert_eq!(change.measurement.unwrap().children, ["huskit-prod-website-agent-5xx"]);
    let until = Some("2026-11-21T10:21:11.432Z".parse().unwrap());
    assert_eq!(change.suppression, Some(Suppression { by: "WaitPeriod".into(), until }));
}

#[test]
fn a_mute_rule_says_until_when() {
    let until = Some("2026-11-21T11:00:00Z".parse().unwrap());
    assert_eq!(read("muted").1.suppression, Some(Suppression { by: "mute rule crawler-maintenance".into(), until }));
}

#[test]
fn what_is_no_state_change_of_an_alarm_is_ignored() {
    for name in ["alarm-configuration-change", "alarm-contributor-state-change"] {
        assert!(matches!(parse(file(name)).unwrap(), Received::Ignored(_)), "{name}");
    }
    let mut odd = file("alarm-state-change.ok");
    odd["detail"]["state"]["value"] = "PARTIAL_DATA".into();
    assert!(matches!(parse(odd).unwrap(), Received::Ignored(reason) if reason.contains("PARTIAL_DATA")));
}

#[test]
fn what_is_left_out_is_done_without_and_what_is_needed_is_asked_for_by_name() {
    let mut bare = file("alarm-state-change.ok");
    for field in ["previousState", "configuration"] {
        bare["detail"].as_object_mut().unwrap().remove(field);
    }
    bare["resources"] = json!([]);
    bare["detail"]["state"] = json!({"value": "ALARM", "timestamp": "2026-11-21T10:20:11.432+0000"});
    let Received::Trigger(Trigger::StateChange { change, .. }) = parse(bare.clone()).unwrap() else { panic!() };
    assert_eq!((change.measurement, change.location), (None, AlarmLocation::default()));
    let cases = [
        (json!({"alarmName": "a", "state": {"value": 7}}), "detail.state.value: got `a number`"),
        (json!({"state": {"value": "OK"}}), "detail.alarmName: got `nothing`"),
    ];
    for (detail, expected) in cases {
        bare["detail"] = detail;
        let error = parse(bare.clone()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn stack_updates_and_requests_are_distinguished() {
    let path = "../../events/cloudformation.stack-status-change.update-in-progress.json";
    let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let at = "2026-11-21T10:15:30Z".parse().unwrap();
    let update = parse(serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(update, Received::Trigger(Trigger::StackUpdate(StackUpdate { at, in_progress: true })));
    for (request, trigger) in [
        (json!({"action": "reconcile"}), Trigger::Everything),
        (json!({"action": "plan"}), Trigger::Everything),
        (json!({"action": "plan", "alarm": "a"}), Trigger::Named("a".into())),
    ] {
        assert_eq!(parse(request).unwrap(), Received::Trigger(trigger));
    }
    let error = parse(json!({"action": "plan", "alarms": "a"})).unwrap_err().to_string();
    assert!(error.contains("request `plan`: unknown field `alarms`"), "{error}");
}
