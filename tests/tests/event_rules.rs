//! Which event reaches which function, through the rules of the template.

use std::collections::{BTreeMap, BTreeSet};

use rollout::{Request, Trigger};
use serde_json::Value;
use tests::pattern::matches;
use tests::resolve::Deployed;
use tests::template;

const NESTED: &str = "arn:aws:cloudformation:eu-central-1:123456789012:stack/huskit-prod-SystemStack-1ABCDEFGHIJKL/8f5d1e20-c6e1-11f0-9a3b-0a1b2c3d4e5f";

/// What the rollout function makes of an event that is handed to it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Read {
    Push,
    Scan,
    Deployment,
    TaskEnded,
    Everything,
    Request,
    Ignored,
    Refused,
}
use Read::*;

/// Event file, the rule it matches (none: it reaches nobody by itself), and what the function reads in it.
const TABLE: &[(&str, &[&str], Read)] = &[
    ("cloudformation.stack-status-change.other-stack", &[], Everything),
    ("cloudformation.stack-status-change.update-complete", &["RolloutFunction.StackUpdated"], Everything),
    ("cloudformation.stack-status-change.update-in-progress", &[], Everything),
    ("cloudformation.stack-status-change.update-rolled-back", &["RolloutFunction.StackUpdated"], Everything),
    ("ecr.image-action.delete", &[], Ignored),
    ("ecr.image-action.push-child-manifest", &["RolloutFunction.ImagePushed"], Ignored),
    ("ecr.image-action.push-commit-tag", &["RolloutFunction.ImagePushed"], Push),
    ("ecr.image-action.push-crawler-latest", &["RolloutFunction.ImagePushed"], Push),
    ("ecr.image-action.push-empty-tag", &["RolloutFunction.ImagePushed"], Ignored),
    ("ecr.image-action.push-failed", &[], Ignored),
    ("ecr.image-action.push-impossible-date", &["RolloutFunction.ImagePushed"], Push),
    ("ecr.image-action.push-latest", &["RolloutFunction.ImagePushed"], Push),
    ("ecr.image-action.push-live", &["RolloutFunction.ImagePushed"], Push),
    ("ecr.image-action.push-null-tag", &["RolloutFunction.ImagePushed"], Ignored),
    ("ecr.image-action.push-other-repository", &[], Push),
    ("ecr.image-action.push-short-digest", &["RolloutFunction.ImagePushed"], Push),
    ("ecr.image-action.push-signature", &["RolloutFunction.ImagePushed"], Push),
    ("ecr.image-action.push-unfollowed-repository", &["RolloutFunction.ImagePushed"], Push),
    ("ecr.image-action.push-untagged", &["RolloutFunction.ImagePushed"], Ignored),
    ("ecr.image-action.unknown-action", &[], Ignored),
    ("ecr.image-action.update-storage-class", &[], Ignored),
    ("ecr.image-scan.complete", &["RolloutFunction.ImageScanned"], Scan),
    ("ecr.image-scan.failed", &["RolloutFunction.ImageScanned"], Scan),
    ("ecr.image-scan.findings", &["RolloutFunction.ImageScanned"], Scan),
    ("ecr.referrer-action.push", &[], Ignored),
    ("ecs.deployment-state-change.completed", &["RolloutFunction.DeploymentChanged"], Deployment),
    ("ecs.deployment-state-change.failed", &["RolloutFunction.DeploymentChanged"], Deployment),
    ("ecs.deployment-state-change.in-progress", &["RolloutFunction.DeploymentChanged"], Deployment),
    ("ecs.deployment-state-change.old-arn", &[], Ignored),
    ("ecs.deployment-state-change.other-cluster", &[], Deployment),
    ("ecs.deployment-state-change.rollback-completed", &["RolloutFunction.DeploymentChanged"], Deployment),
    ("ecs.deployment-state-change.rollback-started", &["RolloutFunction.DeploymentChanged"], Deployment),
    ("ecs.service-action.steady-state", &[], Ignored),
    ("ecs.task-state-change.one-off-failed", &["RolloutFunction.OneOffTaskStopped"], TaskEnded),
    ("ecs.task-state-change.one-off-failed-to-start", &["RolloutFunction.OneOffTaskStopped"], TaskEnded),
    ("ecs.task-state-change.one-off-stopping", &[], Ignored),
    ("ecs.task-state-change.one-off-succeeded", &["RolloutFunction.OneOffTaskStopped"], TaskEnded),
    ("ecs.task-state-change.other-cluster", &[], TaskEnded),
    ("ecs.task-state-change.service-task-stopped", &[], Ignored),
    ("request.freeze", &[], Request),
    ("request.plan", &[], Request),
    ("request.retry", &[], Request),
    ("request.rollback", &[], Request),
    ("request.unfreeze", &[], Request),
    ("scheduler.tick", &[], Everything),
    ("sns.notification.budget", &[], Refused),
    ("unknown.detail-type", &[], Ignored),
];

/// The pattern of every rule, of functions and standing alone.
fn rules(deployed: &Deployed) -> BTreeMap<String, Value> {
    let template = deployed.template();
    let mut rules = BTreeMap::new();
    for (id, function) in template.of_type("AWS::Serverless::Function") {
        for (name, event) in function["Events"].as_object().into_iter().flatten() {
            if event["Type"] == "EventBridgeRule" {
                rules.insert(format!("{id}.{name}"), deployed.resolve(&event["Properties"]["Pattern"]));
            }
        }
    }
    for (id, rule) in template.of_type("AWS::Events::Rule") {
        rules.insert(id, deployed.resolve(&rule["EventPattern"]));
    }
    rules
}

fn matching<'a>(rules: &'a BTreeMap<String, Value>, event: &Value) -> BTreeSet<&'a str> {
    rules.iter().filter(|(_, pattern)| matches(pattern, event)).map(|(name, _)| name.as_str()).collect()
}

fn of_huskit() -> BTreeMap<String, Value> {
    let deployed = Deployed::new(template::main(), &[]);
    rules(&deployed.with("SystemStack.Outputs.ClusterName", "huskit-prod").with("SystemStack", NESTED))
}

#[test]
fn every_event_file_is_in_the_table() {
    let files: Vec<String> = tests::events().into_iter().map(|(name, _)| name).collect();
    let table: Vec<&str> = TABLE.iter().map(|(name, ..)| *name).collect();
    assert_eq!(files, table);
}

#[test]
fn every_event_matches_the_rules_it_should_and_no_other() {
    let rules = of_huskit();
    for ((name, event), (_, expected, _)) in tests::events().iter().zip(TABLE) {
        assert_eq!(matching(&rules, event), expected.iter().copied().collect(), "{name}");
    }
}

#[test]
fn every_rule_is_matched_by_some_event_file() {
    let rules = of_huskit();
    let events = tests::events();
    for (name, pattern) in &rules {
        assert!(events.iter().any(|(_, event)| matches(pattern, event)), "{name} matches no file of events/");
    }
}

#[test]
fn with_services_that_exist_already_no_name_is_asked_for() {
    let deployed = Deployed::new(template::main(), &[("System", "none"), ("FleetJson", "{}")]);
    let rules = rules(&deployed);
    let events: BTreeMap<String, Value> = tests::events().into_iter().collect();
    for (event, rule) in [
        ("ecr.image-action.push-other-repository", "RolloutFunction.ImagePushed"),
        ("ecr.image-scan.complete", "RolloutFunction.ImageScanned"),
        ("ecs.deployment-state-change.other-cluster", "RolloutFunction.DeploymentChanged"),
        ("ecs.task-state-change.other-cluster", "RolloutFunction.OneOffTaskStopped"),
    ] {
        assert_eq!(matching(&rules, &events[event]), BTreeSet::from([rule]), "{event}");
    }
    for event in ["ecr.image-action.push-failed", "ecs.task-state-change.service-task-stopped"] {
        assert_eq!(matching(&rules, &events[event]), BTreeSet::new(), "{event}");
    }
}

#[test]
fn the_function_reads_every_event_as_what_it_is() {
    for ((name, event), (_, _, expected)) in tests::events().into_iter().zip(TABLE) {
        let read = match Trigger::parse(event) {
            Ok(Trigger::Push { .. }) => Push,
            Ok(Trigger::Scan { .. }) => Scan,
            Ok(Trigger::Deployment { .. }) => Deployment,
            Ok(Trigger::TaskEnded { .. }) => TaskEnded,
            Ok(Trigger::Everything) => Everything,
            Ok(Trigger::Request(_)) => Read::Request,
            Ok(Trigger::Ignored(_)) => Ignored,
            Err(_) => Refused,
        };
        assert_eq!(read, *expected, "{name}");
    }
}

#[test]
fn the_tick_says_what_the_function_reads_as_a_reconcile() {
    let tick = &template::main().properties("RolloutFunction")["Events"]["Tick"]["Properties"];
    let input: Value = serde_json::from_str(tick["Input"].as_str().unwrap()).unwrap();
    let file = tests::events().into_iter().find(|(name, _)| name == "scheduler.tick").unwrap().1;
    assert_eq!(input, file);
    assert_eq!(tick["ScheduleExpression"], "rate(5 minutes)");
    assert!(!matches!(Trigger::parse(input), Ok(Trigger::Request(Request::Reconcile { .. }))));
}
