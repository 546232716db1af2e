//! The document of alarms.

use super::fixtures::fleet;
use crate::alarm::*;

fn parse(alarm: &str) -> crate::Result<Alarms> {
    Alarms::parse(&format!(r#"{{"dashboard":"acme","logs":{{"web":"/ecs/web"}},"alarms":[{alarm}]}}"#), &fleet())
}

#[test]
fn defaults_are_left_out_of_the_document() {
    let alarms = parse(r#"{"name":"a","service":"web","runbook":"a.md"}"#).unwrap();
    let alarm = alarms.get("a").unwrap();
    assert_eq!(
        (&alarm.remedy, alarm.severity, alarm.insufficient_data),
        (&RemedyPolicy::None, AlarmSeverity::Critical, InsufficientDataPolicy::Ignore)
    );
    assert_eq!((alarm.flapping.times, alarm.flapping.within_minutes, alarm.flapping.stable_minutes), (4, 60, 30));
    assert!(alarms.get("b").is_none());
    assert_eq!(Alarms::parse(" ", &fleet()).unwrap(), Alarms::default());
}

#[test]
fn remedies_are_read_with_their_bounds() {
    let remedy = |remedy: &str| {
        let alarm = format!(r#"{{"name":"a","service":"web","runbook":"a.md","remedy":{remedy}}}"#);
        parse(&alarm).map(|alarms| alarms.alarms[0].remedy.clone())
    };
    let expected = ScalePolicy { tasks: ScaleTarget::Add(2), minutes: 30, daily: 4 };
    assert_eq!(remedy(r#"{"scale":{"tasks":"+2"}}"#).unwrap(), RemedyPolicy::Scale(expected));
    let expected = ScalePolicy { tasks: ScaleTarget::Count(4), minutes: 10, daily: 1 };
    assert_eq!(remedy(r#"{"scale":{"tasks":"4","minutes":10,"daily":1}}"#).unwrap(), RemedyPolicy::Scale(expected));
    assert_eq!(remedy(r#"{"restart":{}}"#).unwrap(), RemedyPolicy::Restart(RestartPolicy::default()));
    let expected = RollbackPolicy { watch_minutes: 20, daily: 1 };
    assert_eq!(remedy(r#"{"rollback":{"watch_minutes":20}}"#).unwrap(), RemedyPolicy::Rollback(expected));
    assert_eq!(remedy(r#""none""#).unwrap(), RemedyPolicy::None);
}

#[test]
fn a_mistake_is_named_by_path_value_and_expectation() {
    let cases = [
        (r#"{"name":"a"}"#, "alarms: alarms[0]: missing field `runbook`"),
        (r#"{"name":"","runbook":"a.md"}"#, "alarms: alarms[0].name: got ``, expected a name of 1 to 255 characters"),
        (r#"{"name":"a","runbook":"a.md","color":1}"#, "alarms[0].color: unknown field `color`"),
        (
            r#"{"name":"a","runbook":"a.md","service":"api"}"#,
            "alarms[0].service: got `api`, expected a service of the fleet",
        ),
        (r#"{"name":"a","runbook":"docs/a.md"}"#, "alarms[0].runbook: got `docs/a.md`, expected the name of a file"),
        (
            r#"{"name":"a","runbook":"a.md"},{"name":"a","runbook":"a.md"}"#,
            "alarms[1].name: got `a`, expected each alarm once",
        ),
        (
            r#"{"name":"a","runbook":"a.md","remedy":{"restart":{}}}"#,
            "alarms[0].service: got `nothing`, expected the service that",
        ),
        (r#"{"name":"a","runbook":"a.md","remedy":{"dance":{}}}"#, "alarms[0].remedy: unknown variant `dance`"),
        (
            r#"{"name":"a","runbook":"a.md","service":"web","remedy":{"scale":{"tasks":"many"}}}"#,
            "tasks: got `many`, expected `+1` for one more",
        ),
        (r#"{"name":"a","runbook":"a.md","service":"web","remedy":{"scale":{"tasks":"+0"}}}"#, "tasks: got `+0`"),
        (r#"{"name":"a","runbook":"a.md","service":"web","remedy":{"scale":{"tasks":"++1"}}}"#, "tasks: got `++1`"),
        (
            r#"{"name":"a","runbook":"a.md","service":"web","remedy":{"rollback":{"daily":0}}}"#,
            "remedy.rollback.daily: got `0`, expected 1 to 12",
        ),
        (
            r#"{"name":"a","runbook":"a.md","service":"web","remedy":{"scale":{"tasks":"4","minutes":0}}}"#,
            "remedy.scale.minutes: got `0`",
        ),
        (
            r#"{"name":"a","runbook":"a.md","grace_minutes":9999}"#,
            "alarms[0].grace_minutes: got `9999`, expected 0 to 1440",
        ),
        (
            r#"{"name":"a","runbook":"a.md","flapping":{"times":1}}"#,
            "alarms[0].flapping.times: got `1`, expected 2 to 20",
        ),
        (
            r#"{"name":"a","runbook":"a.md","insufficient_data":"page"}"#,
            "alarms[0].insufficient_data: unknown variant `page`",
        ),
    ];
    for (alarm, expected) in cases {
        let error = parse(alarm).unwrap_err().to_string();
        assert!(error.starts_with("alarms: ") && error.contains(expected), "{error}\nlacks\n{expected}");
    }
    let error = Alarms::parse(r#"{"logs":{"api":"x"}}"#, &fleet()).unwrap_err().to_string();
    assert_eq!(error, "alarms: logs.api: got `api`, expected a service of the fleet");
}

#[test]
fn alarms_of_one_name_in_two_regions_are_two_alarms() {
    let entry = |region: &str| format!(r#"{{"name":"errors"{region},"runbook":"errors.md"}}"#);
    let (home, edge) = (entry(""), entry(r#","region":"us-east-1""#));
    let parse = |entries: &[&str]| Alarms::parse(&format!(r#"{{"alarms":[{}]}}"#, entries.join(",")), &fleet());
    let alarms = parse(&[&home, &edge]).unwrap();
    let found = |region: &str| alarms.in_region("errors", region, "eu-central-1").map(AlarmPolicy::key);
    assert_eq!(found("eu-central-1").as_deref(), Some("errors"));
    assert_eq!(found("us-east-1").as_deref(), Some("us-east-1/errors"));
    assert_eq!(found("eu-west-1"), None);
    assert_eq!(alarms.named("us-east-1/errors").unwrap().region.as_deref(), Some("us-east-1"));
    assert!(parse(&[&edge, &edge]).unwrap_err().to_string().contains("each alarm once"));
}
