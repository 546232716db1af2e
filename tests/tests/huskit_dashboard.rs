//! What the dashboard shows: all that an engineer asks first.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use shared::runtime::Function;
use std::collections::BTreeSet;

use serde_json::Value;
use tests::huskit;
use tests::resolve::Deployed;
use tests::template::{self, list, text};

/// What has to be there, in which widget, and by which metrics with which statistics.
const SHOWN: &[(&str, &str, &[&str])] = &[
    ("traffic", "Traffic", &["AWS/ApplicationELB RequestCount Sum"]),
    (
        "latency p50 and p95",
        "Latency",
        &["AWS/ApplicationELB TargetResponseTime p50", "AWS/ApplicationELB TargetResponseTime p95"],
    ),
    (
        "5xx",
        "Errors",
        &["AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum", "AWS/ApplicationELB HTTPCode_ELB_5XX_Count Sum"],
    ),
    (
        "task counts",
        "Tasks",
        &["ECS/ContainerInsights RunningTaskCount Average", "ECS/ContainerInsights DesiredTaskCount Average"],
    ),
    (
        "task counts by capacity provider",
        "Tasks by capacity provider",
        &["Automation TasksOnDemand Average", "Automation TasksSpot Average"],
    ),
    (
        "Spot share",
        "Spot share (%)",
        &[
            "Automation TasksOnDemand Average",
            "Automation TasksSpot Average",
            "100 * crawler_spot / (crawler_spot + crawler_on_demand)",
        ],
    ),
    ("CPU", "CPU (%)", &["AWS/ECS CPUUtilization Average"]),
    ("memory", "Memory (%)", &["AWS/ECS MemoryUtilization Average"]),
    (
        "rollouts",
        "Rollouts",
        &["Automation Rolled Sum", "Automation Completed Sum", "Automation RolledBack Sum", "Automation Failed Sum"],
    ),
    ("what the tasks cost", "Tasks cost (USD an hour)", &["Automation EstimatedCostPerHour Average"]),
    (
        "savings",
        "Saved by downtime and Spot (USD)",
        &["Automation EstimatedSavings Sum", "RUNNING_SUM(FILL(crawler_saved, 0))"],
    ),
    (
        "spend against the budget",
        "Spend this month (USD) against the budget",
        &["Automation BudgetSpent Maximum", "Automation BudgetLimit Maximum"],
    ),
    (
        "the automation's own health",
        "The automation itself",
        &[
            "AWS/Lambda Invocations Sum",
            "AWS/Lambda Errors Sum",
            "AWS/Lambda Throttles Sum",
            "AWS/SQS ApproximateNumberOfMessagesVisible Maximum",
            "AWS/SNS NumberOfNotificationsFailed Sum",
        ],
    ),
];

fn widgets() -> Vec<Value> {
    let monitoring = Deployed::new(template::huskit().nested("monitoring.yaml"), &[]);
    let body: Value = serde_json::from_str(&text(&monitoring.properties("Dashboard")["DashboardBody"])).unwrap();
    list(&body["widgets"])
}

fn title(widget: &Value) -> String {
    text(&widget["properties"]["title"])
}

/// A line of a widget as `namespace metric statistic`, or its expression.
fn line(metric: &Value) -> String {
    let options = list(metric).pop().unwrap();
    match options.get("expression") {
        Some(expression) => text(expression),
        None => format!("{} {} {}", text(&metric[0]), text(&metric[1]), text(&options["stat"])),
    }
}

fn lines(widget: &Value) -> Vec<Value> {
    list(&widget["properties"]["metrics"])
}

/// The value of a dimension in a line of a widget.
fn dimension(metric: &Value, name: &str) -> Option<String> {
    let parts = list(metric);
    let at = parts.iter().position(|part| part == name)?;
    parts.get(at + 1).map(text)
}

#[test]
fn all_that_one_asks_first_is_shown() {
    let widgets = widgets();
    for (what, name, metrics) in SHOWN {
        let widget = widgets.iter().find(|widget| title(widget) == *name);
        let widget = widget.unwrap_or_else(|| panic!("{what}: no widget `{name}`"));
        let shown: Vec<String> = lines(widget).iter().map(line).collect();
        for metric in *metrics {
            assert!(shown.iter().any(|line| line == metric), "{what}: {metric} is not in `{name}`: {shown:?}");
        }
    }
    let titles: Vec<String> = widgets.iter().map(title).collect();
    let expected: Vec<&str> = SHOWN.iter().map(|(_, name, _)| *name).chain(["Alarms"]).collect();
    assert_eq!(titles, expected, "another widget, or another order");
}

#[test]
fn every_service_is_shown_wherever_one_is() {
    let fleet = &huskit::configuration(&[])["fleet"];
    let services: BTreeSet<String> = list(&fleet["services"]).iter().map(|service| text(&service["name"])).collect();
    for widget in widgets() {
        for name in ["Service", "ServiceName"] {
            let shown: BTreeSet<String> = lines(&widget).iter().filter_map(|metric| dimension(metric, name)).collect();
            assert!(shown.is_empty() || shown == services, "{}: {shown:?}", title(&widget));
        }
    }
}

#[test]
fn every_function_is_shown_with_its_runs_errors_and_throttles() {
    let widgets = widgets();
    let health = widgets.iter().find(|widget| title(widget) == "The automation itself").unwrap();
    for (_, function) in template::functions().of_type("AWS::Serverless::Function") {
        let name = text(&function["FunctionName"]["Fn::Sub"]).replace("${AutomationName}", "<AutomationName>");
        for metric in ["Invocations", "Errors", "Throttles"] {
            let shown = |one: &Value| one[1] == metric && dimension(one, "FunctionName").as_deref() == Some(&name);
            assert!(lines(health).iter().any(shown), "{name}: {metric}");
        }
    }
}

/// Each by the name that the automation's own stack gives it.
#[test]
fn what_was_given_up_and_what_did_not_arrive_is_shown() {
    let (_, stacks) = Deployed::new(template::root(), &[]).with_nested();
    let base = stacks.iter().find(|stack| stack.template().path == "infra/automation/base.yaml").unwrap();
    let name = |output: &str| text(&base.output(output));
    let monitoring = stacks.iter().find(|stack| stack.template().path == "infra/huskit/monitoring.yaml").unwrap();
    let body: Value = serde_json::from_str(&text(&monitoring.properties("Dashboard")["DashboardBody"])).unwrap();
    let health = list(&body["widgets"]).into_iter().find(|widget| title(widget) == "The automation itself").unwrap();
    let shown: Vec<(String, String)> = lines(&health)
        .iter()
        .filter_map(|metric| {
            Some((text(&metric[1]), dimension(metric, "QueueName").or(dimension(metric, "TopicName"))?))
        })
        .collect();
    let expected = [
        ("ApproximateNumberOfMessagesVisible", name("DeadLetterQueueName")),
        ("ApproximateNumberOfMessagesVisible", name("UndeliveredQueueName")),
        ("NumberOfNotificationsFailed", name("OperationsTopicName")),
    ];
    assert_eq!(shown, expected.map(|(metric, name)| (metric.to_owned(), name)));
}

/// A name that no function writes makes an empty curve, which looks like no errors.
#[test]
fn what_the_automation_counts_is_called_as_it_calls_it() {
    let document = shared::runtime::Report::new(shared::runtime::Mode::Act)
        .metrics(rollout::App::NAME, rollout::App::COUNTERS, "huskit", 0, 0)
        .remove(0);
    let written = &document["_aws"]["CloudWatchMetrics"][0];
    let names: Vec<String> = list(&written["Metrics"]).iter().map(|metric| text(&metric["Name"])).collect();
    for metric in widgets().iter().flat_map(lines).filter(|metric| metric[0] == "Automation") {
        assert_eq!(dimension(&metric, "System").as_deref(), document["System"].as_str(), "{metric}");
        if dimension(&metric, "Function").is_some() {
            assert!(names.contains(&text(&metric[1])), "{metric}");
        }
    }
    assert_eq!(written["Namespace"], "Automation");
}

/// CloudWatch shows nothing of a widget in which one expression names what is not there.
#[test]
fn every_name_in_an_expression_is_a_line_of_the_same_widget() {
    for widget in widgets() {
        let lines = lines(&widget);
        let ids: BTreeSet<String> =
            lines.iter().filter_map(|metric| Some(text(list(metric).last()?.get("id")?))).collect();
        let words = |text: &str| -> Vec<String> {
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            words.filter(|word| word.starts_with(char::is_lowercase)).map(str::to_owned).collect()
        };
        let expressions = lines.iter().filter(|metric| list(metric).last().unwrap().get("expression").is_some());
        let used: BTreeSet<String> = expressions.flat_map(|metric| words(&line(metric))).collect();
        assert_eq!(used, ids, "{}", title(&widget));
    }
}

#[test]
fn no_widget_covers_another() {
    let mut taken = BTreeSet::new();
    for widget in widgets() {
        let [x, y, width, height] = ["x", "y", "width", "height"].map(|side| widget[side].as_u64().expect("a number"));
        assert!(x + width <= 24, "{}: too wide", title(&widget));
        for place in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
            assert!(taken.insert(place), "{}: covers another at {place:?}", title(&widget));
        }
    }
}

#[test]
fn every_alarm_of_the_region_is_shown() {
    let monitoring = template::huskit().nested("monitoring.yaml");
    let widgets = widgets();
    let shown = &widgets.last().unwrap()["properties"]["alarms"];
    let shown: BTreeSet<String> = list(shown).iter().map(text).collect();
    let alarms = monitoring.of_type("AWS::CloudWatch::Alarm").into_iter().map(|(id, _)| format!("<{id}.Arn>"));
    assert_eq!(shown, alarms.collect());
}
