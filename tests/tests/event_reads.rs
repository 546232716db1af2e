//! What each function makes of every event that may be handed to it.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use serde_json::Value;
use shared::runtime::{Function, Payload, Received, receive};
use tests::resolve::Deployed;
use tests::rules::{matching, rules};
use tests::{events, template};

/// Logical id of a function, how it reads an event, and what it makes of which; it ignores or refuses every other.
type Reader = (&'static str, fn(Value) -> Result<&'static str, String>, &'static [(&'static str, &'static str)]);

const READERS: &[Reader] = &[
    ("RolloutFunction", rollout, ROLLOUT),
    ("CapacityFunction", capacity, CAPACITY),
    ("AlarmFunction", alarm, ALARM),
    ("BudgetFunction", budget, BUDGET),
];

const IGNORED: &str = "ignored";

const ROLLOUT: &[(&str, &str)] = &[
    ("cloudformation.stack-status-change.other-stack", "everything"),
    ("cloudformation.stack-status-change.update-complete", "everything"),
    ("cloudformation.stack-status-change.update-in-progress", "everything"),
    ("cloudformation.stack-status-change.update-rolled-back", "everything"),
    ("ecr.image-action.push-commit-tag", "push"),
    ("ecr.image-action.push-crawler-latest", "push"),
    ("ecr.image-action.push-impossible-date", "push"),
    ("ecr.image-action.push-latest", "push"),
    ("ecr.image-action.push-live", "push"),
    ("ecr.image-action.push-other-repository", "push"),
    ("ecr.image-action.push-short-digest", "push"),
    ("ecr.image-action.push-signature", "push"),
    ("ecr.image-action.push-unfollowed-repository", "push"),
    ("ecr.image-scan.complete", "scan"),
    ("ecr.image-scan.failed", "scan"),
    ("ecr.image-scan.findings", "scan"),
    ("ecr.referrer-action.push", "scan"),
    ("ecr.replication-action.replicated", "push"),
    ("ecs.deployment-state-change.completed", "deployment"),
    ("ecs.deployment-state-change.failed", "deployment"),
    ("ecs.deployment-state-change.other-cluster", "deployment"),
    ("ecs.deployment-state-change.rollback-completed", "deployment"),
    ("ecs.deployment-state-change.rollback-started", "deployment"),
    ("ecs.task-state-change.one-off-failed", "task ended"),
    ("ecs.task-state-change.one-off-failed-to-start", "task ended"),
    ("ecs.task-state-change.one-off-succeeded", "task ended"),
    ("ecs.task-state-change.other-cluster", "task ended"),
    ("health.event.task-retirement", "retirement"),
    ("health.event.task-retirement-other-region", "retirement"),
    ("inspector2.scan.initial-scan-complete", "scan"),
    ("inspector2.scan.other-repository", "scan"),
    ("request.freeze", "request"),
    ("request.plan", "request"),
    ("request.plan-at", "request"),
    ("request.restart", "request"),
    ("request.retry", "request"),
    ("request.rollback", "request"),
    ("request.rollback-of-a-deployment", "request"),
    ("request.unfreeze", "request"),
    ("scheduler.downtime-edge", "request"),
    ("scheduler.tick", "everything"),
    ("scheduler.tick-with-time", "everything"),
    ("secretsmanager.secret-label-updated", "secret"),
    ("ssm.parameter-store-change.update", "secret"),
];

const CAPACITY: &[(&str, &str)] = &[
    ("cloudformation.stack-status-change.other-stack", "everything"),
    ("cloudformation.stack-status-change.update-complete", "everything"),
    ("cloudformation.stack-status-change.update-in-progress", "everything"),
    ("cloudformation.stack-status-change.update-rolled-back", "everything"),
    ("ecs.deployment-state-change.completed", "service"),
    ("ecs.deployment-state-change.failed", "service"),
    ("ecs.deployment-state-change.in-progress", "service"),
    ("ecs.deployment-state-change.other-cluster", "service"),
    ("ecs.deployment-state-change.rollback-completed", "service"),
    ("ecs.deployment-state-change.rollback-started", "service"),
    ("ecs.service-action.placement-failure-other-cluster", "shortage"),
    ("ecs.service-action.placement-failure-spot", "shortage"),
    ("ecs.task-state-change.spot-interruption", "interruption"),
    ("ecs.task-state-change.termination-notice", "interruption"),
    ("request.hold", "request"),
    ("request.plan", "request"),
    ("request.plan-at", "request"),
    ("request.resume", "request"),
    ("request.sleep", "request"),
    ("request.wake", "request"),
    ("scheduler.downtime-edge", "request"),
    ("scheduler.tick", "everything"),
    ("scheduler.tick-with-time", "everything"),
];

const ALARM: &[(&str, &str)] = &[
    ("cloudformation.stack-status-change.other-stack", "stack update"),
    ("cloudformation.stack-status-change.update-complete", "stack update"),
    ("cloudformation.stack-status-change.update-in-progress", "stack update"),
    ("cloudformation.stack-status-change.update-rolled-back", "stack update"),
    ("cloudwatch.alarm-state-change.anomaly", "alarm"),
    ("cloudwatch.alarm-state-change.composite", "alarm"),
    ("cloudwatch.alarm-state-change.forwarded-insights", "alarm"),
    ("cloudwatch.alarm-state-change.insufficient-data", "alarm"),
    ("cloudwatch.alarm-state-change.metric-math", "alarm"),
    ("cloudwatch.alarm-state-change.muted", "alarm"),
    ("cloudwatch.alarm-state-change.odd-reason-data", "alarm"),
    ("cloudwatch.alarm-state-change.ok", "alarm"),
    ("cloudwatch.alarm-state-change.other-system", "alarm"),
    ("cloudwatch.alarm-state-change.set-by-hand", "alarm"),
    ("cloudwatch.alarm-state-change.single-metric", "alarm"),
    ("scheduler.tick", "everything"),
    ("scheduler.tick-with-time", "everything"),
];

const BUDGET: &[(&str, &str)] = &[
    ("request.budget-confirm", "request"),
    ("request.budget-hold", "request"),
    ("request.budget-lift", "request"),
    ("scheduler.tick", "everything"),
    ("scheduler.tick-with-time", "everything"),
    ("sns.notification.budget-100", "messages"),
    ("sns.notification.budget-80", "messages"),
    ("sns.notification.budget-90", "messages"),
    ("sns.notification.budget-95", "messages"),
    ("sns.notification.budget-daily", "messages"),
    ("sns.notification.budget-euro", "messages"),
    ("sns.notification.budget-forecasted", "messages"),
    ("sns.notification.budget-joined-lines", "messages"),
    ("sns.notification.budget-json", "messages"),
    ("sns.notification.budget-odd-spacing", "messages"),
    ("sns.notification.budget-several-records", "messages"),
    ("sns.notification.budget-trillion", "messages"),
    ("sns.notification.budget-unreadable", "messages"),
    ("sns.notification.cost-anomaly", "messages"),
];

/// A moment after the events: a Spot event that is older says nothing of Spot now.
const CLOCK: &str = "2026-11-21T10:15:40Z";

/// What a function reads; `None` when it ignores the event.
fn received<F: Function>(event: Value) -> Result<Option<F::Trigger>, String> {
    let payload = Payload::parse(event).map_err(|error| error.to_string())?;
    match receive::<F>(payload, CLOCK.parse().unwrap()).map_err(|error| error.to_string())? {
        Received::Trigger(trigger) => Ok(Some(trigger)),
        Received::Ignored(_) => Ok(None),
    }
}

fn rollout(event: Value) -> Result<&'static str, String> {
    use rollout::Trigger;
    Ok(match received::<rollout::App>(event)? {
        Some(Trigger::Push { .. }) => "push",
        Some(Trigger::Scan { .. }) => "scan",
        Some(Trigger::Deployment { .. }) => "deployment",
        Some(Trigger::TaskEnded { .. }) => "task ended",
        Some(Trigger::Retirement { .. }) => "retirement",
        Some(Trigger::Secret { .. }) => "secret",
        Some(Trigger::Everything) => "everything",
        Some(Trigger::Named(_) | Trigger::Request(_)) => "request",
        None => IGNORED,
    })
}

fn capacity(event: Value) -> Result<&'static str, String> {
    use capacity::Trigger;
    use planner::capacity::SpotEvent;
    Ok(match received::<capacity::App>(event)? {
        Some(Trigger::Everything) => "everything",
        Some(Trigger::Service(_)) => "service",
        Some(Trigger::Spot { event: SpotEvent::NoCapacity, .. }) => "shortage",
        Some(Trigger::Spot { event: SpotEvent::Interrupted { .. }, .. }) => "interruption",
        Some(Trigger::Named(_) | Trigger::Override { .. } | Trigger::Resume { .. } | Trigger::Digest { .. }) => {
            "request"
        }
        None => IGNORED,
    })
}

fn alarm(event: Value) -> Result<&'static str, String> {
    use alarm::Trigger;
    Ok(match received::<alarm::App>(event)? {
        Some(Trigger::StateChange { .. }) => "alarm",
        Some(Trigger::StackUpdate(_)) => "stack update",
        Some(Trigger::Everything) => "everything",
        Some(Trigger::Named(_)) => "request",
        None => IGNORED,
    })
}

fn budget(event: Value) -> Result<&'static str, String> {
    use budget::Trigger;
    Ok(match received::<budget::App>(event)? {
        Some(Trigger::Messages(_)) => "messages",
        Some(Trigger::Everything) => "everything",
        Some(Trigger::Named(_) | Trigger::Request(_)) => "request",
        None => IGNORED,
    })
}

#[test]
fn a_function_reads_every_event_as_what_it_is() {
    for (function, read, expected) in READERS {
        let read: BTreeMap<String, &str> = events()
            .into_iter()
            .filter_map(|(name, event)| Some((name, read(event).ok().filter(|read| *read != IGNORED)?)))
            .collect();
        let expected = expected.iter().map(|(name, read)| ((*name).to_owned(), *read)).collect();
        assert_eq!(read, expected, "{function}");
    }
}

#[test]
fn no_function_refuses_what_a_rule_brings() {
    let rules = rules(&Deployed::new(template::root(), &[]).part("infra/automation/functions.yaml"));
    for (name, event) in events() {
        for rule in matching(&rules, &event) {
            for (function, read, _) in READERS.iter().filter(|(id, ..)| rules[rule].functions.contains(*id)) {
                assert!(read(event.clone()).is_ok(), "{rule} brings {name}, which {function} refuses");
            }
        }
    }
}

#[test]
fn every_function_has_its_reader() {
    // The request function has no events.
    let functions = template::functions().of_type("AWS::Serverless::Function").into_iter();
    let functions: Vec<String> =
        functions.filter(|(_, function)| function.get("Events").is_some()).map(|(id, _)| id).collect();
    assert_eq!(functions, READERS.iter().map(|(id, ..)| *id).collect::<Vec<_>>());
}

/// What a schedule hands over is, but for the moment that Scheduler fills in, a file of `events/`.
#[test]
fn the_ticks_say_what_the_functions_read_as_a_look_at_everything() {
    let files: BTreeMap<String, Value> = events().into_iter().collect();
    for (function, read, _) in READERS {
        let tick = &template::functions().properties(function)["Events"]["Tick"]["Properties"];
        let written = tick["Input"].as_str().unwrap();
        let input: Value =
            serde_json::from_str(&written.replace("<aws.scheduler.scheduled-time>", "2026-11-21T10:15:00Z")).unwrap();
        assert_eq!(input, files["scheduler.tick-with-time"], "{function}");
        assert_eq!(read(input), Ok("everything"), "{function}");
        // Budgets are calculated three times a day, and their periods end on the hour.
        let often = match *function {
            "RolloutFunction" => "cron(1/5 * * * ? *)",
            "CapacityFunction" => "cron(2/5 * * * ? *)",
            "AlarmFunction" => "cron(3/5 * * * ? *)",
            _ => "cron(0 * * * ? *)",
        };
        assert_eq!(tick["ScheduleExpression"], often, "{function}");
        assert_eq!(tick["FlexibleTimeWindow"]["Mode"], "OFF", "{function}");
    }
}
