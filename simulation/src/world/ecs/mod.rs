//! Amazon ECS on Fargate: services, deployments, tasks, task definitions.
//!
//! Sources: API reference and developer guide of Amazon ECS, as the pages named in each file:
//!
//! - `model`, `task`: what there is, `state`: all of it, `values`: how it is written; `view`: how calls answer it, with answers from before recent writes.
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
mod state;
mod task;
mod tasks;
mod token;
mod update;
mod values;
mod view;

use serde_json::Value;

use crate::account::Account;
use crate::wire::Answer;
use crate::world::Cx;
use crate::world::wake;
use update::DEPLOYED;
use values::wire;

pub use definition::NOT_REGISTERED;
pub use model::{Cause, Definition, Deployment, Item, Rollout, Service, ServiceDeployment, Start};
pub use people::Serving;
pub use state::{Around, Counters, Ecs, Environment, FARGATE, FARGATE_SPOT};
pub use task::{Health, Status, Task};

impl Ecs {
    /// Every service of the templates, settled on its count of 0: [`Ecs::settle`] changes it.
    pub(super) fn new(account: &Account) -> Ecs {
        let mut ecs = Ecs::default();
        for cluster in account.of_type("AWS::ECS::Cluster") {
            ecs.clusters.insert(cluster.reference.clone(), wire(&cluster.properties));
        }
        for definition in account.of_type("AWS::ECS::TaskDefinition") {
            ecs.register_resource(&definition.properties, DEPLOYED);
        }
        for service in account.of_type("AWS::ECS::Service") {
            ecs.create(&service.properties);
        }
        ecs
    }

    pub(super) fn call(&mut self, operation: &str, input: &Value, around: Around<'_>, cx: &mut Cx<'_>) -> Answer {
        *self.counters.calls.entry(operation.to_owned()).or_default() += 1;
        match operation {
            "DescribeServices" => self.describe_services(input, cx),
            "UpdateService" => self.update_service(input, Cause::Call, around, cx),
            "RegisterTaskDefinition" => self.register(input, cx),
            "DescribeTaskDefinition" => self.describe_definition(input),
            "ListTasks" => self.list_tasks(input, cx),
            "DescribeTasks" => self.describe_tasks(input, cx),
            "RunTask" => self.run_task(input, around, cx),
            "StopTask" => self.stop_task(input, cx),
            "ListServiceDeployments" => self.list_deployments(input, cx),
            "DescribeServiceDeployments" => self.describe_deployments(input, cx),
            "DescribeServiceRevisions" => self.describe_revisions(input),
            "GetTaskProtection" => self.get_protection(input, cx),
            "UpdateTaskProtection" => self.update_protection(input, cx),
            other => panic!("the model has no ecs:{other}"),
        }
    }

    pub(super) fn wake(&mut self, wake: wake::Ecs, around: Around<'_>, cx: &mut Cx<'_>) {
        match wake {
            wake::Ecs::Service(number) => self.look(number, around, cx),
            wake::Ecs::Steady(number) => self.steady_again(number, cx),
            wake::Ecs::Task(number, step) => self.step(number, step, around, cx),
        }
    }
}
