//! The alarms on the automation itself: what they are called, where they lead, and that they start no function.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use serde_json::json;
use tests::alarms::on_the_automation;
use tests::resolve::Deployed;
use tests::rules::{matching, rules};
use tests::template::{self, Template};

const FUNCTIONS: [&str; 5] = ["alarm", "budget", "capacity", "request", "rollout"];

#[test]
fn they_are_called_what_an_engineer_on_call_would_call_them() {
    let names: Vec<String> = on_the_automation(template::root()).into_iter().map(|alarm| alarm.name).collect();
    let of = |function: &str| {
        ["configuration-rejected", "errors", "not-invoked", "subject-errors", "throttled", "unsent"]
            .map(|what| format!("automation-huskit-prod-{function}-{what}"))
    };
    let of_functions = FUNCTIONS.iter().flat_map(|function| of(function));
    let others =
        ["dead-letters", "delivery-failed", "undelivered"].map(|what| format!("automation-huskit-prod-{what}"));
    let mut expected: Vec<String> = of_functions.chain(others).collect();
    // It has no tick and decides nothing.
    let has =
        |name: &str| !name.contains("-request-") || name.ends_with("-request-errors") || name.ends_with("-throttled");
    expected.retain(|name| has(name));
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn each_links_its_runbook() {
    for alarm in on_the_automation(template::root()) {
        let link = alarm
            .description
            .rsplit_once("Runbook: https://runbooks.example/")
            .unwrap_or_else(|| panic!("{alarm:?}"))
            .1;
        let runbook = std::fs::read_to_string(tests::root().join("docs/runbooks").join(link)).unwrap();
        // One runbook is for the alarms on every function.
        let of_every = FUNCTIONS.map(|function| alarm.name.replace(&format!("-{function}-"), "-<function>-"));
        let named = |name: &String| runbook.contains(&format!("`{name}`"));
        assert!(of_every.iter().any(named), "{link} does not name {}", alarm.name);
    }
}

/// A function that fails must not be started by the alarm on it, of which the name may begin as the system's alarms do.
#[test]
fn none_starts_a_function() {
    for root in [template::root as fn() -> Template, template::existing] {
        let (path, alarms) = (root().path, on_the_automation(root()));
        let rules = rules(
            &Deployed::new(root(), &[("RunbooksUrl", "https://runbooks.example")])
                .part("infra/automation/functions.yaml"),
        );
        let started = |name: &str| {
            let detail = json!({"alarmName": name, "state": {"value": "ALARM"}});
            let event =
                json!({"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "detail": detail});
            matching(&rules, &event).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        for alarm in &alarms {
            assert_eq!(started(&alarm.name), Vec::<String>::new(), "{path}: {}", alarm.name);
        }
        assert_eq!(started("huskit-prod-website-agent-5xx"), ["AlarmChangedRule"], "{path}");
        assert!(alarms.len() > 15, "{path}: {alarms:?}");
    }
}
