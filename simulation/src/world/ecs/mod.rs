//! Amazon ECS on Fargate: services, deployments, tasks, task definitions.
//!
//! Sources: API reference and developer guide of Amazon ECS, as the pages named in each file:
//!
//! - `model`: what there is; `view`: how calls answer it, with answers from before recent writes.
//! - `definition`: task definitions. `update`: what changes a service. `scheduler`: what starts and stops tasks of a service.
//! - `breaker`: circuit breaker, alarms and rollback. `life`: what a task goes through. `fate`: what its image makes of that.
//! - `tasks`, `deployments`: the calls about them. `people`: what the harness and people do and see.

mod breaker;
mod definition;
mod deployments;
mod emit;
mod fate;
mod life;
mod model;
mod people;
mod scheduler;
mod tasks;
#[cfg(test)]
mod tests;
mod update;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::account::{ACCOUNT, Account, REGION};
use crate::wire::{Answer, Failure};
use crate::world::cloudwatch::CloudWatch;
use crate::world::ecr::Ecr;
use crate::world::{Cx, World};

pub use definition::Definition;
pub use model::{Cause, Deployment, Health, Item, Rollout, Service, ServiceDeployment, Start, Status, Task};
pub use people::{Serving, by_person, create_service, deregister, register, set_desired, settle};
pub use update::{change as update_service, delete as delete_service};

/// On demand.
pub const FARGATE: &str = "FARGATE";
/// Spot.
pub const FARGATE_SPOT: &str = "FARGATE_SPOT";

/// What goes on later.
#[derive(Clone, Debug)]
pub enum Wake {
    /// The scheduler looks at a service, by its number.
    Service(usize),
    /// The same, once after so long that a steady service says so again.
    Steady(usize),
    /// A task, by its number, comes to its next step.
    Task(u64, life::Step),
}

/// What is wrong in the account, beside images. The harness switches it.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Capacity providers without capacity: `FARGATE`, `FARGATE_SPOT`.
    pub no_capacity: BTreeSet<String>,
    /// Families whose tasks cannot read a secret.
    pub missing_secrets: BTreeSet<String>,
    /// Families whose execution role cannot be assumed: no task is launched at all.
    pub broken_roles: BTreeSet<String>,
    /// Families whose subnets have no way to the registry.
    pub no_network: BTreeSet<String>,
    /// Names of alarms that are in ALARM, beside what CloudWatch has.
    pub alarms: BTreeSet<String>,
    /// Share of tasks that stop for trouble of Fargate's own while they start.
    pub platform_trouble: f64,
}

/// What happened so often.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Calls by operation.
    pub calls: BTreeMap<String, u64>,
    /// Tasks that were started for services.
    pub started: u64,
    /// Tasks that could not be placed.
    pub unplaced: u64,
    /// Tasks that counted as failed in a deployment.
    pub failed: u64,
    /// Rollbacks that ECS began.
    pub rollbacks: u64,
    /// Spot interruptions.
    pub interruptions: u64,
    /// Answers that were stale.
    pub stale: u64,
}

/// Services, tasks, task definitions.
#[derive(Debug, Default)]
pub struct Ecs {
    /// Every service ever, by its number; a deleted one stays, INACTIVE.
    pub services: Vec<Service>,
    /// Tasks that are not forgotten, by their number.
    pub tasks: BTreeMap<u64, Task>,
    /// By family, the oldest first: revision 1 is at 0.
    pub definitions: BTreeMap<String, Vec<Definition>>,
    /// Everything that started a deployment, in order.
    pub history: Vec<Start>,
    /// What is wrong.
    pub environment: Environment,
    /// What happened so often.
    pub counters: Counters,
    clusters: BTreeMap<String, Value>,
    index: BTreeMap<(String, String), usize>,
    /// By token: what was asked and the tasks that were started.
    tokens: BTreeMap<String, (jiff::Timestamp, Value, Vec<u64>)>,
    numbers: u64,
}

/// What ECS asks of other services.
#[derive(Clone, Copy)]
struct Around<'w> {
    ecr: &'w Ecr,
    cloudwatch: &'w CloudWatch,
}

impl Around<'_> {
    fn in_alarm(&self, name: &str) -> bool {
        self.cloudwatch.in_alarm(name)
    }
}

fn split(world: &mut World) -> (&mut Ecs, Around<'_>) {
    let World { ecs, ecr, cloudwatch, .. } = world;
    (ecs, Around { ecr, cloudwatch })
}

impl Ecs {
    /// Every service of the templates, settled on its count of 0: what `people::settle` changes.
    pub(in crate::world) fn new(account: &Account) -> Ecs {
        let mut ecs = Ecs::default();
        for cluster in account.of_type("AWS::ECS::Cluster") {
            ecs.clusters.insert(cluster.reference.clone(), wire(&cluster.properties));
        }
        for definition in account.of_type("AWS::ECS::TaskDefinition") {
            ecs.register_resource(&definition.properties, update::DEPLOYED);
        }
        for service in account.of_type("AWS::ECS::Service") {
            ecs.create(&service.properties);
        }
        ecs
    }

    /// Number of the service of this name that was created last.
    ///
    /// `service` is a name or an ARN.
    pub fn number(&self, cluster: &str, service: &str) -> Option<usize> {
        let last = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
        self.index.get(&(last(cluster), last(service))).copied()
    }

    /// The service of this name that was created last.
    pub fn service(&self, cluster: &str, service: &str) -> Option<&Service> {
        self.number(cluster, service).map(|number| &self.services[number])
    }

    fn next(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn cluster(&self, input: &Value) -> Result<String, Failure> {
        let name = input["cluster"].as_str().unwrap_or("default");
        let name = name.rsplit('/').next().unwrap_or(name);
        match self.clusters.contains_key(name) {
            true => Ok(name.to_owned()),
            false => Err(Failure::new("ClusterNotFoundException", "Cluster not found.")),
        }
    }
}

pub(in crate::world) fn call(world: &mut World, operation: &str, input: &Value, cx: &mut Cx<'_>) -> Answer {
    *world.ecs.counters.calls.entry(operation.to_owned()).or_default() += 1;
    match operation {
        "DescribeServices" => world.ecs.describe_services(input, cx),
        "UpdateService" => update::change(world, input, Cause::Call, cx),
        "RegisterTaskDefinition" => world.ecs.register(input, cx),
        "DescribeTaskDefinition" => world.ecs.describe_definition(input),
        "ListTasks" => world.ecs.list_tasks(input, cx),
        "DescribeTasks" => world.ecs.describe_tasks(input, cx),
        "RunTask" => {
            let (ecs, around) = split(world);
            ecs.run_task(input, around, cx)
        }
        "StopTask" => world.ecs.stop_task(input, cx),
        "ListServiceDeployments" => world.ecs.list_deployments(input, cx),
        "DescribeServiceDeployments" => world.ecs.describe_deployments(input, cx),
        "DescribeServiceRevisions" => world.ecs.describe_revisions(input),
        "GetTaskProtection" => world.ecs.get_protection(input, cx),
        "UpdateTaskProtection" => world.ecs.update_protection(input, cx),
        other => panic!("the model has no ecs:{other}"),
    }
}

pub(in crate::world) fn wake(world: &mut World, wake: Wake, cx: &mut Cx<'_>) {
    let (ecs, around) = split(world);
    match wake {
        Wake::Service(number) => ecs.look(number, around, cx),
        Wake::Steady(number) => ecs.steady_again(number, cx),
        Wake::Task(number, step) => ecs.step(number, step, around, cx),
    }
}

fn arn(rest: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{rest}")
}

/// A number, which a parameter may have made a text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A truth, which a parameter may have made a text.
fn truth(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_str()?.parse().ok())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Properties of a template with the names, and the kinds of values, that they have on the wire.
fn wire(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(wire).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, field)| {
                    let mut letters = name.chars();
                    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
                    let name: String = first.into_iter().chain(letters).collect();
                    let field = match name.as_str() {
                        "options" | "dockerLabels" => field.clone(),
                        _ => wire(field),
                    };
                    (name, field)
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

fn epoch(at: jiff::Timestamp) -> Value {
    let seconds = at.as_millisecond() as f64 / 1000.0;
    json!(seconds)
}
