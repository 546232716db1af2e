//! The scheduled downtime of HuskIT's crawler and its use of Spot: one set of parameters, and all that follows from it.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use planner::capacity::SpotMode;
use planner::fleet::{Fleet, ServicePolicy};
use serde_json::{Value, json};
use tests::huskit;
use tests::resolve::Deployed;
use tests::template::{self, text};

type Given = &'static [(&'static str, &'static str)];

const DEFAULTS: Given = &[];
const AWAKE: Given = &[("DowntimeEnabled", "false")];
const WEEKEND: Given = &[("DowntimeWeekends", "true")];
const ELSEWHERE: Given =
    &[("DowntimeStart", "01:30"), ("DowntimeEnd", "05:15"), ("DowntimeTimeZone", "America/New_York")];
const ELSEWHERE_WEEKEND: Given = &[
    ("DowntimeStart", "01:30"),
    ("DowntimeEnd", "05:15"),
    ("DowntimeTimeZone", "America/New_York"),
    ("DowntimeWeekends", "true"),
];

fn fleet(given: Given) -> Fleet {
    Fleet::parse(&huskit::document(given, "fleet")).unwrap()
}

fn crawler(given: Given) -> ServicePolicy {
    fleet(given).services.into_iter().find(|service| service.name == "crawler").unwrap()
}

fn root(given: Given) -> Deployed {
    Deployed::new(template::root(), given).with("BaseStack.Outputs.SchedulerGroupName", "huskit-prod")
}

/// The stack of the downtime, as HuskIT's root deploys it.
fn downtime(given: Given) -> Deployed {
    root(given).part("infra/huskit/downtime.yaml")
}

#[test]
fn the_crawler_sleeps_when_the_parameters_say() {
    for (given, at, asleep) in [
        (DEFAULTS, "2026-11-20T21:59:59[Europe/Berlin]", false),
        (DEFAULTS, "2026-11-20T22:00[Europe/Berlin]", true),
        (DEFAULTS, "2026-11-21T05:59[Europe/Berlin]", true),
        (DEFAULTS, "2026-11-21T06:00[Europe/Berlin]", false),
        (AWAKE, "2026-11-21T02:00[Europe/Berlin]", false),
        (WEEKEND, "2026-11-20T21:59[Europe/Berlin]", false),
        (WEEKEND, "2026-11-21T12:00[Europe/Berlin]", true),
        (ELSEWHERE, "2026-11-21T01:30[America/New_York]", true),
        (ELSEWHERE, "2026-11-21T02:00[Europe/Berlin]", false),
        (ELSEWHERE, "2026-11-21T05:15[America/New_York]", false),
    ] {
        let sleep = crawler(given).sleep.unwrap();
        assert_eq!(sleep.at(moment(at)).in_force, asleep, "{given:?} {at}");
    }
}

/// On whichever side of midnight the windows begin and end, a weekend off is one scheduled downtime without a gap.
#[test]
fn a_weekend_off_is_one_long_sleep() {
    for (given, begins, ends) in [
        (WEEKEND, "2026-11-20T22:00[Europe/Berlin]", "2026-11-23T06:00[Europe/Berlin]"),
        (ELSEWHERE_WEEKEND, "2026-11-21T01:30[America/New_York]", "2026-11-23T05:15[America/New_York]"),
    ] {
        let downtime = crawler(given).sleep.unwrap().at(moment(begins));
        assert_eq!((downtime.in_force, downtime.until), (true, Some(moment(ends))), "{given:?}");
    }
}

#[test]
fn website_agent_never_sleeps_and_never_uses_spot() {
    for given in [DEFAULTS, AWAKE, WEEKEND, &[("CrawlerSpot", "only")]] {
        let service = fleet(given).services.into_iter().find(|service| service.name == "website-agent").unwrap();
        assert_eq!((service.sleep, service.spot.unwrap().mode, service.floor), (None, SpotMode::Off, Some(2)));
    }
}

/// The services start where the automation wants them, so that the first thing it does is not a deployment.
#[test]
fn the_crawler_runs_on_spot_as_the_parameter_says() {
    for (given, mode, provider) in [
        (DEFAULTS, SpotMode::Prefer, "FARGATE_SPOT"),
        (&[("CrawlerSpot", "off")], SpotMode::Off, "FARGATE"),
        (&[("CrawlerSpot", "only")], SpotMode::Only, "FARGATE_SPOT"),
    ] {
        assert_eq!(crawler(given).spot.unwrap().mode, mode, "{given:?}");
        let first = huskit::part("services", &[given, &[("FirstDeploy", "true")]].concat());
        let strategy = |id: &str| first.properties(id)["CapacityProviderStrategy"].clone();
        assert_eq!(strategy("CrawlerService"), json!([{"CapacityProvider": provider, "Weight": 1}]), "{given:?}");
        let other = strategy("WebsiteAgentService");
        assert_eq!(other, json!([{"CapacityProvider": "FARGATE", "Weight": 1}]), "{given:?}");
    }
}

#[test]
fn there_is_a_downtime_only_where_it_is_enabled() {
    let system = |given: Given| Deployed::new(template::huskit(), given);
    assert_eq!(system(DEFAULTS).template().resource("Downtime")["Condition"], "HasDowntime");
    assert!(system(DEFAULTS).holds("HasDowntime") && !system(AWAKE).holds("HasDowntime"));
    let both: Given = &[("DowntimeEnabled", "false"), ("DowntimeWeekends", "true")];
    assert!(!huskit::part("documents", both).holds("HasDowntimeAtWeekends"));
    assert!(crawler(both).sleep.unwrap().windows.is_empty());
}

#[test]
fn schedules_fire_at_both_edges_in_the_time_zone() {
    for (given, start, end, zone) in [
        (DEFAULTS, "cron(00 22 * * ? *)", "cron(00 06 * * ? *)", "Europe/Berlin"),
        (ELSEWHERE_WEEKEND, "cron(30 01 * * ? *)", "cron(15 05 * * ? *)", "America/New_York"),
    ] {
        let stack = downtime(given);
        let edges = stack.template().of_type("AWS::Scheduler::Schedule");
        let expressions: Vec<_> =
            edges.iter().map(|(id, _)| stack.properties(id)["ScheduleExpression"].clone()).collect();
        assert_eq!(expressions, [start, end]);
        for (id, _) in &edges {
            assert_eq!(stack.properties(id)["ScheduleExpressionTimezone"], zone, "{id}");
        }
    }
}

#[test]
fn schedules_invoke_the_capacity_function_for_the_crawler() {
    let (stack, files) = (downtime(DEFAULTS), tests::events());
    let expected = &files.iter().find(|(name, _)| name == "scheduler.downtime-edge").unwrap().1;
    let function = text(&functions().properties("CapacityFunction")["FunctionName"]);
    for (id, _) in stack.template().of_type("AWS::Scheduler::Schedule") {
        let edge = stack.properties(&id);
        let target = &edge["Target"];
        assert!(text(&target["Arn"]).ends_with(&format!(":function:{function}")), "{id}: {target}");
        let input = text(&target["Input"]).replace("<aws.scheduler.scheduled-time>", &text(&expected["at"]));
        assert_eq!(serde_json::from_str::<Value>(&input).unwrap(), *expected, "{id}");
        assert_eq!(edge["FlexibleTimeWindow"], json!({"Mode": "OFF"}), "{id}");
        assert!(target["RetryPolicy"]["MaximumEventAgeInSeconds"].as_u64().unwrap() <= 300, "{id}: the tick retries");
        assert_eq!(target["DeadLetterConfig"]["Arn"], "<DeadLetterQueue.Arn>", "{id}");
        assert_eq!((&edge["GroupName"], &target["RoleArn"]), (&json!("huskit-prod"), &json!("<SchedulerRole.Arn>")));
    }
}

#[test]
fn exactly_the_alarms_of_the_crawler_are_muted() {
    let monitoring = template::huskit().nested("monitoring.yaml");
    let alarms = monitoring.of_type("AWS::CloudWatch::Alarm").into_iter().map(|(id, _)| id);
    let expected: Vec<String> = alarms.filter(|id| id.starts_with("Crawler")).map(|id| format!("<{id}>")).collect();
    assert_eq!(expected.len(), 3);
    for given in [DEFAULTS, WEEKEND] {
        let stack = downtime(given);
        let rules = stack.template().of_type("AWS::CloudWatch::AlarmMuteRule");
        assert_eq!(rules.len(), 2);
        for (id, _) in rules {
            assert_eq!(stack.properties(&id)["MuteTargets"]["AlarmNames"], json!(expected), "{id}");
        }
    }
}

/// AWS documents their cron without leading zeros, and no other form:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Schedule.html>.
#[test]
fn alarms_are_muted_from_start_to_end() {
    for (given, rule, expression, duration, zone) in [
        (DEFAULTS, "DowntimeMuteRule", "cron(0 22 * * *)", "PT8H", "Europe/Berlin"),
        (WEEKEND, "WeekendMuteRule", "cron(0 6 * * SAT,SUN)", "PT16H", "Europe/Berlin"),
        (ELSEWHERE, "DowntimeMuteRule", "cron(30 1 * * *)", "PT4H", "America/New_York"),
        (ELSEWHERE_WEEKEND, "WeekendMuteRule", "cron(15 5 * * SAT,SUN)", "PT20H", "America/New_York"),
    ] {
        let expected = json!({"Expression": expression, "Duration": duration, "Timezone": zone});
        assert_eq!(downtime(given).properties(rule)["Rule"]["Schedule"], expected, "{given:?}");
    }
    let condition = template::huskit().nested("downtime.yaml").resource("WeekendMuteRule")["Condition"].clone();
    assert_eq!(condition, "HasDowntimeAtWeekends");
    let holds = |given: Given| downtime(given).holds("HasDowntimeAtWeekends");
    assert!(holds(WEEKEND) && !holds(DEFAULTS));
}

#[test]
fn the_table_of_hours_subtracts() {
    let hours = template::huskit().nested("downtime.yaml").section("Mappings")["Hours"].clone();
    for (from, to) in (0..24).flat_map(|from| (0..24).map(move |to| (from, to))) {
        // Nothing lasts no time: it would be refused.
        let expected = if from == to { 1 } else { (24 + to - from) % 24 };
        assert_eq!(hours[format!("{from:02}")][format!("{to:02}")], expected, "{from} {to}");
    }
    assert_eq!(hours.as_object().unwrap().len(), 24);
}

#[test]
fn a_downtime_that_makes_no_sense_is_refused() {
    for template in [template::root, template::huskit] {
        let refusals = |given: Given| Deployed::new(template(), given).refusals();
        for fine in [DEFAULTS, AWAKE, WEEKEND, ELSEWHERE, ELSEWHERE_WEEKEND] {
            assert_eq!(refusals(fine), Vec::<String>::new(), "{fine:?}");
        }
        assert_eq!(refusals(&[("DowntimeEnd", "22:00")]), ["Enter a DowntimeEnd that differs from DowntimeStart."]);
        let weekend = refusals(&[("DowntimeEnabled", "false"), ("DowntimeWeekends", "true")]);
        assert_eq!(weekend, ["Set DowntimeWeekends to 'true' only together with DowntimeEnabled 'true'."]);
    }
}

/// Ticks and edges alike: one group, and the one role that trusts it.
#[test]
fn every_schedule_is_in_the_group_that_its_role_trusts() {
    let base =
        Deployed::new(template::base(), &[("AutomationName", "huskit-prod")]).with("SchedulerGroup", "huskit-prod");
    let trust = base.properties("SchedulerRole")["AssumeRolePolicyDocument"]["Statement"][0].clone();
    let group = "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/huskit-prod";
    assert_eq!(trust["Condition"]["ArnEquals"]["aws:SourceArn"], group);
    assert_eq!(base.properties("SchedulerGroup")["Name"], "huskit-prod");
    let mut callable = BTreeSet::new();
    let functions = functions();
    for (id, function) in functions.template().of_type("AWS::Serverless::Function") {
        let events = function["Events"].as_object().into_iter().flat_map(|events| events.values());
        for event in events.filter(|event| event["Type"] == "ScheduleV2") {
            let properties = functions.resolve(&event["Properties"]);
            assert_eq!(properties["GroupName"], "huskit-prod", "{id}");
            assert_eq!(properties["RoleArn"], "<SchedulerRole.Arn>", "{id}");
            let name = text(&functions.resolve(&function["FunctionName"]));
            callable.insert(format!("arn:aws:lambda:eu-central-1:123456789012:function:{name}"));
        }
    }
    let calls = &base.properties("SchedulerRole")["Policies"][0]["PolicyDocument"]["Statement"][0];
    let allowed: BTreeSet<String> = calls["Resource"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(allowed, callable);
}

/// The functions, as HuskIT's root deploys them.
fn functions() -> Deployed {
    root(DEFAULTS).part("infra/automation/functions.yaml")
}

/// A moment by the clock of a zone.
fn moment(text: &str) -> jiff::Timestamp {
    text.parse::<jiff::Zoned>().unwrap().timestamp()
}
