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
fn services_and_containers_may_share_a_repository_but_no_tag_of_the_automation() {
    let image = |more: &str| format!(r#"{{"repository":"r",{more}}}"#);
    let service = |name: &str, images: &[String]| {
        let images = images.join(",");
        format!(r#"{{"name":"{name}","cluster":"c","baseline":{{"min":1,"max":1}},"images":[{images}]}}"#)
    };
    let two = |a: &str, b: &str| with(&[service("a", &[image(a)]), service("b", &[image(b)])].join(","));
    let (a, b) = (r#""tag":{"exact":"x"}"#, r#""tag":{"exact":"x"},"live":"live-b","previous":"previous-b""#);
    assert!(two(a, b).is_ok());
    assert!(two(a, r#""tag":{"exact":"x"},"account":"999999999999""#).is_ok(), "it is another repository");
    let refused = |result: Result<Fleet>, expected: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\nlacks\n{expected}");
    };
    refused(two(a, a), "repository r: live: got `live`, expected a tag of its own for each service");
    refused(two(a, r#""tag":{"exact":"x"},"live":"live-b""#), "repository r: previous: got `previous`");
    refused(two(r#""tag":{"glob":"*-b"}"#, b), "a policy that follows no tag which the automation moves");
    let containers = |a: &str, b: &str| with(&service("a", &[image(a), image(b)]));
    let (app, proxy) = (format!(r#"{a},"containers":["app"]"#), format!(r#"{b},"containers":["proxy"]"#));
    assert!(containers(&app, &proxy).is_ok());
    refused(containers(&app, b), "each of its entries with `containers` of its own");
    refused(containers(&app, &proxy.replace("proxy", "app")), "each of its entries with `containers` of its own");
    refused(with(&service("a", &[image(r#""tag":{"exact":"x"},"account":"1""#)])), "expected twelve digits");
}
