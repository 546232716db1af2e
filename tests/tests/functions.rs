//! What every function has: logs, alarms on itself, retries, somewhere for what fails.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use tests::resolve::Deployed;
use tests::template::{self, text};

/// Functions by logical id, with the globals that SAM merges into them.
fn functions() -> Vec<(String, Value)> {
    let template = template::functions();
    let globals = template.section("Globals")["Function"].clone();
    let mut functions = template.of_type("AWS::Serverless::Function");
    for (_, own) in &mut functions {
        for (name, global) in globals.as_object().unwrap() {
            match (&mut own[name], global) {
                (Value::Object(own), Value::Object(global)) => {
                    for (field, value) in global {
                        own.entry(field).or_insert_with(|| value.clone());
                    }
                }
                (own @ Value::Null, _) => *own = global.clone(),
                _ => {}
            }
        }
    }
    functions
}

#[test]
fn every_function_is_built_from_a_crate_of_its_name() {
    let template = template::functions();
    for (id, function) in functions() {
        let name = text(&function["CodeUri"]).trim_start_matches("../../functions/").to_owned();
        assert!(tests::root().join("functions").join(&name).join("Cargo.toml").is_file(), "{id}: {name}");
        assert_eq!(template.resource(&id)["Metadata"]["BuildProperties"]["Binary"], name, "{id}");
        assert_eq!(template.resource(&id)["Metadata"]["BuildMethod"], "rust-cargolambda", "{id}");
        assert_eq!(function["FunctionName"]["Fn::Sub"], format!("${{AutomationName}}-{name}"), "{id}");
        assert_eq!(
            (text(&function["Runtime"]), text(&function["Handler"])),
            ("provided.al2023".into(), "bootstrap".into())
        );
    }
    let crates = std::fs::read_dir(tests::root().join("functions")).unwrap().count();
    assert_eq!(crates, functions().len(), "a function per crate");
}

#[test]
fn every_function_logs_json_to_a_group_of_its_own_that_is_kept_for_a_while() {
    let template = template::functions();
    for (id, function) in functions() {
        let logging = &function["LoggingConfig"];
        assert_eq!(logging["LogFormat"], "JSON", "{id}");
        let group = template.properties(&text(&logging["LogGroup"]["Ref"]));
        assert_eq!(group["RetentionInDays"]["Ref"], "LogRetentionDays", "{id}");
        let expected = text(&function["FunctionName"]["Fn::Sub"]);
        assert_eq!(group["LogGroupName"]["Fn::Sub"], format!("/aws/lambda/{expected}"), "{id}");
        assert_eq!(function["Tracing"], "Active", "{id}");
    }
}

#[test]
fn every_log_group_is_kept_for_a_while() {
    for template in template::all() {
        for (id, group) in template.of_type("AWS::Logs::LogGroup") {
            assert!(group.get("RetentionInDays").is_some(), "{}: {id}", template.path);
        }
    }
}

/// The request function hands requests on, and needs nothing else.
#[test]
fn every_function_but_the_request_function_has_the_same_environment_beside_its_own() {
    let shared = [
        "CONFIGURATION_APPLICATION",
        "CONFIGURATION_ENVIRONMENT",
        "CONFIGURATION_PROFILE",
        "LEDGER_TABLE",
        "OPERATIONS_TOPIC_ARN",
        "DRY_RUN",
        "WORK_QUEUE_URL",
    ];
    let peers = ["ROLLOUT_FUNCTION", "CAPACITY_FUNCTION", "ALARM_FUNCTION", "BUDGET_FUNCTION"];
    let functions = functions();
    let of_rollout = functions.iter().find(|(id, _)| id == "RolloutFunction").unwrap().1["Environment"].clone();
    for (id, function) in &functions {
        let own = function["Environment"]["Variables"].as_object().unwrap();
        if id == "RequestFunction" {
            assert_eq!(own.keys().collect::<Vec<_>>(), peers, "{id}");
            continue;
        }
        assert_eq!(own.keys().take(shared.len()).collect::<Vec<_>>(), shared, "{id}");
        assert!(shared[..6].iter().all(|name| own[*name] == of_rollout["Variables"][name]), "{id}: {own:?}");
    }
}

/// The alarms on one function, which functions.yaml nests for each.
fn alarms_on(id: &str) -> Deployed {
    let (_, nested) = Deployed::new(template::functions(), &[]).with_nested();
    let on_it = |stack: &Deployed| stack.resolve(&json!({"Ref": "FunctionName"})) == format!("<{id}>");
    nested.into_iter().find(on_it).unwrap_or_else(|| panic!("{id}: no alarms"))
}

#[test]
fn every_function_has_alarms_on_what_may_be_wrong_with_it() {
    for (id, function) in functions() {
        let alarms = alarms_on(&id);
        let name = text(&function["CodeUri"]).trim_start_matches("../../functions/").to_owned();
        for (alarm, namespace, metric) in [
            ("ErrorAlarm", "AWS/Lambda", "Errors"),
            ("ThrottleAlarm", "AWS/Lambda", "Throttles"),
            ("ConfigurationRejectedAlarm", "Automation", "ConfigurationRejected"),
            ("NotInvokedAlarm", "AWS/Lambda", "Invocations"),
            ("UnsentAlarm", "Automation", "OldestUnsentSeconds"),
        ] {
            let ticks = !["Errors", "Throttles"].contains(&metric);
            if id == "RequestFunction" && ticks {
                assert!(!alarms.holds(&text(&alarms.template().resource(alarm)["Condition"])), "it decides nothing");
                continue;
            }
            let alarm = alarms.properties(alarm);
            assert_eq!((&alarm["Namespace"], &alarm["MetricName"]), (&namespace.into(), &metric.into()), "{id}");
            assert_eq!(alarm["Dimensions"], json!([{"Name": "FunctionName", "Value": format!("<{id}>")}]));
            // It must not need a function to be delivered.
            assert_eq!(alarm["AlarmActions"], json!(["<AutomationTopicArn>"]), "{id}: {metric}");
            let description = text(&alarm["AlarmDescription"]);
            assert!(description.contains(&format!("he {name} function")), "{description}");
        }
    }
}

/// How often the schedules of a function start it.
fn tick_seconds(function: &Value) -> Option<u64> {
    let events = function["Events"].as_object()?.values();
    let schedules = events.filter_map(|event| event["Properties"]["ScheduleExpression"].as_str());
    let seconds = |schedule: &str| match schedule {
        schedule if schedule.ends_with("/5 * * * ? *)") => Some(300),
        "cron(0 * * * ? *)" => Some(3600),
        _ => None,
    };
    schedules.filter_map(seconds).min()
}

#[test]
fn a_function_that_nothing_starts_raises_an_alarm_after_three_of_its_ticks() {
    for (id, function) in functions() {
        let (alarms, tick) = (alarms_on(&id), tick_seconds(&function));
        assert_eq!(alarms.holds("HasTick"), tick.is_some(), "{id}");
        let Some(tick) = tick else { continue };
        let alarm = alarms.properties("NotInvokedAlarm");
        let window = (text(&alarm["Period"]), &alarm["EvaluationPeriods"], &alarm["TreatMissingData"]);
        assert_eq!(window, (tick.to_string(), &json!(3), &json!("breaching")), "{id}: Lambda reports nothing then");
        // What is seen once a tick stays one alarm until the next tick.
        let alarm = alarms.properties("ErrorAlarm");
        let seconds = alarm["Period"].as_u64().unwrap() * alarm["EvaluationPeriods"].as_u64().unwrap();
        assert!(seconds >= tick && alarm["DatapointsToAlarm"] == 1, "{id}: {seconds}");
    }
}

/// "Each returned time series becomes a contributor to the alarm", and SNS is notified for each contributor:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Acting_Alarm_Changes.html>.
#[test]
fn a_service_that_fails_at_every_tick_masks_no_other() {
    for (id, _) in functions().iter().filter(|(id, _)| id != "RequestFunction") {
        let alarm = alarms_on(id).properties("SubjectAlarm");
        let query = text(&alarm["Metrics"][0]["Expression"]);
        let own = format!("WHERE FunctionName = '<{id}>' GROUP BY Subject ORDER BY SUM() DESC");
        assert!(query.ends_with(&own), "{query}");
        assert!(query.starts_with("SELECT SUM(SubjectFailed) FROM SCHEMA(\"Automation\", FunctionName, Subject) "));
        assert_eq!(alarm["AlarmActions"], json!(["<AutomationTopicArn>"]));
    }
}

/// Lambda drops lines below the level, and counts a line without a level as INFO; metrics are such lines.
#[test]
fn no_log_level_drops_the_metrics() {
    let mut found = 0;
    for template in template::all() {
        let Some(level) = template.section("Parameters").get("LogLevel").cloned() else { continue };
        assert_eq!(level["AllowedValues"], json!(["DEBUG", "INFO"]), "{}", template.path);
        found += 1;
    }
    assert_eq!(found, 3);
}

/// "If you send a message to a dead-letter queue manually, it is captured by the NumberOfMessagesSent metric. However, if a
/// message is sent to a dead-letter queue as a result of a failed processing attempt, it isn't captured by this metric":
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>.
#[test]
fn a_message_in_a_dead_letter_queue_hides_no_later_one() {
    let base = template::base();
    let alarm = base.properties("DeadLetterAlarm");
    let metrics: Vec<String> = alarm["Metrics"].as_array().unwrap()[1..]
        .iter()
        .map(|metric| text(&metric["MetricStat"]["Metric"]["MetricName"]))
        .collect();
    assert_eq!(metrics, ["NumberOfMessagesSent", "ApproximateNumberOfMessagesVisible"]);
    let expression = text(&alarm["Metrics"][0]["Expression"]);
    assert!(expression.contains("FILL(sent, 0)") && expression.contains("DIFF(visible)"), "{expression}");
    let undelivered = base.properties("UndeliveredAlarm");
    assert_eq!(undelivered["MetricName"], "NumberOfNotificationsRedrivenToDlq");
    for alarm in ["DeadLetterAlarm", "UndeliveredAlarm"] {
        assert!(base.properties(alarm).get("OKActions").is_none(), "{alarm}: OK says only that no other arrived");
    }
}

#[test]
fn what_fails_for_good_is_kept_and_raises_an_alarm() {
    for (id, function) in functions() {
        let config = &function["EventInvokeConfig"];
        assert_eq!(config["DestinationConfig"]["OnFailure"]["Destination"]["Ref"], "DeadLetterQueueArn", "{id}");
        for (name, event) in function["Events"].as_object().into_iter().flatten() {
            let properties = &event["Properties"];
            if event["Type"] == "SQS" {
                continue;
            }
            assert_eq!(properties["DeadLetterConfig"]["Arn"]["Ref"], "DeadLetterQueueArn", "{id}.{name}");
            assert!(properties["RetryPolicy"]["MaximumRetryAttempts"].is_u64(), "{id}.{name}");
            assert!(properties["RetryPolicy"]["MaximumEventAgeInSeconds"].is_u64(), "{id}.{name}");
        }
    }
    let base = template::base();
    let queue = base.properties("DeadLetterQueue");
    assert_eq!((&queue["MessageRetentionPeriod"], &queue["SqsManagedSseEnabled"]), (&1_209_600.into(), &true.into()));
    for metric in &base.properties("DeadLetterAlarm")["Metrics"].as_array().unwrap()[1..] {
        let dimension = &metric["MetricStat"]["Metric"]["Dimensions"][0];
        assert_eq!(dimension["Value"]["Fn::GetAtt"][0], "DeadLetterQueue");
    }
}

/// Lambda gives up after two retries; a queue goes on for hours, with what failed alone, and keeps that then.
#[test]
fn what_must_not_be_lost_waits_in_a_queue_until_it_is_handled() {
    let template = template::functions();
    let mut queues = Vec::new();
    for (id, function) in functions() {
        for (name, event) in function["Events"].as_object().into_iter().flatten().filter(|(_, e)| e["Type"] == "SQS") {
            let properties = &event["Properties"];
            assert_eq!(properties["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{id}.{name}");
            let queue = text(&properties["Queue"]["Fn::GetAtt"][0]);
            let (seconds, timeout) =
                (template.properties(&queue)["VisibilityTimeout"].as_u64().unwrap(), &function["Timeout"]);
            assert!(seconds >= 6 * timeout.as_u64().unwrap(), "{queue}: six times the timeout, as AWS recommends");
            let redrive = &template.properties(&queue)["RedrivePolicy"];
            assert_eq!(redrive["deadLetterTargetArn"]["Ref"], "DeadLetterQueueArn", "{queue}");
            let hours = redrive["maxReceiveCount"].as_u64().unwrap() * seconds / 3600;
            // SQS deletes what is older than four days.
            assert!((6..48).contains(&hours), "{queue}: {hours} h");
            queues.push(queue);
        }
    }
    assert_eq!(queues, ["RolloutQueue", "CapacityQueue", "AlarmQueue", "BudgetQueue"]);
}

/// What calls it waits for the answer, and what it calls may take its own time.
#[test]
fn a_request_is_sent_once_and_outlasts_the_function_that_it_is_for() {
    let functions = functions();
    let of = |id: &str| &functions.iter().find(|(own, _)| own == id).unwrap().1;
    assert_eq!(of("RequestFunction")["EventInvokeConfig"]["MaximumRetryAttempts"], 0);
    let timeout = |id: &str| of(id)["Timeout"].as_u64().unwrap();
    for id in ["RolloutFunction", "CapacityFunction", "AlarmFunction", "BudgetFunction"] {
        assert!(timeout("RequestFunction") > timeout(id) + 15, "{id}: its init takes up to 10 s");
    }
}

#[test]
fn every_alarm_says_what_to_do_and_what_missing_data_means() {
    for template in template::all() {
        for (id, alarm) in template.of_type("AWS::CloudWatch::Alarm") {
            let description = alarm["AlarmDescription"].get("Fn::Sub").unwrap_or(&alarm["AlarmDescription"]);
            assert!(description.as_str().is_some_and(|text| text.len() > 40), "{id}");
            assert!(alarm.get("TreatMissingData").is_some(), "{id}");
        }
    }
}

/// A third of the time-out to begin, and the rest to end what has begun.
#[test]
fn an_invocation_begins_things_for_a_third_of_its_time_out() {
    for (id, function) in functions().into_iter().filter(|(id, _)| id != "RequestFunction") {
        assert_eq!(function["Timeout"].as_u64(), Some(3 * shared::runtime::BEGINS.as_secs()), "{id}");
        let events = function["Events"].as_object().unwrap().values();
        let queues: Vec<&Value> =
            events.filter(|event| event["Type"] == "SQS").map(|event| &event["Properties"]["Queue"]).collect();
        let url = function["Environment"]["Variables"]["WORK_QUEUE_URL"]["Ref"].as_str().unwrap();
        assert_eq!(queues, [&json!({"Fn::GetAtt": [url, "Arn"]})], "{id}: it reads what it hands on");
    }
}

/// They call the same actions of ECS, whose rates are for the account.
#[test]
fn no_two_functions_tick_in_the_same_minute() {
    let ticks: Vec<String> = functions()
        .iter()
        .map(|(_, function)| text(&function["Events"]["Tick"]["Properties"]["ScheduleExpression"]))
        .collect();
    let every_five: Vec<&String> = ticks.iter().filter(|tick| tick.contains("/5 ")).collect();
    let minutes: std::collections::BTreeSet<&str> =
        every_five.iter().filter_map(|tick| tick.strip_prefix("cron(")?.split('/').next()).collect();
    // The budget function ticks on the hour, and so do most edges of scheduled downtime.
    assert_eq!((minutes.len(), minutes.contains("0")), (every_five.len(), false), "{ticks:?}");
    assert_eq!(every_five.len(), 3);
}
