//! Who may do what.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tests::calls::Gateways;
use tests::policy::statements;
use tests::template::{self, list, text};

/// Each function may do what the gateway methods that it calls say that they need, nothing less and nothing more. What SAM
/// adds for logs, traces and the on-failure destination is in no template.
#[test]
fn a_function_may_do_what_it_calls_needs_and_nothing_else() {
    let (template, gateways) = (template::functions(), Gateways::read());
    for (id, function) in template.of_type("AWS::Serverless::Function") {
        let required = gateways.needed_by(text(&function["CodeUri"]).trim_start_matches("../../functions/"));
        let own = statements(&template).into_iter().filter(|statement| statement.at == id);
        let allowed: BTreeSet<String> = own.flat_map(|statement| statement.actions()).collect();
        let missing: Vec<_> = required.difference(&allowed).collect();
        let superfluous: Vec<_> = allowed.difference(&required).collect();
        assert!(missing.is_empty() && superfluous.is_empty(), "{id}: missing {missing:?}, not needed {superfluous:?}");
        let known = if id == "RequestFunction" { "lambda:InvokeFunction" } else { "dynamodb:PutItem" };
        assert!(required.contains(known), "{id}: the convention of the doc lines has changed");
    }
}

#[test]
fn the_request_function_may_invoke_the_others_and_nothing_else() {
    let template = template::functions();
    let own: Vec<_> = statements(&template).into_iter().filter(|statement| statement.at == "RequestFunction").collect();
    assert_eq!(own.len(), 1);
    let resources: Vec<String> = list(&own[0].body["Resource"]).iter().map(|arn| text(&arn["Fn::GetAtt"][0])).collect();
    assert_eq!(resources, ["RolloutFunction", "CapacityFunction", "AlarmFunction", "BudgetFunction"]);
}

#[test]
fn every_statement_is_named_after_its_purpose_once() {
    for template in template::all() {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for statement in statements(&template) {
            let sid = text(&statement.body["Sid"]);
            let fine = sid.len() > 5 && sid.chars().all(char::is_alphanumeric);
            assert!(fine, "{}: {}: Sid {sid}: {}", template.path, statement.at, statement.body);
            assert!(names.entry(statement.at.clone()).or_default().insert(sid), "{}: twice", statement.at);
        }
    }
}

#[test]
fn actions_are_exact() {
    for template in template::all() {
        for statement in statements(&template).iter().filter(|s| s.body["Effect"] == "Allow") {
            for action in statement.actions() {
                assert!(action.contains(':') && !action.contains('*'), "{}: {}: {action}", template.path, statement.at);
            }
        }
    }
}

/// `Resource: '*'` stands under a comment with the reason.
#[test]
fn everything_as_resource_has_its_reason_above_it() {
    for template in template::all() {
        let lines: Vec<&str> = template.text.lines().map(str::trim).collect();
        let in_text = lines.iter().filter(|line| is_everything(line)).count();
        let in_data =
            statements(&template).iter().filter(|s| list(&s.body["Resource"]).iter().any(|r| r == "*")).count();
        assert_eq!(in_text, in_data, "{}: write it as one line `Resource: '*'`", template.path);
        for (at, _) in lines.iter().enumerate().filter(|(_, line)| is_everything(line)) {
            let reason = lines[at - 1].starts_with('#') || lines[at].contains(" # ");
            assert!(reason, "{}:{}: no reason above", template.path, at + 1);
        }
    }
}

fn is_everything(line: &str) -> bool {
    line.starts_with("Resource: '*'")
}

#[test]
fn roles_are_passed_to_tasks_alone() {
    for statement in statements(&template::functions()).iter().filter(|s| s.actions().contains("iam:PassRole")) {
        assert_eq!(statement.actions().len(), 1);
        let service = &statement.body["Condition"]["StringEquals"]["iam:PassedToService"];
        assert_eq!(service, "ecs-tasks.amazonaws.com", "{}", statement.at);
    }
}

/// ECS checks the registration of a revision against `*`, and refuses it to a policy that names task definitions:
/// <https://github.com/aws/containers-roadmap/issues/929>. What a revision may do, where it runs and how it is tagged is bounded.
#[test]
fn a_revision_may_be_registered_and_do_no_more_than_its_service() {
    let functions = template::functions();
    let own = statements(&functions);
    let resource = |action: &str| {
        let found: Vec<_> = own.iter().filter(|statement| statement.actions().contains(action)).collect();
        assert!(found.iter().all(|statement| statement.body["Effect"] == "Allow"), "{action}");
        let each = found.iter().filter(|statement| statement.at == "RolloutFunction");
        each.map(|statement| statement.body["Resource"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(resource("ecs:RegisterTaskDefinition"), ["*"]);
    assert_eq!(resource("iam:PassRole"), [json!({"Ref": "TaskRoleArns"})]);
    assert_eq!(resource("ecs:RunTask"), [json!({"Ref": "TaskDefinitionArns"})]);
    // A pre-deploy task has the tags of its task definition.
    let tagged = resource("ecs:TagResource");
    assert_eq!((tagged.len(), &tagged[0]), (2, &json!({"Ref": "TaskDefinitionArns"})));
    assert!(tagged[1]["Fn::If"][1].to_string().contains("task/${ClusterName}/*"), "{}", tagged[1]);
    let services = resource("ecs:UpdateService")[0]["Fn::If"][1].to_string();
    assert!(services.contains("service/${ClusterName}/*"), "{services}");
}

/// In AWS's samples it is the ARN of the topic alone that SNS sends:
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html>.
#[test]
fn a_dead_letter_queue_takes_what_sns_sends_with_the_arn_of_its_topic_alone() {
    let base = template::base();
    for id in ["DeadLetterQueuePolicy", "UndeliveredQueuePolicy"] {
        let of_sns = |statement: &tests::policy::Statement| {
            statement.at == id && statement.body["Principal"]["Service"] == "sns.amazonaws.com"
        };
        let own: Vec<_> = statements(&base).into_iter().filter(of_sns).collect();
        assert_eq!(own.len(), 1, "{id}");
        let condition = own[0].body["Condition"].as_object().unwrap();
        assert_eq!(condition.keys().collect::<Vec<_>>(), ["ArnEquals"], "{id}");
        assert!(condition["ArnEquals"]["aws:SourceArn"]["Ref"].is_string(), "{id}");
    }
}

#[test]
fn another_service_may_send_something_for_this_account_only() {
    for template in template::all() {
        for statement in statements(&template) {
            let services = list(&statement.body["Principal"]["Service"]);
            let assumes = statement.actions().contains("sts:AssumeRole");
            // Others that assume a role name nothing that a condition could hold them by.
            let named = ["ecs-tasks.amazonaws.com", "scheduler.amazonaws.com"];
            if services.is_empty() || assumes && !services.iter().any(|service| named.iter().any(|own| service == own))
            {
                continue;
            }
            let condition = statement.body["Condition"].to_string();
            // Cost anomalies come from subscriptions that no template here knows: their account is all there is to hold.
            let held =
                ["aws:SourceArn", "AWS:SourceArn", "aws:SourceAccount"].iter().any(|key| condition.contains(key));
            // The ARN of one topic has its account in it.
            let topic = statement.body["Condition"]["ArnEquals"]["aws:SourceArn"]["Ref"].as_str();
            let own = topic.is_some_and(|id| match template.section("Parameters").contains_key(id) {
                true => id.ends_with("TopicArn"),
                false => template.resource(id)["Type"] == "AWS::SNS::Topic",
            });
            assert!(held && (own || condition.contains("AWS::AccountId")), "{}: {}", statement.at, statement.body);
        }
    }
}

#[test]
fn the_containers_may_do_nothing_in_aws() {
    let services = template::huskit().nested("services.yaml");
    for role in ["WebsiteAgentTaskRole", "CrawlerTaskRole"] {
        let properties = services.properties(role);
        assert!(properties.get("Policies").is_none() && properties.get("ManagedPolicyArns").is_none(), "{role}");
    }
}

#[test]
fn each_secret_is_read_only_to_start_tasks_of_its_own_service() {
    let services = template::huskit().nested("services.yaml");
    let readers: Vec<_> =
        statements(&services).into_iter().filter(|s| s.actions().contains("secretsmanager:GetSecretValue")).collect();
    let read: Vec<_> = readers.iter().map(|own| (own.at.as_str(), text(&own.body["Resource"]["Ref"]))).collect();
    let expected = [("WebsiteAgentExecutionRole", "WebsiteAgentSecret"), ("CrawlerExecutionRole", "CrawlerSecret")];
    assert_eq!(read, expected.map(|(role, secret)| (role, secret.to_owned())));
}
