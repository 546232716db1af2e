//! AWS CloudFormation: updates of the stack with the services.
//!
//! - Properties that the template has for a changed resource are sent, whatever the resource is now; others are not: DesiredCount and
//!   CapacityProviderStrategy of <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html>.
//! - A changed task definition is registered anew, and the service is updated with the stack's own revision; no deployment is forced.
//! - CloudFormation waits until the service is stable, and rolls back when that fails.
//! - Events: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-reference.html>, guaranteed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use ::tests::template::text;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::Cx;
use super::autoscaling::Autoscaling;
use super::ecs::{self, Around, Ecs};
use super::wake::{self, Wake};
use crate::account::{Account, Resource};
use crate::wire::Failure;

/// An update by a person. Without any of these, everything changes: CloudFormation refuses an update without changes.
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
    /// What updates write, where it is not the templates as they are deployed after the first time.
    pub template: Option<Rc<Account>>,
    /// How many services the templates have beside their own.
    added: usize,
    /// ARN of the stack's task definition, by service.
    pub revisions: BTreeMap<String, String>,
    update: Update,
    before: BTreeMap<String, String>,
    /// The templates of the last update that completed, which a rollback writes; the account's where there was none.
    deployed: Option<Rc<Account>>,
    since: Timestamp,
}

/// What the templates deploy after the first time, read once.
fn later(added: usize) -> Rc<Account> {
    thread_local!(static LATER: RefCell<BTreeMap<usize, Rc<Account>>> = RefCell::default());
    let read = || {
        let mut account = Account::huskit(&[("FirstDeploy", "false")]);
        account.add(added);
        Rc::new(account)
    };
    LATER.with_borrow_mut(|later| Rc::clone(later.entry(added).or_insert_with(read)))
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
            added: account.added,
            revisions: services
                .map(|one| (text(&one.properties["ServiceName"]), text(&one.properties["TaskDefinition"])))
                .collect(),
            update: Update::default(),
            before: BTreeMap::new(),
            deployed: None,
            since: Timestamp::UNIX_EPOCH,
        }
    }

    /// Updates the stack.
    ///
    /// # Errors
    /// When an update is on its way already.
    pub fn update(&mut self, update: Update, cx: &mut Cx<'_>) -> Result<(), Failure> {
        let stack = &mut *self;
        if stack.status.ends_with("IN_PROGRESS") {
            let sentence = format!("Stack:{} is in {} state and can not be updated.", stack.stack, stack.status);
            return Err(Failure::new("ValidationError", sentence));
        }
        cx.note(format!("a person updates the stack: {update:?}"));
        stack.before.clone_from(&stack.revisions);
        let nothing = !(update.task_definition || update.service || update.bounds);
        stack.update = match nothing {
            true => Update { task_definition: true, service: true, bounds: true, ..update },
            false => update,
        };
        self.set_status("UPDATE_IN_PROGRESS", "User Initiated", cx);
        let after = SignedDuration::from_secs(cx.rng.between(5, 40));
        cx.after(after, Wake::CloudFormation(wake::CloudFormation::Write));
        Ok(())
    }

    fn set_status(&mut self, status: &'static str, reason: &str, cx: &mut Cx<'_>) {
        self.status = status;
        let stack = self.stack.clone();
        cx.note(format!("stack {stack}: {status} {reason}"));
        let detail = json!({
            "stack-id": stack, "status-details": { "status": status, "status-reason": reason }, "client-request-token": "",
        });
        cx.emit("aws.cloudformation", "CloudFormation Stack Status Change", &[stack], detail);
    }

    fn template(&mut self) -> Rc<Account> {
        self.template.get_or_insert_with(|| later(self.added)).clone()
    }

    /// The services of the template that the update is about.
    fn changed(&self, template: &Account) -> Vec<Resource> {
        let names = &self.update.services;
        let is_meant = |resource: &&Resource| {
            names.is_empty() || names.iter().any(|name| resource.properties["ServiceName"] == name.as_str())
        };
        template.of_type("AWS::ECS::Service").iter().filter(is_meant).cloned().collect()
    }

    pub(super) fn wake(&mut self, wake: wake::CloudFormation, others: &mut Others<'_>, cx: &mut Cx<'_>) {
        match wake {
            wake::CloudFormation::Write => {
                let fails = self.update.fails;
                let failed = match self.write(others, cx) {
                    Ok(()) if !fails => {
                        self.wait(cx);
                        return;
                    }
                    Ok(()) => "The following resource(s) failed to update: [Dashboard].".to_owned(),
                    Err(failure) => failure.to_string(),
                };
                let after = SignedDuration::from_secs(cx.rng.between(5, 60));
                cx.after(after, Wake::CloudFormation(wake::CloudFormation::RollBack(failed)));
            }
            wake::CloudFormation::RollBack(reason) => self.roll_back(&reason, others, cx),
            wake::CloudFormation::Wait => self.stable(others, cx),
            wake::CloudFormation::End(status) => {
                if status == "UPDATE_COMPLETE" {
                    self.deployed = Some(self.template());
                }
                self.set_status(status, "", cx);
            }
        }
    }

    fn wait(&mut self, cx: &mut Cx<'_>) {
        self.since = cx.now;
        cx.after(SignedDuration::from_secs(15), Wake::CloudFormation(wake::CloudFormation::Wait));
    }

    /// Writes the resources of the template.
    fn write(&mut self, others: &mut Others<'_>, cx: &mut Cx<'_>) -> Result<(), Failure> {
        let template = self.template();
        let Update { task_definition, service, bounds, .. } = self.update.clone();
        for resource in self.changed(&template) {
            let properties = &resource.properties;
            let name = text(&properties["ServiceName"]);
            if task_definition {
                let reference = text(&properties["TaskDefinition"]);
                let definitions = template.of_type("AWS::ECS::TaskDefinition");
                let definition = definitions.iter().find(|one| one.reference == reference).expect("a task definition");
                let registered =
                    others.ecs.call("RegisterTaskDefinition", &camel(&definition.properties), others.around, cx)?;
                let arn = text(&registered["taskDefinition"]["taskDefinitionArn"]);
                self.revisions.insert(name.clone(), arn);
            }
            if task_definition || service {
                self.update_service(properties, others, cx)?;
            }
            if bounds {
                others.write_bounds(&template, &name, cx)?;
            }
        }
        Ok(())
    }

    /// UpdateService as CloudFormation calls it: with the stack's own revision, and with count and strategy only where the template has them.
    fn update_service(&self, properties: &Value, others: &mut Others<'_>, cx: &mut Cx<'_>) -> Result<(), Failure> {
        let mut input = json!({
            "cluster": properties["Cluster"], "service": properties["ServiceName"],
            "taskDefinition": self.revisions.get(&text(&properties["ServiceName"])),
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
        others.ecs.update_service(&input, ecs::Cause::CloudFormation, others.around, cx).map(drop)
    }

    /// Is every service that was written stable? A deployment that ECS fails or rolls back fails the update.
    fn stable(&mut self, others: &mut Others<'_>, cx: &mut Cx<'_>) {
        let template = self.template();
        let rolling_back = self.status == "UPDATE_ROLLBACK_IN_PROGRESS";
        let update = &self.update;
        let wrote = update.task_definition || update.service;
        let mut waits = false;
        for resource in self.changed(&template).into_iter().filter(|_| wrote) {
            let properties = &resource.properties;
            let name = text(&properties["ServiceName"]);
            let Some(service) = others.ecs.service(&text(&properties["Cluster"]), &name) else { continue };
            let own = self.revisions.get(&name);
            let failed = service.deployments.iter().filter(|one| one.state == ecs::Rollout::Failed);
            let recent = failed.filter(|one| one.created_at + SignedDuration::from_mins(1) > self.since);
            let arn = |one: &ecs::Deployment| text(&service.revisions[one.revision].definition["taskDefinitionArn"]);
            if !rolling_back && recent.map(arn).any(|arn| own == Some(&arn)) {
                let why = "Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.";
                self.roll_back(why, others, cx);
                return;
            }
            waits |= service.primary().state == ecs::Rollout::InProgress;
        }
        if waits && self.since + PATIENCE > cx.now {
            cx.after(SignedDuration::from_secs(15), Wake::CloudFormation(wake::CloudFormation::Wait));
        } else if waits && !rolling_back {
            self.roll_back("Service did not stabilize.", others, cx);
        } else {
            let (cleanup, end) = match rolling_back {
                true => ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
                false => ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"),
            };
            self.set_status(cleanup, "", cx);
            cx.after(SignedDuration::from_secs(5), Wake::CloudFormation(wake::CloudFormation::End(end)));
        }
    }

    /// Writes the resources of the templates before, and waits for them.
    fn roll_back(&mut self, reason: &str, others: &mut Others<'_>, cx: &mut Cx<'_>) {
        self.set_status("UPDATE_ROLLBACK_IN_PROGRESS", reason, cx);
        let template = self.deployed.clone().unwrap_or_else(|| Rc::clone(others.account));
        let before = self.before.clone();
        self.revisions = before;
        let Update { task_definition, service, bounds, .. } = self.update.clone();
        for resource in self.changed(&template) {
            let name = text(&resource.properties["ServiceName"]);
            let service = match task_definition || service {
                true => self.update_service(&resource.properties, others, cx),
                false => Ok(()),
            };
            let bounds = if bounds { others.write_bounds(&template, &name, cx) } else { Ok(()) };
            for failure in [service.err(), bounds.err()].into_iter().flatten() {
                cx.note(format!("rolling the stack back: {failure}"));
            }
        }
        self.wait(cx);
    }
}

/// What an update writes to.
pub(super) struct Others<'w> {
    pub(super) account: &'w Rc<Account>,
    pub(super) autoscaling: &'w mut Autoscaling,
    pub(super) ecs: &'w mut Ecs,
    pub(super) around: Around<'w>,
}

impl Others<'_> {
    fn write_bounds(&mut self, template: &Account, service: &str, cx: &mut Cx<'_>) -> Result<(), Failure> {
        let suffix = format!("/{service}");
        let targets = template.of_type("AWS::ApplicationAutoScaling::ScalableTarget").iter();
        for target in targets.filter(|target| text(&target.properties["ResourceId"]).ends_with(&suffix)) {
            self.autoscaling.call("RegisterScalableTarget", &target.properties, self.ecs, self.around.ecr, cx)?;
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;
    use crate::world::behaviour::Behaviour;
    use crate::world::ecr::{self, Push, Shape};
    use crate::world::image::Findings;
    use crate::world::testing::{Bench, CLUSTER};

    /// A system that has run for a while, with a strategy that is not the first deploy's.
    fn bench(tags: &[&str], behaviour: Behaviour) -> Bench {
        let mut bench = Bench::new();
        bench.world.autoscaling.registering_scales = Some(false);
        for repository in ["huskit/website-agent", "huskit/crawler"] {
            let push = Push { repository, tags, behaviour, shape: Shape::Single, findings: Findings::new() };
            bench.change(|_, cx| ecr::push(&push, cx));
        }
        bench.pass(SignedDuration::from_mins(1));
        bench.settle("website-agent", 2);
        bench.settle("crawler", 0);
        bench
    }

    fn statuses(bench: &Bench) -> Vec<String> {
        let of_stack = bench.events.iter().filter(|event| event["source"] == "aws.cloudformation");
        of_stack.map(|event| text(&event["detail"]["status-details"]["status"])).collect()
    }

    fn updated(bench: &mut Bench, change: Update) {
        bench.change(|world, cx| world.cloudformation.update(change, cx)).unwrap();
        bench.pass(SignedDuration::from_mins(40));
    }

    #[test]
    fn an_update_writes_the_revision_of_the_stack_and_leaves_the_count_alone() {
        let mut bench = bench(&["live"], Behaviour::Good);
        let change = Update { services: vec!["website-agent".into()], task_definition: true, ..Update::default() };
        updated(&mut bench, change);
        assert_eq!(statuses(&bench), ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]);
        let service = bench.world.ecs.service(CLUSTER, "website-agent").unwrap();
        assert_eq!(service.desired, 2);
        let revision = &service.revisions[service.primary().revision];
        assert_eq!(
            revision.definition["taskDefinitionArn"],
            bench.world.cloudformation.revisions["website-agent"].as_str()
        );
        assert!(text(&revision.definition["containerDefinitions"][0]["image"]).ends_with("huskit/website-agent:live"));
        let last = bench.world.ecs.history.last().unwrap();
        assert!(matches!(last.cause, ecs::Cause::CloudFormation), "{last:?}");
    }

    #[test]
    fn an_update_that_fails_writes_back_what_was_before() {
        let mut bench = bench(&["live"], Behaviour::Good);
        let before = bench.world.cloudformation.revisions.clone();
        bench.world.autoscaling.targets.get_mut("service/huskit-prod/website-agent").unwrap().bounds.max = 9;
        let change = Update { task_definition: true, bounds: true, fails: true, ..Update::default() };
        updated(&mut bench, change);
        assert_eq!(statuses(&bench)[1], "UPDATE_ROLLBACK_IN_PROGRESS");
        assert_eq!(statuses(&bench).last().unwrap(), "UPDATE_ROLLBACK_COMPLETE");
        assert_eq!(bench.world.cloudformation.revisions, before);
        let after = bench.world.autoscaling.bounds(CLUSTER, "website-agent").unwrap();
        assert_eq!((after.min, after.max), (2, 6), "what the template before said, not what was there");
    }

    #[test]
    fn cloudwatch_and_auto_scaling_see_the_running_tasks() {
        let bench = bench(&["live"], Behaviour::ErrsUnderTraffic);
        let World { ecs, ecr, .. } = &bench.world;
        let sight = ecs.sight("huskit-prod/website-agent", ecr).unwrap();
        assert_eq!((sight.desired, sight.running, sight.serving, sight.erring), (2, 2, 2, 2));
    }
}
