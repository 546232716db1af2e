use super::fixtures::*;
use crate::budget::*;

fn refused(document: &str) -> String {
    BudgetPolicies::parse(document, &fleet()).unwrap_err().to_string()
}

#[test]
fn an_error_names_path_value_and_expectation() {
    let tier = |services: &str| format!(r#"[{{"name":"m","tiers":[{{"at_percent":80,"services":{{{services}}}}}]}}]"#);
    for (document, expected) in [
        ("{}".to_owned(), "budgets: .: invalid type: map, expected a sequence"),
        (r#"[{"tiers":[]}]"#.to_owned(), "budgets: [0]: missing field `name`"),
        (r#"[{"name":"a:b"}]"#.to_owned(), "budgets: [0].name: got `a:b`, expected 1 to 100 characters"),
        (r#"[{"name":"m"},{"name":"m"}]"#.to_owned(), "budgets: [1].name: got `m`, expected each budget once"),
        (r#"[{"name":"m","limit":0}]"#.to_owned(), "budgets: [0].limit: got `0.00 USD`, expected an amount above 0"),
        (r#"[{"name":"m","limit":"much"}]"#.to_owned(), "budgets: [0].limit: amount: got `much USD`"),
        (r#"[{"name":"m","colour":1}]"#.to_owned(), "budgets: [0].colour: unknown field `colour`"),
        (
            r#"[{"name":"m","tiers":[{"at_percent":80,"services":{}},{"at_percent":80,"services":{}}]}]"#.to_owned(),
            "budgets: [0].tiers[1].at_percent: got `80`, expected 81 to 1000, above the previous tier",
        ),
        (tier(r#""wbe":{"scale_to_zero":true}"#), "tiers[0].services.wbe: got `wbe`, expected one of web, crawler"),
        (tier(r#""web":{}"#), "tiers[0].services.web: got `nothing`, expected spot_only"),
        (
            tier(r#""web":{"spot_only":true}"#),
            "web.spot_only: got `true`, expected a service whose spot.mode is not off",
        ),
        (
            tier(r#""web":{"longer_downtime_minutes":5}"#),
            "web.longer_downtime_minutes: got `5`, expected a service with scheduled downtime (`sleep`)",
        ),
        (
            tier(r#""crawler":{"longer_downtime_minutes":900}"#),
            "longer_downtime_minutes: got `900`, expected at most 720",
        ),
        (tier(r#""web":{"max_tasks":1}"#), "web.max_tasks: got `1`, expected 2 to 6, its floor to its baseline.max"),
        (tier(r#""web":{"celing":1}"#), "unknown field `celing`"),
    ] {
        let error = refused(&document);
        assert!(error.contains(expected), "{error}\nlacks\n{expected}");
    }
}

#[test]
fn a_limit_is_a_number_or_a_string() {
    for limit in ["500", r#""500""#, "500.0"] {
        let budgets = BudgetPolicies::parse(&format!(r#"[{{"name":"m","limit":{limit}}}]"#), &fleet()).unwrap();
        assert_eq!(budgets.get("m").unwrap().limit, Some(Amount::cents(50_000)));
    }
    assert_eq!(BudgetPolicies::parse("", &fleet()).unwrap().iter().count(), 0);
}

#[test]
fn a_name_is_found_wherever_a_mail_program_has_broken_it() {
    let budgets = BudgetPolicies::parse(r#"[{"name":"All of it"},{"name":"monthly"}]"#, &fleet()).unwrap();
    for (name, found) in [("All of it", true), ("All of\n it ", true), ("all of it", false), ("All", false)] {
        assert_eq!(budgets.get(name).is_some(), found, "{name}");
    }
    assert_eq!(super::fixtures::budgets().services(), ["crawler", "web"]);
}
