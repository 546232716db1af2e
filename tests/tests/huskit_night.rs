//! When HuskIT's crawler sleeps and where it runs: one set of parameters, and all that follows from it.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use planner::capacity::SpotMode;
use planner::fleet::{Fleet, ServicePolicy};
use serde_json::{Value, json};
use tests::resolve::Deployed;
use tests::template::{self, text};

type Given = &'static [(&'static str, &'static str)];

const DEFAULTS: Given = &[];
const AWAKE: Given = &[("NightEnabled", "false")];
const WEEKEND: Given = &[("NightWeekendOff", "true")];
const ELSEWHERE: Given = &[("NightStart", "01:30"), ("NightEnd", "05:15"), ("NightTimeZone", "America/New_York")];
const ELSEWHERE_WEEKEND: Given = &[
    ("NightStart", "01:30"),
    ("NightEnd", "05:15"),
    ("NightTimeZone", "America/New_York"),
    ("NightWeekendOff", "true"),
];

fn huskit(given: Given) -> Deployed {
    Deployed::new(template::huskit(), given).with("Cdn.Outputs.DistributionId", "E2QWRUHAPOMQZL")
}

fn fleet(given: Given) -> Fleet {
    let document = text(&huskit(given).output("Fleet"));
    // All variables of a function together stay under 4 KB; the others take some 300 bytes.
    assert!(document.len() < 3_500, "{} bytes", document.len());
    Fleet::parse(&document).unwrap()
}

fn crawler(given: Given) -> ServicePolicy {
    fleet(given).services.into_iter().find(|service| service.name == "crawler").unwrap()
}

/// The stack of the night, as HuskIT's template deploys it.
fn night(given: Given) -> Deployed {
    let given: Vec<_> = given.iter().filter(|(name, _)| *name != "NightEnabled").copied().collect();
    let above = [("AutomationName", "huskit-prod"), ("SchedulerGroupName", "huskit-prod")];
    let given: Vec<_> = given.into_iter().chain(above).collect();
    let (_, nested) = Deployed::new(template::huskit(), &given).with_nested();
    nested.into_iter().find(|stack| stack.template().path == "infra/huskit-night.yaml").unwrap()
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

/// Whichever side of midnight the nights are on, a weekend off is one sleep that begins and ends with a night.
#[test]
fn a_weekend_off_is_one_long_sleep() {
    for (given, begins, ends) in [
        (WEEKEND, "2026-11-20T22:00[Europe/Berlin]", "2026-11-23T06:00[Europe/Berlin]"),
        (ELSEWHERE_WEEKEND, "2026-11-21T01:30[America/New_York]", "2026-11-23T05:15[America/New_York]"),
    ] {
        let night = crawler(given).sleep.unwrap().at(moment(begins));
        assert_eq!((night.in_force, night.until), (true, Some(moment(ends))), "{given:?}");
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
        let strategy = |id: &str| huskit(given).properties(id)["CapacityProviderStrategy"].clone();
        assert_eq!(strategy("CrawlerService"), json!([{"CapacityProvider": provider, "Weight": 1}]), "{given:?}");
        let other = strategy("WebsiteAgentService");
        assert_eq!(other, json!([{"CapacityProvider": "FARGATE", "Weight": 1}]), "{given:?}");
    }
}

#[test]
fn there_is_a_night_only_where_it_is_enabled() {
    assert_eq!(template::huskit().resource("Night")["Condition"], "HasNight");
    assert!(huskit(DEFAULTS).holds("HasNight") && !huskit(AWAKE).holds("HasNight"));
    let both: Given = &[("NightEnabled", "false"), ("NightWeekendOff", "true")];
    assert!(!huskit(both).holds("HasNightAtWeekends"));
    assert!(crawler(both).sleep.unwrap().windows.is_empty());
}

#[test]
fn edges_are_at_the_nights_ends_in_its_zone() {
    for (given, start, end, zone) in [
        (DEFAULTS, "cron(00 22 * * ? *)", "cron(00 06 * * ? *)", "Europe/Berlin"),
        (ELSEWHERE_WEEKEND, "cron(30 01 * * ? *)", "cron(15 05 * * ? *)", "America/New_York"),
    ] {
        let night = night(given);
        let edges = night.template().of_type("AWS::Scheduler::Schedule");
        let expressions: Vec<_> =
            edges.iter().map(|(id, _)| night.properties(id)["ScheduleExpression"].clone()).collect();
        assert_eq!(expressions, [start, end]);
        for (id, _) in &edges {
            assert_eq!(night.properties(id)["ScheduleExpressionTimezone"], zone, "{id}");
        }
    }
}

#[test]
fn edges_have_the_capacity_function_look_at_the_crawler() {
    let (night, files) = (night(DEFAULTS), tests::events());
    let expected = &files.iter().find(|(name, _)| name == "scheduler.night-edge").unwrap().1;
    let function = text(&Deployed::new(template::main(), &[]).properties("CapacityFunction")["FunctionName"]);
    for (id, _) in night.template().of_type("AWS::Scheduler::Schedule") {
        let edge = night.properties(&id);
        let target = &edge["Target"];
        assert!(text(&target["Arn"]).ends_with(&format!(":function:{function}")), "{id}: {target}");
        let input = text(&target["Input"]).replace("<aws.scheduler.scheduled-time>", &text(&expected["at"]));
        assert_eq!(serde_json::from_str::<Value>(&input).unwrap(), *expected, "{id}");
        assert_eq!(edge["FlexibleTimeWindow"], json!({"Mode": "OFF"}), "{id}");
        assert!(target["RetryPolicy"]["MaximumEventAgeInSeconds"].as_u64().unwrap() <= 300, "{id}: the tick retries");
        assert_eq!(target["DeadLetterConfig"]["Arn"], "<DeadLetterQueueArn>", "{id}");
        assert_eq!((&edge["GroupName"], &target["RoleArn"]), (&json!("huskit-prod"), &json!("<SchedulerRoleArn>")));
    }
}

#[test]
fn exactly_the_crawlers_alarms_are_muted_at_night() {
    let watch = template::huskit().nested("huskit-watch.yaml");
    let alarms = watch.of_type("AWS::CloudWatch::Alarm").into_iter().map(|(id, _)| id);
    let expected: Vec<String> = alarms.filter(|id| id.starts_with("Crawler")).map(|id| format!("<{id}>")).collect();
    assert_eq!(expected.len(), 3);
    for given in [DEFAULTS, WEEKEND] {
        let night = night(given);
        let rules = night.template().of_type("AWS::CloudWatch::AlarmMuteRule");
        assert_eq!(rules.len(), 2);
        for (id, _) in rules {
            assert_eq!(night.properties(&id)["MuteTargets"]["AlarmNames"], json!(expected), "{id}");
        }
    }
}

#[test]
fn alarms_are_muted_from_one_end_of_the_night_to_the_other() {
    for (given, rule, expression, duration, zone) in [
        (DEFAULTS, "NightMuteRule", "cron(00 22 * * *)", "PT8H", "Europe/Berlin"),
        (WEEKEND, "WeekendMuteRule", "cron(00 06 * * SAT,SUN)", "PT16H", "Europe/Berlin"),
        (ELSEWHERE, "NightMuteRule", "cron(30 01 * * *)", "PT4H", "America/New_York"),
        (ELSEWHERE_WEEKEND, "WeekendMuteRule", "cron(15 05 * * SAT,SUN)", "PT20H", "America/New_York"),
    ] {
        let expected = json!({"Expression": expression, "Duration": duration, "Timezone": zone});
        assert_eq!(night(given).properties(rule)["Rule"]["Schedule"], expected, "{given:?}");
    }
    assert_eq!(
        template::huskit().nested("huskit-night.yaml").resource("WeekendMuteRule")["Condition"],
        "HasNightAtWeekends"
    );
    assert!(night(WEEKEND).holds("HasNightAtWeekends") && !night(DEFAULTS).holds("HasNightAtWeekends"));
}

#[test]
fn the_table_of_hours_subtracts() {
    let hours = template::huskit().nested("huskit-night.yaml").section("Mappings")["Hours"].clone();
    for (from, to) in (0..24).flat_map(|from| (0..24).map(move |to| (from, to))) {
        // Nothing lasts no time: it would be refused.
        let expected = if from == to { 1 } else { (24 + to - from) % 24 };
        assert_eq!(hours[format!("{from:02}")][format!("{to:02}")], expected, "{from} {to}");
    }
    assert_eq!(hours.as_object().unwrap().len(), 24);
}

#[test]
fn a_night_that_makes_no_sense_is_refused() {
    for template in [template::main, template::huskit] {
        let refusals = |given: Given| Deployed::new(template(), given).refusals();
        for fine in [DEFAULTS, AWAKE, WEEKEND, ELSEWHERE, ELSEWHERE_WEEKEND] {
            assert_eq!(refusals(fine), Vec::<String>::new(), "{fine:?}");
        }
        assert_eq!(refusals(&[("NightEnd", "22:00")]), ["Give NightEnd another time than NightStart."]);
        let weekend = refusals(&[("NightEnabled", "false"), ("NightWeekendOff", "true")]);
        assert_eq!(weekend, ["Say NightWeekendOff 'true' only together with NightEnabled 'true'."]);
    }
}

/// Ticks and edges alike: one group, and the one role that trusts it.
#[test]
fn every_schedule_is_in_the_group_that_its_role_trusts() {
    let main = Deployed::new(template::main(), &[]).with("SchedulerGroup", "huskit-prod");
    let trust = main.properties("SchedulerRole")["AssumeRolePolicyDocument"]["Statement"][0].clone();
    let group = "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/huskit-prod";
    assert_eq!(trust["Condition"]["ArnEquals"]["aws:SourceArn"], group);
    assert_eq!(main.properties("SchedulerGroup")["Name"], "huskit-prod");
    let mut callable = BTreeSet::new();
    for (id, function) in main.template().of_type("AWS::Serverless::Function") {
        for event in function["Events"].as_object().unwrap().values().filter(|event| event["Type"] == "ScheduleV2") {
            let properties = main.resolve(&event["Properties"]);
            assert_eq!(properties["GroupName"], "huskit-prod", "{id}");
            assert_eq!(properties["RoleArn"], "<SchedulerRole.Arn>", "{id}");
            let name = text(&main.resolve(&function["FunctionName"]));
            callable.insert(format!("arn:aws:lambda:eu-central-1:123456789012:function:{name}"));
        }
    }
    let calls = &main.properties("SchedulerRole")["Policies"][0]["PolicyDocument"]["Statement"][0];
    let allowed: BTreeSet<String> = calls["Resource"].as_array().unwrap().iter().map(text).collect();
    assert_eq!(allowed, callable);
    let handed = &main.properties("SystemStack")["Parameters"];
    assert_eq!(handed["SchedulerGroupName"], "huskit-prod");
    assert_eq!(handed["SchedulerRoleArn"], "<SchedulerRole.Arn>");
    assert_eq!(handed["DeadLetterQueueArn"], "<DeadLetterQueue.Arn>");
}

/// A moment by the clock of a zone.
fn moment(text: &str) -> jiff::Timestamp {
    text.parse::<jiff::Zoned>().unwrap().timestamp()
}
