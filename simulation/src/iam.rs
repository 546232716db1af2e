//! IAM: what the policies of a function allow, evaluated for every call.
//!
//! Actions, resources and condition keys: <https://docs.aws.amazon.com/service-authorization/latest/reference/>. There are only `Allow` statements.

use std::collections::BTreeSet;

use ::tests::template::{list, text};
use serde_json::{Value, json};

use crate::account::{ACCOUNT, Function, REGION};
use crate::wire::{Failure, Request};
use crate::world::image::Scanning;

/// What a call needs.
struct Need {
    action: String,
    /// `*` where the action has no resource.
    resource: String,
    /// Condition keys and their values.
    context: Value,
}

/// May the function make the call? An explicit deny is stronger than what allows it:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>.
///
/// # Errors
/// As the services answer: a 400 with `AccessDeniedException`.
pub(crate) fn authorize(
    function: &Function,
    denied: &BTreeSet<String>,
    scanning: Scanning,
    request: &Request,
) -> Result<(), Failure> {
    let mut needs = needs(request);
    if scanning == Scanning::Enhanced && request.operation == "DescribeImageScanFindings" {
        // https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-enhanced-iam.html
        needs.extend(["inspector2:ListCoverage", "inspector2:ListFindings"].map(|action| Need {
            action: action.to_owned(),
            resource: "*".to_owned(),
            context: json!({}),
        }));
    }
    for need in needs {
        if denied.contains(&need.action) {
            let sentence = format!(
                "{} is not authorized to perform: {} on resource: {} with an explicit deny in a service control policy",
                function.lambda, need.action, need.resource
            );
            // Amazon SNS has a code of its own: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html.
            let code = if request.service == "sns" { "AuthorizationError" } else { "AccessDeniedException" };
            return Err(Failure::new(code, sentence));
        }
        if !function.statements.iter().any(|statement| allows(statement, &need)) {
            let Need { action, resource, .. } = need;
            let sentence =
                format!("{} is not authorized to perform: {action} on resource: {resource}", function.lambda);
            return Err(Failure::new("AccessDeniedException", sentence));
        }
    }
    Ok(())
}

fn needs(request: &Request) -> Vec<Need> {
    let Request { service, operation, input } = request;
    let arn = |service: &str, rest: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
    let field = |name: &str| input[name].as_str().unwrap_or_default();
    let cluster = || {
        let cluster = field("cluster");
        cluster.rsplit('/').next().unwrap_or(cluster).to_owned()
    };
    let need = |resource: String| Need { action: format!("{service}:{operation}"), resource, context: json!({}) };
    let in_cluster = || json!({ "ecs:cluster": arn("ecs", &format!("cluster/{}", cluster())) });
    let services = |names: &[Value]| -> Vec<Need> {
        let name = |name: &Value| {
            let name = text(name);
            let name = name.rsplit('/').next().unwrap_or(&name).to_owned();
            need(arn("ecs", &format!("service/{}/{name}", cluster())))
        };
        names.iter().map(name).map(|need| Need { context: in_cluster(), ..need }).collect()
    };
    match (*service, operation.as_str()) {
        ("ecs", "DescribeServices") => services(&list(&input["services"])),
        ("ecs", "UpdateService" | "ListServiceDeployments") => services(&list(&input["service"])),
        ("ecs", "DescribeServiceDeployments") => {
            list(&input["serviceDeploymentArns"]).iter().map(|arn| need(text(arn))).collect()
        }
        ("ecs", "DescribeTasks" | "GetTaskProtection") => {
            let task = |task: &Value| {
                need(arn("ecs", &format!("task/{}/{}", cluster(), text(task).rsplit('/').next().unwrap_or_default())))
            };
            list(&input["tasks"]).iter().map(task).map(|need| Need { context: in_cluster(), ..need }).collect()
        }
        ("ecs", "DescribeServiceRevisions") => {
            list(&input["serviceRevisionArns"]).iter().map(|arn| need(text(arn))).collect()
        }
        ("ecs", "StopTask") => {
            let task = text(&input["task"]);
            vec![Need {
                context: in_cluster(),
                ..need(arn("ecs", &format!("task/{}/{}", cluster(), task.rsplit('/').next().unwrap_or_default())))
            }]
        }
        ("ecs", "ListTasks") => vec![Need { context: in_cluster(), ..need("*".to_owned()) }],
        ("ecs", "DescribeTaskDefinition" | "ListTaskDefinitions") => vec![need("*".to_owned())],
        ("ecs", "RegisterTaskDefinition") => register(input, &arn),
        ("ecs", "RunTask") => {
            let mut needs = vec![Need { context: in_cluster(), ..need(text(&input["taskDefinition"])) }];
            if !list(&input["tags"]).is_empty() {
                let task = arn("ecs", &format!("task/{}/x", cluster()));
                let context = json!({ "ecs:CreateAction": "RunTask" });
                needs.push(Need { action: "ecs:TagResource".to_owned(), resource: task, context });
            }
            needs
        }
        ("ecr", _) => vec![need(arn("ecr", &format!("repository/{}", field("repositoryName"))))],
        ("dynamodb", "BatchGetItem") => {
            let tables = input["RequestItems"].as_object().expect("tables");
            tables.keys().map(|table| need(arn("dynamodb", &format!("table/{table}")))).collect()
        }
        ("dynamodb", _) => vec![need(arn("dynamodb", &format!("table/{}", field("TableName"))))],
        ("sns", _) => vec![need(field("TopicArn").to_owned())],
        ("sqs", _) => vec![need(arn("sqs", field("QueueUrl").rsplit('/').next().unwrap_or_default()))],
        ("lambda", "Invoke") => {
            let resource =
                arn("lambda", &format!("function:{}", field("FunctionName").rsplit(':').next().unwrap_or_default()));
            vec![Need { action: "lambda:InvokeFunction".to_owned(), ..need(resource) }]
        }
        ("appconfig", "StartConfigurationSession") => vec![need(arn(
            "appconfig",
            &format!(
                "application/{}/environment/{}/configuration/{}",
                field("ApplicationIdentifier"),
                field("EnvironmentIdentifier"),
                field("ConfigurationProfileIdentifier")
            ),
        ))],
        // Its token is of a session that was allowed.
        ("appconfig", "GetLatestConfiguration") => vec![],
        ("cloudfront", _) => {
            vec![need(format!("arn:aws:cloudfront::{ACCOUNT}:distribution/{}", field("DistributionId")))]
        }
        ("budgets", "DescribeBudget") => vec![Need {
            action: "budgets:ViewBudget".to_owned(),
            ..need(format!("arn:aws:budgets::{ACCOUNT}:budget/{}", field("BudgetName")))
        }],
        ("budgets", "DescribeBudgets") => {
            vec![Need {
                action: "budgets:ViewBudget".to_owned(),
                ..need(format!("arn:aws:budgets::{ACCOUNT}:budget/*"))
            }]
        }
        ("cloudwatch", "DescribeAlarms") => vec![need("*".to_owned())],
        ("application-autoscaling", _) => vec![need(
            // Describe calls have no resource; writes are on the scalable target, whose id does not follow from the call.
            if operation.starts_with("Describe") {
                "*".to_owned()
            } else {
                arn("application-autoscaling", "scalable-target/1")
            },
        )]
        .into_iter()
        .map(|need| Need { context: autoscaling_context(input), ..need })
        .collect(),
        (service, operation) => panic!("the simulation does not know what {service}:{operation} needs"),
    }
}

fn autoscaling_context(input: &Value) -> Value {
    json!({
        "application-autoscaling:service-namespace": input["ServiceNamespace"],
        "application-autoscaling:scalable-dimension": input["ScalableDimension"],
        "application-autoscaling:resource-id": input["ResourceId"],
    })
}

/// Registering also passes the roles, and tags where tags are given.
fn register(input: &Value, arn: &dyn Fn(&str, &str) -> String) -> Vec<Need> {
    let family = arn("ecs", &format!("task-definition/{}:*", text(&input["family"])));
    let mut needs =
        vec![Need { action: "ecs:RegisterTaskDefinition".to_owned(), resource: family.clone(), context: json!({}) }];
    for role in ["taskRoleArn", "executionRoleArn"] {
        if let Some(role) = input[role].as_str() {
            let context = json!({ "iam:PassedToService": "ecs-tasks.amazonaws.com" });
            needs.push(Need { action: "iam:PassRole".to_owned(), resource: role.to_owned(), context });
        }
    }
    if !list(&input["tags"]).is_empty() {
        let context = json!({ "ecs:CreateAction": "RegisterTaskDefinition" });
        needs.push(Need { action: "ecs:TagResource".to_owned(), resource: family, context });
    }
    needs
}

fn allows(statement: &Value, need: &Need) -> bool {
    statement["Effect"] == "Allow"
        && list(&statement["Action"]).iter().any(|action| like(&text(action), &need.action))
        && list(&statement["Resource"]).iter().any(|resource| like(&text(resource), &need.resource))
        && statement["Condition"].as_object().into_iter().flatten().all(|(test, keys)| {
            keys.as_object().into_iter().flatten().all(|(key, wanted)| holds(test, &need.context[key], wanted))
        })
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.
fn holds(test: &str, value: &Value, wanted: &Value) -> bool {
    let (test, optional) = test.strip_suffix("IfExists").map_or((test, false), |test| (test, true));
    let Some(value) = value.as_str() else { return optional };
    list(wanted).iter().map(text).any(|wanted| match test {
        "StringEquals" | "ArnEquals" => wanted == value || test == "ArnEquals" && like(&wanted, value),
        "StringLike" | "ArnLike" => like(&wanted, value),
        other => panic!("the simulation does not know the condition {other}"),
    })
}

/// `*` stands for anything.
fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Account;

    #[test]
    fn what_a_policy_above_denies_is_not_allowed_whatever_the_function_has() {
        let account = Account::huskit(&[]);
        let function = &account.functions["rollout"];
        let input = json!({ "cluster": "huskit-prod", "service": "crawler" });
        let request = Request { service: "ecs", operation: "UpdateService".into(), input };
        assert!(authorize(function, &BTreeSet::new(), Scanning::Basic, &request).is_ok());
        let denied = BTreeSet::from(["ecs:UpdateService".to_owned()]);
        let failure = authorize(function, &denied, Scanning::Basic, &request).unwrap_err();
        assert_eq!(failure.code, "AccessDeniedException");
        assert!(failure.message.ends_with("with an explicit deny in a service control policy"), "{failure}");
    }
}
