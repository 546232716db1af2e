//! The configuration changes while a function serves.

use serde_json::{Value, json};

use crate::cloud::Cloud;

fn fleet(services: &[&str]) -> Value {
    let service = |name: &&str| json!({"name": name, "cluster": "prod", "baseline": {"min": 1, "max": 3}});
    json!({"system": "acme", "stage": "prod", "services": services.iter().map(service).collect::<Vec<_>>()})
}

fn configuration(services: &[&str]) -> Value {
    json!({"fleet": fleet(services), "alarms": {"alarms": []}, "budgets": []})
}

fn plan(service: &str) -> Value {
    json!({"action": "plan", "service": service})
}

#[test]
fn a_request_about_a_service_that_was_just_deployed_is_understood() {
    let cloud = Cloud::new(&fleet(&["web"]), &json!([]));
    cloud.run("jobs", 1);
    let capacity = cloud.start::<capacity::App>("2026-11-21T10:00:00Z").unwrap();
    cloud.deploy(&configuration(&["web", "jobs"]));
    // It was read within the last minute, so it is not read again.
    let error = capacity.invoke(plan("jobs"), "2026-11-21T10:00:59Z").unwrap_err().to_string();
    assert_eq!(error, "service: got `jobs`, expected one of prod/web");
    let answer = capacity.invoke(plan("jobs"), "2026-11-21T10:01:00Z").unwrap();
    assert_eq!(answer["decisions"][0]["service"], "prod/jobs", "{answer}");
}

#[test]
fn a_function_asks_at_most_once_a_minute() {
    let cloud = Cloud::new(&fleet(&["web"]), &json!([]));
    cloud.run("web", 1);
    let capacity = cloud.start::<capacity::App>("2026-11-21T10:00:00Z").unwrap();
    for second in 0..120 {
        let now = format!("2026-11-21T10:{:02}:{:02}Z", second / 60, second % 60);
        capacity.invoke(plan("web"), &now).unwrap();
    }
    assert_eq!(cloud.looks(), 2);
}

#[test]
fn a_service_that_is_no_longer_configured_is_left_alone() {
    let cloud = Cloud::new(&fleet(&["web"]), &json!([]));
    cloud.run("web", 1);
    let capacity = cloud.start::<capacity::App>("2026-11-21T10:00:00Z").unwrap();
    cloud.deploy(&configuration(&[]));
    let answer = capacity.invoke(json!({"action": "reconcile"}), "2026-11-21T10:05:00Z").unwrap();
    assert_eq!(answer["decisions"], json!([]), "{answer}");
}

#[test]
fn a_broken_configuration_leaves_the_last_good_one_in_use() {
    let cloud = Cloud::new(&fleet(&["web"]), &json!([]));
    cloud.run("web", 1);
    let capacity = cloud.start::<capacity::App>("2026-11-21T10:00:00Z").unwrap();
    for (minute, broken) in [(5, json!("{")), (10, json!({"fleet": {}})), (15, configuration(&[""]))] {
        cloud.deploy(&broken);
        let answer = capacity.invoke(plan("web"), &format!("2026-11-21T10:{minute:02}:00Z")).unwrap();
        assert_eq!(answer["decisions"][0]["service"], "prod/web", "{broken}: {answer}");
    }
}

#[test]
fn a_function_does_not_start_over_a_broken_configuration_and_says_where_the_mistake_is() {
    let cloud = Cloud::new(&fleet(&["web", "web"]), &json!([]));
    let error = cloud.start::<capacity::App>("2026-11-21T10:00:00Z").err().unwrap().to_string();
    assert_eq!(error, "configuration: fleet: services[1]: got `prod/web`, expected each service once");
    // Another function's section is not its concern.
    cloud.deploy(&json!({"fleet": fleet(&["web"]), "alarms": 7, "budgets": "broken"}));
    assert!(cloud.start::<capacity::App>("2026-11-21T10:00:00Z").is_ok());
    let error = cloud.start::<budget::App>("2026-11-21T10:00:00Z").err().unwrap().to_string();
    assert!(error.starts_with("configuration: budgets: .: invalid type: string \"broken\""), "{error}");
}

#[test]
fn a_fleet_of_a_thousand_services_loads() {
    let names: Vec<String> = (0..1000).map(|number| format!("service-{number:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let cloud = Cloud::new(&fleet(&names), &json!([]));
    cloud.run("service-0999", 1);
    let answer = cloud.invoke::<capacity::App>(plan("service-0999"), "2026-11-21T10:00:00Z").unwrap();
    assert_eq!(answer["decisions"][0]["service"], "prod/service-0999", "{answer}");
}

#[test]
fn an_appconfig_that_does_not_answer_holds_up_an_invocation_for_seconds_and_changes_nothing() {
    let cloud = Cloud::new(&fleet(&["web"]), &json!([]));
    cloud.run("web", 1);
    let capacity = cloud.start::<capacity::App>("2026-11-21T10:00:00Z").unwrap();
    cloud.deploy(&configuration(&[]));
    cloud.silence_configuration();
    for now in ["2026-11-21T10:05:00Z", "2026-11-21T10:05:30Z", "2026-11-21T10:10:00Z"] {
        let answer = capacity.invoke(plan("web"), now).unwrap();
        assert_eq!(answer["decisions"][0]["service"], "prod/web", "{answer}");
    }
}
