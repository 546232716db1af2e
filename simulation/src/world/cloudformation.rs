//! AWS CloudFormation: updates of the stack with the services.
//!
//! - What a template says of a changed resource is sent, whatever the resource is now; what it leaves out is not: DesiredCount and
//!   CapacityProviderStrategy of <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html>.
//! - A changed task definition is registered anew, and the service is updated with the stack's own revision; no deployment is forced.
//! - CloudFormation waits until the service is stable, and rolls back when that fails.
//! - Events: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-reference.html>, guaranteed.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use tests::template::{list, text};

use super::load::ecs_call;
use super::{Cx, World, autoscaling};
use crate::account::{Account, Resource};
use crate::wire::Failure;

/// What goes on later.
#[derive(Clone, Debug)]
pub enum Wake {
    /// The stack's resources are written.
    Write,
    /// Is what was written stable?
    Wait,
    /// The update, or its rollback, has ended.
    End(&'static str),
}

/// An update by a person.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// Names of the services that change; empty stands for all.
    pub services: Vec<String>,
    /// Does the task definition of each change, an environment variable for example?
    pub task_definition: bool,
    /// Do properties of the service itself change?
    pub service: bool,
    /// Do the bounds of the scalable target change?
    pub bounds: bool,
    /// Does another resource fail, so that everything is rolled back?
    pub fails: bool,
}

/// The stack.
#[derive(Debug)]
pub struct CloudFormation {
    /// Id of the stack with the services, as rules name it.
    pub stack: String,
    /// `UPDATE_COMPLETE` and so on.
    pub status: &'static str,
    /// What updates write: the templates as they are deployed after the first time. Read with the first update unless somebody gives another.
    pub template: Option<Rc<Account>>,
    /// ARN of the stack's task definition, by service.
    pub revisions: BTreeMap<String, String>,
    update: Update,
    before: BTreeMap<String, String>,
    /// Bounds that a rollback writes.
    bounds_before: Vec<(String, autoscaling::Bounds)>,
    since: Timestamp,
}

/// Longest that CloudFormation waits for a service.
const PATIENCE: SignedDuration = SignedDuration::from_hours(3);

impl CloudFormation {
    pub(super) fn new(account: &Account) -> CloudFormation {
        let pattern = account.rules.iter().find(|rule| rule.pattern["source"][0] == "aws.cloudformation");
        let services = account.of_type("AWS::ECS::Service").iter();
        CloudFormation {
            stack: pattern.map(|rule| text(&rule.pattern["detail"]["stack-id"][0])).unwrap_or_default(),
            status: "CREATE_COMPLETE",
            template: None,
            revisions: services
                .map(|one| (text(&one.properties["ServiceName"]), text(&one.properties["TaskDefinition"])))
                .collect(),
            update: Update::default(),
            before: BTreeMap::new(),
            bounds_before: Vec::new(),
            since: Timestamp::UNIX_EPOCH,
        }
    }
}

/// Updates the stack.
///
/// # Errors
/// When an update is on its way already.
pub fn update(world: &mut World, update: Update, cx: &mut Cx<'_>) -> Result<(), Failure> {
    let stack = &mut world.cloudformation;
    if stack.status.ends_with("IN_PROGRESS") {
        let sentence = format!("Stack:{} is in {} state and can not be updated.", stack.stack, stack.status);
        return Err(Failure::new("ValidationError", sentence));
    }
    cx.note(format!("a person updates the stack: {update:?}"));
    stack.before.clone_from(&stack.revisions);
    stack.update = update;
    tell(world, "UPDATE_IN_PROGRESS", "User Initiated", cx);
    let after = SignedDuration::from_secs(cx.rng.between(5, 40));
    cx.after(after, super::Wake::CloudFormation(Wake::Write));
    Ok(())
}

fn tell(world: &mut World, status: &'static str, reason: &str, cx: &mut Cx<'_>) {
    world.cloudformation.status = status;
    let stack = world.cloudformation.stack.clone();
    cx.note(format!("stack {stack}: {status} {reason}"));
    let detail = json!({
        "stack-id": stack, "status-details": { "status": status, "status-reason": reason }, "client-request-token": "",
    });
    cx.emit("aws.cloudformation", "CloudFormation Stack Status Change", &[stack], detail);
}

fn template(world: &mut World) -> Rc<Account> {
    let stack = &mut world.cloudformation;
    Rc::clone(stack.template.get_or_insert_with(|| Rc::new(Account::huskit(&[("FirstDeploy", "false")]))))
}

/// The services of the template that the update is about.
fn changed(world: &World, template: &Account) -> Vec<Resource> {
    let names = &world.cloudformation.update.services;
    let is_meant = |resource: &&Resource| {
        names.is_empty() || names.iter().any(|name| resource.properties["ServiceName"] == name.as_str())
    };
    template.of_type("AWS::ECS::Service").iter().filter(is_meant).cloned().collect()
}

pub(super) fn wake(world: &mut World, wake: Wake, cx: &mut Cx<'_>) {
    match wake {
        Wake::Write => {
            let fails = world.cloudformation.update.fails;
            let written = write(world, cx);
            match written {
                Ok(()) if !fails => wait(world, cx),
                Ok(()) => roll_back(world, "The following resource(s) failed to update: [Dashboard].", cx),
                Err(failure) => roll_back(world, &failure.to_string(), cx),
            }
        }
        Wake::Wait => stable(world, cx),
        Wake::End(status) => tell(world, status, "", cx),
    }
}

fn wait(world: &mut World, cx: &mut Cx<'_>) {
    world.cloudformation.since = cx.now;
    cx.after(SignedDuration::from_secs(15), super::Wake::CloudFormation(Wake::Wait));
}

/// Writes what the template says.
fn write(world: &mut World, cx: &mut Cx<'_>) -> Result<(), Failure> {
    let template = template(world);
    let Update { task_definition, service, bounds, .. } = world.cloudformation.update.clone();
    world.cloudformation.bounds_before.clear();
    for resource in changed(world, &template) {
        let properties = &resource.properties;
        let name = text(&properties["ServiceName"]);
        if task_definition {
            let reference = text(&properties["TaskDefinition"]);
            let definitions = template.of_type("AWS::ECS::TaskDefinition");
            let definition = definitions.iter().find(|one| one.reference == reference).expect("a task definition");
            let registered = ecs_call(world, "RegisterTaskDefinition", &camel(&definition.properties), cx)?;
            let arn = text(&registered["taskDefinition"]["taskDefinitionArn"]);
            world.cloudformation.revisions.insert(name.clone(), arn);
        }
        if task_definition || service {
            update_service(world, properties, cx)?;
        }
        if bounds {
            let suffix = format!("/{name}");
            let targets = template.of_type("AWS::ApplicationAutoScaling::ScalableTarget");
            let ours = targets.iter().filter(|target| text(&target.properties["ResourceId"]).ends_with(&suffix));
            for target in ours {
                let resource = text(&target.properties["ResourceId"]);
                if let Some(target) = world.autoscaling.targets.get(&resource) {
                    world.cloudformation.bounds_before.push((resource, target.bounds));
                }
                autoscaling::call(world, "RegisterScalableTarget", &target.properties, cx)?;
            }
        }
    }
    Ok(())
}

/// UpdateService as CloudFormation calls it: with the stack's own revision, and with count and strategy only where the template has them.
fn update_service(world: &mut World, properties: &Value, cx: &mut Cx<'_>) -> Result<(), Failure> {
    let mut input = json!({
        "cluster": properties["Cluster"], "service": properties["ServiceName"],
        "taskDefinition": world.cloudformation.revisions.get(&text(&properties["ServiceName"])),
    });
    let sent = [
        "DesiredCount",
        "CapacityProviderStrategy",
        "DeploymentConfiguration",
        "NetworkConfiguration",
        "HealthCheckGracePeriodSeconds",
        "EnableExecuteCommand",
        "LoadBalancers",
        "ServiceRegistries",
        "PropagateTags",
    ];
    for field in sent {
        if !properties[field].is_null() {
            input[lower(field)] = camel(&properties[field]);
        }
    }
    ecs_call(world, "UpdateService", &input, cx).map(drop)
}

/// Is every service that was written stable? A deployment that ECS itself gives up fails the update.
fn stable(world: &mut World, cx: &mut Cx<'_>) {
    let template = template(world);
    let rolling_back = world.cloudformation.status == "UPDATE_ROLLBACK_IN_PROGRESS";
    let update = &world.cloudformation.update;
    let wrote = update.task_definition || update.service;
    let mut waits = false;
    for resource in changed(world, &template).into_iter().filter(|_| wrote) {
        let properties = &resource.properties;
        let input = json!({ "cluster": properties["Cluster"], "services": [properties["ServiceName"]] });
        let Ok(described) = ecs_call(world, "DescribeServices", &input, cx) else { continue };
        let deployments = list(&described["services"][0]["deployments"]);
        let own = world.cloudformation.revisions.get(&text(&properties["ServiceName"]));
        let ours = |one: &&Value| own.is_some_and(|own| one["taskDefinition"] == own.as_str());
        let ended = |one: &Value| one["rolloutState"] == "FAILED";
        if !rolling_back && deployments.iter().filter(ours).any(ended) {
            roll_back(
                world,
                "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\"",
                cx,
            );
            return;
        }
        waits |= deployments.iter().any(|one| one["rolloutState"] == "IN_PROGRESS");
    }
    if waits && world.cloudformation.since + PATIENCE > cx.now {
        cx.after(SignedDuration::from_secs(15), super::Wake::CloudFormation(Wake::Wait));
    } else if waits && !rolling_back {
        roll_back(world, "Service did not stabilize.", cx);
    } else {
        let (cleanup, end) = match rolling_back {
            true => ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
            false => ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"),
        };
        tell(world, cleanup, "", cx);
        cx.after(SignedDuration::from_secs(5), super::Wake::CloudFormation(Wake::End(end)));
    }
}

/// Writes what the stack had before, and waits for that.
fn roll_back(world: &mut World, reason: &str, cx: &mut Cx<'_>) {
    tell(world, "UPDATE_ROLLBACK_IN_PROGRESS", reason, cx);
    let template = template(world);
    let before = world.cloudformation.before.clone();
    world.cloudformation.revisions = before;
    let Update { task_definition, service, .. } = world.cloudformation.update.clone();
    for resource in changed(world, &template).into_iter().filter(|_| task_definition || service) {
        if let Err(failure) = update_service(world, &resource.properties, cx) {
            cx.note(format!("rolling the stack back: {failure}"));
        }
    }
    for (resource, bounds) in std::mem::take(&mut world.cloudformation.bounds_before) {
        let input = json!({
            "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": resource,
            "MinCapacity": bounds.min, "MaxCapacity": bounds.max,
        });
        if let Err(failure) = autoscaling::call(world, "RegisterScalableTarget", &input, cx) {
            cx.note(format!("rolling the stack back: {failure}"));
        }
    }
    wait(world, cx);
}

fn lower(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Properties as the API has them: the same names, in lower camel case.
fn camel(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(camel).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| (lower(name), camel(field))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}
