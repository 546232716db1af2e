//! The schema that AppConfig holds each version of the configuration to: what it accepts, what it refuses, and its limits.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use boon::{Compiler, Draft, ErrorKind, Schemas, ValidationError};
use planner::alarm::Alarms;
use planner::budget::BudgetPolicies;
use planner::fleet::Fleet;
use serde_json::{Value, json};
use tests::huskit;
use tests::resolve::Deployed;
use tests::template::{Template, list, text, walk};

/// Its characters, as AppConfig documents the limit of a validator's `Content`.
const LONGEST_SCHEMA: usize = 32_768;
/// Bytes of a template that CloudFormation reads from S3.
const LARGEST_TEMPLATE: usize = 1_000_000;
/// Bytes of a configuration that AppConfig deploys.
const LARGEST_CONFIGURATION: usize = 2_000_000;

/// The validator, as the template gives it to AppConfig.
fn content() -> String {
    let profile = Template::load("infra/automation/configuration.yaml").properties("ConfigurationProfile");
    let validators = list(&profile["Validators"]);
    assert_eq!((validators.len(), &validators[0]["Type"]), (1, &"JSON_SCHEMA".into()));
    text(&validators[0]["Content"])
}

/// Every place that the schema refuses, with what it says; the compiler checks the schema itself against draft 4.
fn refusals(document: &Value) -> Vec<String> {
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    compiler.set_default_draft(Draft::V4);
    compiler.add_resource("schema.json", serde_json::from_str(&content()).unwrap()).unwrap();
    let schema = compiler.compile("schema.json", &mut schemas).unwrap();
    let mut refusals = Vec::new();
    if let Err(error) = schemas.validate(document, schema) {
        leaves(&error, &mut refusals);
    }
    refusals
}

fn leaves(error: &ValidationError<'_, '_>, found: &mut Vec<String>) {
    if error.causes.is_empty() {
        found.push(format!("{}: {}", error.instance_location, error.kind));
    }
    // Of "this or nothing", what is wrong with this.
    for cause in
        error.causes.iter().filter(|cause| !matches!(cause.kind, ErrorKind::Type { .. }) || error.causes.len() == 1)
    {
        leaves(cause, found);
    }
}

fn existing() -> Value {
    huskit::written_in(&Deployed::new(Template::load("infra/existing/documents.yaml"), &[]))
}

fn parse(configuration: &Value) {
    let fleet = Fleet::parse(&configuration["fleet"].to_string()).unwrap();
    Alarms::parse(&configuration["alarms"].to_string(), &fleet).unwrap();
    BudgetPolicies::parse(&configuration["budgets"].to_string(), &fleet).unwrap();
}

#[test]
fn it_is_draft_4_and_short_enough_for_a_validator() {
    let content = content();
    assert!(content.chars().count() < LONGEST_SCHEMA, "{} characters", content.chars().count());
    let schema: Value = serde_json::from_str(&content).unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-04/schema#");
    // Words of later drafts are ignored in this one: what they say would be accepted.
    let later = [
        "const",
        "contains",
        "$defs",
        "$id",
        "if",
        "propertyNames",
        "examples",
        "prefixItems",
        "unevaluatedProperties",
    ];
    walk(&schema, &mut |value| {
        for word in later {
            assert!(value.get(word).is_none(), "{word} in {value}");
        }
        if let Some(Value::Object(exclusive)) = value.get("exclusiveMinimum") {
            panic!("exclusiveMinimum: {exclusive:?}");
        }
        let lonely = value.get("$ref").is_none() || value.as_object().unwrap().len() == 1;
        assert!(lonely, "nothing counts beside `$ref`: {value}");
    });
}

#[test]
fn it_accepts_what_the_systems_deploy() {
    for spot in ["prefer", "off", "only"] {
        for (downtime, weekends) in [("true", "true"), ("true", "false"), ("false", "false")] {
            let given = [("CrawlerSpot", spot), ("DowntimeEnabled", downtime), ("DowntimeWeekends", weekends)];
            let configuration = huskit::configuration(&given);
            assert_eq!(refusals(&configuration), Vec::<String>::new(), "{given:?}");
            parse(&configuration);
        }
    }
    assert_eq!(refusals(&existing()), Vec::<String>::new());
    parse(&existing());
}

/// A configuration with everything that may be set.
fn complete() -> Value {
    json!({
        "fleet": {"system": "shop", "stage": "prod", "services": [{
            "name": "web", "cluster": "shop", "baseline": {"min": 1, "max": 4}, "floor": 1,
            "images": [
                {"repository": "shop/web", "tag": {"exact": "latest"}, "live": "live", "previous": "previous",
                 "source": "https://github.com/acme/web"},
                {"repository": "shop/proxy", "tag": {"semver": ">=1.2, <2"}},
                {"repository": "shop/log", "tag": {"glob": "release-??"}},
            ],
            "sleep": {"zone": "Etc/GMT+5", "except": ["2026-12-24", "2026-12-24..2027-01-02"],
                      "windows": [{"from": "22:00", "to": "06:00", "days": ["mon", "sun"]}, {"from": "00:00", "to": "00:00"}]},
            "spot": {"mode": "prefer", "base": 1}, "drain_minutes": 30, "wake_minutes": 15,
            "rollout": {
                "deadline_minutes": 30, "scan": {"wait_minutes": 10, "max": {"critical": 0}, "unscanned": "accept"},
                "pre_deploy_task": {"container": "web", "command": ["npm", "run", "migrate"], "deadline_minutes": 15},
                "invalidate": {"distribution": "E2QWRUHAPOMQZL", "paths": ["/*"]},
            },
        }]},
        "alarms": {"dashboard": "shop", "logs": {"web": "/ecs/shop-web"}, "alarms": [
            {"name": "a", "runbook": "a.md", "remedy": "none", "severity": "warning", "insufficient_data": "announce",
             "grace_minutes": 5, "flapping": {"times": 3, "within_minutes": 60, "stable_minutes": 30}},
            {"name": "b", "runbook": "b.md", "service": "web", "remedy": {"scale": {"tasks": "+1", "minutes": 30, "daily": 4}}},
            {"name": "c", "runbook": "c.md", "service": "web", "remedy": {"restart": {"cool_down_minutes": 60, "daily": 3}}},
            {"name": "d", "runbook": "d.md", "service": "web", "remedy": {"rollback": {"watch_minutes": 30, "daily": 1}}},
        ]},
        "budgets": [
            {"name": "shop-monthly", "limit": 500.5, "tiers": [
                {"at_percent": 80, "services": {"web": {"spot_only": true, "longer_downtime_minutes": 60, "scale_to_zero": true, "max_tasks": 1}}},
            ]},
            {"name": "shop-yearly", "limit": "6000"},
        ],
    })
}

#[test]
fn it_accepts_everything_that_the_functions_accept() {
    parse(&complete());
    assert_eq!(refusals(&complete()), Vec::<String>::new());
    // What is optional may be left out, or be nothing.
    let least = json!({"fleet": {"system": "shop", "stage": "prod", "services": [
        {"name": "web", "cluster": "shop", "baseline": {"min": 1, "max": 1}, "floor": null, "sleep": null, "spot": null},
    ]}, "alarms": {}, "budgets": []});
    parse(&least);
    assert_eq!(refusals(&least), Vec::<String>::new());
}

#[test]
fn it_refuses_mistakes_and_says_where() {
    for (path, value, expected) in [
        ("/colour", json!(1), "additionalProperties 'colour'"),
        ("/fleet/colour", json!(1), "/fleet: "),
        ("/fleet/services/0/rollout/invalidate/path", json!([]), "/fleet/services/0/rollout/invalidate: "),
        ("/fleet/services/0/name", json!(7), "/fleet/services/0/name: want string"),
        ("/fleet/services/0/name", json!(""), "/fleet/services/0/name: "),
        ("/fleet/services/0/baseline/min", json!("1"), "/fleet/services/0/baseline/min: want integer"),
        ("/fleet/services/0/baseline/min", json!(-1), "/fleet/services/0/baseline/min: "),
        ("/fleet/services/0/sleep/windows/0/from", json!("24:00"), "/fleet/services/0/sleep/windows/0/from: '24:00'"),
        ("/fleet/services/0/sleep/windows/0/from", json!("7:00"), "/fleet/services/0/sleep/windows/0/from: '7:00'"),
        ("/fleet/services/0/sleep/windows/0/days", json!(["monday"]), "/fleet/services/0/sleep/windows/0/days/0: "),
        ("/fleet/services/0/sleep/windows/0/days", json!([]), "/fleet/services/0/sleep/windows/0/days: "),
        ("/fleet/services/0/sleep/except/0", json!("24.12.2026"), "/fleet/services/0/sleep/except/0: "),
        ("/fleet/services/0/sleep/zone", json!("Europe Berlin"), "/fleet/services/0/sleep/zone: "),
        ("/fleet/services/0/spot/mode", json!("always"), "/fleet/services/0/spot/mode: "),
        ("/fleet/services/0/images/0/tag", json!({"tag": "latest"}), "/fleet/services/0/images/0/tag: "),
        ("/fleet/services/0/images/0/tag", json!({}), "/fleet/services/0/images/0/tag: "),
        ("/fleet/services/0/drain_minutes", json!(1441), "/fleet/services/0/drain_minutes: "),
        ("/fleet/services/0/rollout/scan/max", json!({"terrible": 1}), "/fleet/services/0/rollout/scan/max: "),
        ("/alarms/alarms/1/remedy", json!({"reboot": {}}), "/alarms/alarms/1/remedy: "),
        ("/alarms/alarms/1/remedy", json!("all"), "/alarms/alarms/1/remedy: 'all'"),
        ("/alarms/alarms/1/remedy/scale/tasks", json!("many"), "/alarms/alarms/1/remedy/scale/tasks: "),
        ("/alarms/alarms/1/severity", json!("low"), "/alarms/alarms/1/severity: "),
        ("/alarms/alarms/0/runbook", json!("a/b.md"), "/alarms/alarms/0/runbook: "),
        ("/budgets/0/tiers/0/at_percent", json!(0), "/budgets/0/tiers/0/at_percent: "),
        ("/budgets/0/tiers/0/at_percent", json!("80%"), "/budgets/0/tiers/0/at_percent: want integer"),
        ("/budgets/0/name", json!("a:b"), "/budgets/0/name: "),
        ("/budgets/0/limit", json!(0), "/budgets/0/limit: "),
    ] {
        let mut wrong = complete();
        let (above, name) = path.rsplit_once('/').unwrap();
        match wrong.pointer_mut(above).unwrap() {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value.clone(),
            fields => fields[name] = value.clone(),
        }
        let refusals = refusals(&wrong);
        assert!(refusals.iter().any(|refusal| refusal.contains(expected)), "{path} {value}: {refusals:?}");
    }
    for (above, name) in [
        ("", "fleet"),
        ("", "alarms"),
        ("", "budgets"),
        ("/fleet", "system"),
        ("/fleet/services/0", "name"),
        ("/fleet/services/0", "baseline"),
        ("/alarms/alarms/0", "runbook"),
        ("/budgets/0", "name"),
    ] {
        let mut wrong = complete();
        wrong.pointer_mut(above).unwrap().as_object_mut().unwrap().remove(name);
        let refusals = refusals(&wrong);
        let expected = format!("{above}: missing properties '{name}'");
        assert!(refusals.iter().any(|refusal| refusal.contains(&expected)), "{expected}: {refusals:?}");
    }
}

/// Lambda's 4 KB of environment held some ten services. What ends first now is the template, which CloudFormation reads
/// up to 1 MB of: the services of this fleet have an entry like that of website-agent, without quiet hours
/// of its own, and one alarm each.
#[test]
fn a_thousand_services_fit() {
    let mut documents = Template::load("infra/huskit/documents.yaml");
    let written = &mut documents.body["Resources"]["ConfigurationVersion"]["Properties"]["Content"]["Fn::ToJsonString"];
    let (mut service, alarm) = (written["fleet"]["services"][0].clone(), written["alarms"]["alarms"][0].clone());
    service["rollout"].as_object_mut().unwrap().remove("quiet_hours");
    for number in 3..=1000 {
        let (mut service, mut alarm) = (service.clone(), alarm.clone());
        let name = format!("website-agent-{number}");
        service["images"] = json!([{"repository": format!("huskit/{name}"), "tag": {"exact": "latest"}}]);
        alarm["name"] = format!("huskit-prod-{name}-5xx").into();
        (service["name"], alarm["service"]) = (name.clone().into(), name.into());
        written["fleet"]["services"].as_array_mut().unwrap().push(service);
        written["alarms"]["alarms"].as_array_mut().unwrap().push(alarm);
    }
    let template = serde_yaml_ng::to_string(&documents.body).unwrap().len();
    assert!(template < LARGEST_TEMPLATE, "{template} bytes of a template");
    let given = [("DowntimeWeekends", "true"), ("DistributionId", huskit::DISTRIBUTION)];
    let configuration = huskit::written_in(&Deployed::new(documents, &given));
    let length = configuration.to_string().len();
    assert!(length < LARGEST_CONFIGURATION, "{length} bytes of a configuration");
    assert_eq!(refusals(&configuration), Vec::<String>::new());
    parse(&configuration);
    assert_eq!(Fleet::parse(&configuration["fleet"].to_string()).unwrap().services.len(), 1000);
}
