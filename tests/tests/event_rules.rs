//! Which event reaches which function, through the rules of the template.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::resolve::Deployed;
use tests::rules::{Rule, matching, rules};
use tests::template::{self, text};

const NESTED: &str = "arn:aws:cloudformation:eu-central-1:123456789012:stack/huskit-prod-SystemStack-1ABCDEFGHIJKL/8f5d1e20-c6e1-11f0-9a3b-0a1b2c3d4e5f";

/// Event file, and the rules it matches; with none it reaches no function.
const TABLE: &[(&str, &[&str])] = &[
    ("cloudformation.stack-status-change.other-stack", &[]),
    ("cloudformation.stack-status-change.update-complete", &["AlarmFunction.StackUpdating", "StackUpdatedRule"]),
    ("cloudformation.stack-status-change.update-in-progress", &["AlarmFunction.StackUpdating"]),
    ("cloudformation.stack-status-change.update-rolled-back", &["AlarmFunction.StackUpdating", "StackUpdatedRule"]),
    ("cloudwatch.alarm-configuration-change", &[]),
    ("cloudwatch.alarm-contributor-state-change", &[]),
    ("cloudwatch.alarm-state-change.anomaly", &["AlarmChangedRule"]),
    ("cloudwatch.alarm-state-change.composite", &["AlarmChangedRule"]),
    ("cloudwatch.alarm-state-change.forwarded-insights", &["AlarmChangedRule"]),
    ("cloudwatch.alarm-state-change.insufficient-data", &["AlarmChangedRule"]),
    ("cloudwatch.alarm-state-change.metric-math", &["AlarmChangedRule"]),
    ("cloudwatch.alarm-state-change.muted", &["AlarmChangedRule"]),
    ("cloudwatch.alarm-state-change.odd-reason-data", &["AlarmChangedRule"]),
    ("cloudwatch.alarm-state-change.ok", &["AlarmChangedRule"]),
    ("cloudwatch.alarm-state-change.other-system", &[]),
    ("cloudwatch.alarm-state-change.set-by-hand", &["AlarmChangedRule"]),
    ("cloudwatch.alarm-state-change.single-metric", &["AlarmChangedRule"]),
    ("ecr.image-action.delete", &[]),
    ("ecr.image-action.push-child-manifest", &["RolloutFunction.ImagePushed"]),
    ("ecr.image-action.push-commit-tag", &["RolloutFunction.ImagePushed"]),
    ("ecr.image-action.push-crawler-latest", &["RolloutFunction.ImagePushed"]),
    ("ecr.image-action.push-empty-tag", &["RolloutFunction.ImagePushed"]),
    ("ecr.image-action.push-failed", &[]),
    ("ecr.image-action.push-impossible-date", &["RolloutFunction.ImagePushed"]),
    ("ecr.image-action.push-latest", &["RolloutFunction.ImagePushed"]),
    ("ecr.image-action.push-live", &["RolloutFunction.ImagePushed"]),
    ("ecr.image-action.push-null-tag", &["RolloutFunction.ImagePushed"]),
    ("ecr.image-action.push-other-repository", &[]),
    ("ecr.image-action.push-short-digest", &["RolloutFunction.ImagePushed"]),
    ("ecr.image-action.push-signature", &["RolloutFunction.ImagePushed"]),
    ("ecr.image-action.push-unfollowed-repository", &["RolloutFunction.ImagePushed"]),
    ("ecr.image-action.push-untagged", &["RolloutFunction.ImagePushed"]),
    ("ecr.image-action.unknown-action", &[]),
    ("ecr.image-action.update-storage-class", &[]),
    ("ecr.image-scan.complete", &["RolloutFunction.ImageScanned"]),
    ("ecr.image-scan.failed", &["RolloutFunction.ImageScanned"]),
    ("ecr.image-scan.findings", &["RolloutFunction.ImageScanned"]),
    ("ecr.referrer-action.push", &["RolloutFunction.ImageSigned"]),
    ("ecr.replication-action.failed", &[]),
    ("ecr.replication-action.replicated", &["RolloutFunction.ImagePushed"]),
    (
        "ecs.deployment-state-change.completed",
        &["RolloutFunction.DeploymentChanged", "CapacityFunction.DeploymentEnded"],
    ),
    ("ecs.deployment-state-change.failed", &["RolloutFunction.DeploymentChanged", "CapacityFunction.DeploymentEnded"]),
    ("ecs.deployment-state-change.in-progress", &["RolloutFunction.DeploymentChanged"]),
    ("ecs.deployment-state-change.old-arn", &[]),
    ("ecs.deployment-state-change.other-cluster", &[]),
    (
        "ecs.deployment-state-change.rollback-completed",
        &["RolloutFunction.DeploymentChanged", "CapacityFunction.DeploymentEnded"],
    ),
    ("ecs.deployment-state-change.rollback-started", &["RolloutFunction.DeploymentChanged"]),
    ("ecs.service-action.placement-failure-on-demand", &[]),
    ("ecs.service-action.placement-failure-other-cluster", &[]),
    ("ecs.service-action.placement-failure-spot", &["CapacityFunction.SpotExhausted"]),
    ("ecs.service-action.steady-state", &[]),
    ("ecs.task-state-change.one-off-failed", &["RolloutFunction.OneOffTaskStopped"]),
    ("ecs.task-state-change.one-off-failed-to-start", &["RolloutFunction.OneOffTaskStopped"]),
    ("ecs.task-state-change.one-off-stopping", &[]),
    ("ecs.task-state-change.one-off-succeeded", &["RolloutFunction.OneOffTaskStopped"]),
    ("ecs.task-state-change.other-cluster", &[]),
    ("ecs.task-state-change.service-task-stopped", &[]),
    ("ecs.task-state-change.spot-interruption", &["CapacityFunction.SpotInterrupted"]),
    ("ecs.task-state-change.termination-notice", &["CapacityFunction.SpotInterrupted"]),
    ("health.event.issue", &[]),
    ("health.event.task-retirement", &["RolloutFunction.TasksRetired"]),
    ("health.event.task-retirement-other-region", &[]),
    ("health.event.task-retirement-standalone", &["RolloutFunction.TasksRetired"]),
    ("inspector2.scan.initial-scan-complete", &["RolloutFunction.ImageScannedByInspector"]),
    ("inspector2.scan.other-repository", &[]),
    ("request.budget-confirm", &[]),
    ("request.budget-hold", &[]),
    ("request.budget-lift", &[]),
    ("request.freeze", &[]),
    ("request.hold", &[]),
    ("request.plan", &[]),
    ("request.plan-at", &[]),
    ("request.restart", &[]),
    ("request.resume", &[]),
    ("request.retry", &[]),
    ("request.rollback", &[]),
    ("request.rollback-of-a-deployment", &[]),
    ("request.sleep", &[]),
    ("request.unfreeze", &[]),
    ("request.wake", &[]),
    ("scheduler.downtime-edge", &[]),
    ("scheduler.tick", &[]),
    ("scheduler.tick-with-time", &[]),
    ("secretsmanager.secret-label-updated", &["RolloutFunction.SecretChanged"]),
    ("sns.notification.budget-100", &[]),
    ("sns.notification.budget-80", &[]),
    ("sns.notification.budget-90", &[]),
    ("sns.notification.budget-95", &[]),
    ("sns.notification.budget-daily", &[]),
    ("sns.notification.budget-euro", &[]),
    ("sns.notification.budget-forecasted", &[]),
    ("sns.notification.budget-joined-lines", &[]),
    ("sns.notification.budget-json", &[]),
    ("sns.notification.budget-odd-spacing", &[]),
    ("sns.notification.budget-several-records", &[]),
    ("sns.notification.budget-trillion", &[]),
    ("sns.notification.budget-unreadable", &[]),
    ("sns.notification.cost-anomaly", &[]),
    ("ssm.parameter-store-change.delete", &[]),
    ("ssm.parameter-store-change.update", &["RolloutFunction.ParameterChanged"]),
    ("unknown.detail-type", &[]),
];

fn of_huskit() -> BTreeMap<String, Rule> {
    let root = Deployed::new(template::root(), &[]).with("SystemStack", NESTED);
    rules(&root.part("infra/automation/functions.yaml"))
}

#[test]
fn every_event_file_is_in_the_table() {
    let files: Vec<String> = tests::events().into_iter().map(|(name, _)| name).collect();
    let table: Vec<&str> = TABLE.iter().map(|(name, _)| *name).collect();
    assert_eq!(files, table);
}

#[test]
fn every_event_matches_the_rules_it_should_and_no_other() {
    let rules = of_huskit();
    for ((name, event), (_, expected)) in tests::events().iter().zip(TABLE) {
        assert_eq!(matching(&rules, event), expected.iter().copied().collect(), "{name}");
    }
}

#[test]
fn every_rule_is_matched_by_some_event_file() {
    let rules = of_huskit();
    let events = tests::events();
    let matched: BTreeSet<&str> = events.iter().flat_map(|(_, event)| matching(&rules, event)).collect();
    for name in rules.keys() {
        assert!(matched.contains(name.as_str()), "{name} matches no file of events/");
    }
}

#[test]
fn the_edge_takes_its_own_alarm_home_and_no_other() {
    let alarm = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:huskit-prod-cdn-5xx";
    let edge = Deployed::new(template::edge(), &[]).in_region("us-east-1").with("CdnErrorAlarm.Arn", alarm);
    let rules = rules(&edge);
    assert_eq!(rules.keys().collect::<Vec<_>>(), ["ForwardAlarms"]);
    for (name, event) in tests::events() {
        let expected: &[&str] = match name.as_str() {
            "cloudwatch.alarm-state-change.forwarded-insights" => &["ForwardAlarms"],
            _ => &[],
        };
        assert_eq!(matching(&rules, &event), expected.iter().copied().collect(), "{name}");
    }
}

#[test]
fn for_services_that_exist_already_events_of_every_name_match() {
    let rules = rules(&Deployed::new(template::existing(), &[]).part("infra/automation/functions.yaml"));
    let events: BTreeMap<String, Value> = tests::events().into_iter().collect();
    for (event, expected) in [
        ("cloudwatch.alarm-state-change.other-system", &["AlarmChangedRule"][..]),
        ("ecr.image-action.push-other-repository", &["RolloutFunction.ImagePushed"]),
        ("ecr.image-scan.complete", &["RolloutFunction.ImageScanned"]),
        (
            "ecs.deployment-state-change.other-cluster",
            &["RolloutFunction.DeploymentChanged", "CapacityFunction.DeploymentEnded"],
        ),
        ("ecs.service-action.placement-failure-other-cluster", &["CapacityFunction.SpotExhausted"]),
        ("ecs.task-state-change.other-cluster", &["RolloutFunction.OneOffTaskStopped"]),
    ] {
        assert_eq!(matching(&rules, &events[event]), expected.iter().copied().collect(), "{event}");
    }
    for event in ["ecr.image-action.push-failed", "ecs.task-state-change.service-task-stopped"] {
        assert_eq!(matching(&rules, &events[event]), BTreeSet::new(), "{event}");
    }
}

#[test]
fn a_rule_that_stands_alone_may_invoke_each_of_its_functions() {
    let template = template::functions();
    for (id, rule) in template.of_type("AWS::Events::Rule") {
        let targets = rule["Targets"].as_array().unwrap();
        let may: BTreeSet<String> = template
            .of_type("AWS::Lambda::Permission")
            .into_iter()
            .filter(|(_, p)| p["SourceArn"]["Fn::GetAtt"][0] == id.as_str() && p["Principal"] == "events.amazonaws.com")
            .map(|(_, permission)| text(&permission["FunctionName"]["Ref"]))
            .collect();
        let targeted = targets.iter().map(|target| text(&target["Arn"]["Fn::GetAtt"][0]));
        // What goes to a queue needs its policy, and no permission.
        let (queues, functions): (BTreeSet<String>, _) = targeted.partition(|target| target.ends_with("Queue"));
        assert_eq!(functions, may);
        for queue in queues {
            let policy = template.properties(&format!("{queue}Policy"));
            let statement = &policy["PolicyDocument"]["Statement"][0];
            assert_eq!(statement["Principal"]["Service"], "events.amazonaws.com", "{queue}");
            assert_eq!(statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::GetAtt"][0], id.as_str(), "{queue}");
        }
        for target in targets {
            assert_eq!(target["DeadLetterConfig"]["Arn"]["Ref"], "DeadLetterQueueArn", "{id}: {target}");
            assert!(target["RetryPolicy"]["MaximumRetryAttempts"].is_u64(), "{id}: {target}");
        }
    }
}
