//! What a fleet document may say, and what it is refused for.

use super::*;

fn with(service: &str) -> Result<Fleet> {
    Fleet::parse(&format!(r#"{{"system":"huskit","stage":"prod","services":[{service}]}}"#))
}

#[test]
fn defaults_are_left_out_of_the_document() {
    let fleet = with(r#"{"name":"web","cluster":"c","baseline":{"min":2,"max":6},"images":[{"repository":"h/web","tag":{"exact":"latest"}}]}"#).unwrap();
    let service = fleet.service("web").unwrap();
    assert_eq!((service.images[0].live.as_str(), service.images[0].previous.as_str()), ("live", "previous"));
    assert_eq!(service.rollout.deadline_minutes, 30);
    assert_eq!(fleet.service("c/web").unwrap().id().to_string(), "c/web");
    assert_eq!(fleet.following("h/web").count(), 1);
    assert_eq!(fleet.following("web").count(), 0);
}

#[test]
fn a_mistake_is_reported_with_path_value_and_expectation() {
    let cases = [
        (r#"{"name":"web"}"#, "services[0]: missing field `cluster`"),
        (
            r#"{"name":"web","cluster":"c","baseline":{"min":3,"max":2}}"#,
            "services[0].baseline.min: got `3`, expected at most baseline.max",
        ),
        (
            r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"color":1}"#,
            "services[0].color: unknown field `color`",
        ),
        (
            r#"{"name":"web","cluster":"c","baseline":{"min":-1,"max":2}}"#,
            "services[0].baseline.min: invalid value: integer `-1`, expected u32",
        ),
        (
            r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"images":[{"repository":"r","tag":{"regex":"x"}}]}"#,
            "services[0].images[0].tag: unknown variant `regex`",
        ),
        (
            r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"images":[{"repository":"r","tag":{"exact":"live"}}]}"#,
            "services[0].images[0].tag: got `live`, expected a policy that does not follow `live`",
        ),
        (
            r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"rollout":{"deadline_minutes":0}}"#,
            "services[0].rollout.deadline_minutes: got `0`, expected 1 to 1440",
        ),
        (
            r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"rollout":{"scan":{"max":{"CRITICAL":0}}}}"#,
            "services[0].rollout.scan.max: got `CRITICAL`, expected critical",
        ),
        (
            r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"floor":3}"#,
            "services[0].floor: got `3`, expected at most baseline.max",
        ),
        (
            r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"wake_minutes":0}"#,
            "services[0].wake_minutes: got `0`, expected 1 to 1440",
        ),
        (
            r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"spot":{"mode":"maybe"}}"#,
            "services[0].spot.mode: unknown variant `maybe`",
        ),
        (
            r#"{"name":"web","cluster":"c","baseline":{"min":1,"max":2},"sleep":{"zone":"Berlin","windows":[]}}"#,
            "zone: got `Berlin`, expected an IANA time zone",
        ),
    ];
    for (service, expected) in cases {
        let error = with(service).unwrap_err().to_string();
        assert!(error.starts_with("fleet: ") && error.contains(expected), "{error}\nlacks\n{expected}");
    }
}

#[test]
fn two_services_may_share_a_repository_but_not_a_live_tag_for_different_policies() {
    let service = |name: &str, tag: &str, live: &str| {
        format!(
            r#"{{"name":"{name}","cluster":"c","baseline":{{"min":1,"max":1}},"images":[{{"repository":"r","tag":{{"exact":"{tag}"}},"live":"{live}"}}]}}"#
        )
    };
    assert!(with(&[service("a", "x", "live"), service("b", "x", "live")].join(",")).is_ok());
    assert!(with(&[service("a", "x", "live-a"), service("b", "y", "live-b")].join(",")).is_ok());
    let error = with(&[service("a", "x", "live"), service("b", "y", "live")].join(",")).unwrap_err();
    assert!(error.to_string().contains("a tag of its own"), "{error}");
}
