//! Tasks: those of a service, and those that run once.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, ContainerOverride, DesiredStatus, LaunchType,
    NetworkConfiguration, PropagateTags, TaskOverride,
};
use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::read::{self, FARGATE, FARGATE_SPOT, failed};
use super::{Ecs, classified};
use crate::aws::error::classify;
use crate::error::{Context, Error, Kind, Result};
use planner::model::{Network, ServiceId, Task};

/// Most tasks that `DescribeTasks` takes.
const TASKS: usize = 100;

/// A task to run once.
#[derive(Clone, Copy, Debug)]
pub struct OneOff<'a> {
    /// Name of the cluster.
    pub cluster: &'a str,
    /// ARN of the revision.
    pub revision: &'a str,
    /// The container whose command is replaced.
    pub container: &'a str,
    /// What it runs.
    pub command: &'a [String],
    /// Where it runs.
    pub network: &'a Network,
    /// Names the starter, so that its end can be distinguished from other tasks'.
    pub started_by: &'a str,
    /// The same token again is the same task, not another.
    pub client_token: &'a str,
}

impl Ecs {
    /// Until when ECS protects which of these tasks from being stopped.
    ///
    /// Requires `ecs:GetTaskProtection`.
    ///
    /// # Errors
    /// `NotFound` when the cluster is gone. A task that is gone is left out.
    pub async fn protected(&self, cluster: &str, tasks: &[Task]) -> Result<BTreeMap<String, Timestamp>> {
        let mut protected = BTreeMap::new();
        for batch in tasks.chunks(TASKS) {
            let arns = batch.iter().map(|task| task.arn.clone()).collect();
            let call = self.client.get_task_protection().cluster(cluster).set_tasks(Some(arns));
            let answer = call.send().await.map_err(classified).context(|| "get task protection")?;
            for task in answer.protected_tasks().iter().filter(|task| task.protection_enabled()) {
                let until = task.expiration_date().map(read::time).transpose()?;
                protected.extend(task.task_arn().map(str::to_owned).zip(until));
            }
        }
        Ok(protected)
    }

    /// The tasks of a service that should run.
    ///
    /// Requires `ecs:ListTasks`.
    /// Requires `ecs:DescribeTasks`.
    ///
    /// # Errors
    /// `NotFound` when the service is gone.
    pub async fn running_tasks(&self, id: &ServiceId) -> Result<Vec<Task>> {
        let call = self.client.list_tasks().cluster(&id.cluster).service_name(&id.name);
        let call = call.desired_status(DesiredStatus::Running);
        self.list(&id.cluster, call).await.context(|| format!("list tasks of service {id}"))
    }

    /// The tasks of a service that a deployment started and that ended; ECS forgets them after an hour.
    ///
    /// They are listed by service and distinguished here: ECS takes a starter as a filter only when it is the only one.
    ///
    /// Requires `ecs:ListTasks`.
    /// Requires `ecs:DescribeTasks`.
    ///
    /// # Errors
    /// `NotFound` when the service is gone.
    pub async fn stopped_tasks(&self, id: &ServiceId, deployment: &str) -> Result<Vec<Task>> {
        let call = self.client.list_tasks().cluster(&id.cluster).service_name(&id.name);
        let call = call.desired_status(DesiredStatus::Stopped);
        let tasks = self.list(&id.cluster, call).await.context(|| format!("list stopped tasks of service {id}"))?;
        Ok(tasks.into_iter().filter(|task| task.started_by.as_deref() == Some(deployment)).collect())
    }

    /// One task; `None` when ECS has forgotten it.
    ///
    /// Requires `ecs:DescribeTasks`.
    ///
    /// # Errors
    /// `NotFound` when the cluster is gone.
    pub async fn task(&self, cluster: &str, arn: &str) -> Result<Option<Task>> {
        let tasks = self.describe(cluster, &[arn.to_owned()]).await.context(|| format!("describe task {arn}"))?;
        Ok(tasks.into_iter().next())
    }

    /// Starts a task to run once, with the tags of its task definition; returns its ARN. It runs where the service runs,
    /// and on Fargate on demand where that is Fargate Spot: an interruption would leave half a migration.
    ///
    /// Requires `ecs:RunTask`.
    /// Requires `ecs:TagResource`.
    /// Requires `iam:PassRole`.
    ///
    /// # Errors
    /// `Unavailable` when ECS could place no task: the answer is a 200 with a failure inside. `Invalid` when the token
    /// was used with other parameters.
    pub async fn run_task(&self, task: &OneOff<'_>) -> Result<String> {
        let context = || format!("run task {} in {}", task.revision, task.cluster);
        let public = if task.network.public_ip { AssignPublicIp::Enabled } else { AssignPublicIp::Disabled };
        let network = AwsVpcConfiguration::builder()
            .set_subnets(Some(task.network.subnets.clone()))
            .set_security_groups(Some(task.network.security_groups.clone()))
            .assign_public_ip(public)
            .build()
            .map_err(|error| Error::invalid(context()).with_source(error))?;
        let command =
            ContainerOverride::builder().name(task.container).set_command(Some(task.command.to_vec())).build();
        let call = self.client.run_task().cluster(task.cluster).task_definition(task.revision).count(1);
        let call = match placement(task.network).context(context)? {
            Placement::On(launch_type) => call.launch_type(launch_type),
            Placement::By(providers) => call.set_capacity_provider_strategy(Some(providers)),
        };
        // `SERVICE` is refused for a task of its own:
        // <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>.
        let call = call.propagate_tags(PropagateTags::TaskDefinition).enable_ecs_managed_tags(true);
        let call = call.started_by(task.started_by).client_token(task.client_token);
        let call = call.network_configuration(NetworkConfiguration::builder().awsvpc_configuration(network).build());
        let call = call.overrides(TaskOverride::builder().container_overrides(command).build());
        let answer = call.send().await.map_err(classify).map_err(token_taken).context(context)?;
        match (answer.tasks().first().and_then(|task| task.task_arn()), answer.failures().first()) {
            (Some(arn), _) => Ok(arn.to_owned()),
            (None, Some(failure)) => Err(failed(failure)).context(context),
            (None, None) => {
                Err(Error::new(Kind::Unavailable, "neither task nor failure in the answer")).context(context)
            }
        }
    }

    /// Stops a task; `reason` becomes part of its `stoppedReason`. One that has ended stays as it is.
    ///
    /// Requires `ecs:StopTask`.
    ///
    /// # Errors
    /// `Invalid` when ECS has forgotten the task.
    pub async fn stop_task(&self, cluster: &str, arn: &str, reason: &str) -> Result<()> {
        let call = self.client.stop_task().cluster(cluster).task(arn).reason(reason);
        call.send().await.map(drop).map_err(classified).context(|| format!("stop task {arn}"))
    }

    async fn list(
        &self,
        cluster: &str,
        call: aws_sdk_ecs::operation::list_tasks::builders::ListTasksFluentBuilder,
    ) -> Result<Vec<Task>> {
        let mut pages = call.into_paginator().send();
        let mut arns = Vec::new();
        while let Some(page) = pages.next().await {
            arns.extend(page.map_err(classified)?.task_arns().iter().cloned());
        }
        let batches = try_join_all(arns.chunks(TASKS).map(|batch| self.describe(cluster, batch))).await?;
        Ok(batches.into_iter().flatten().collect())
    }

    async fn describe(&self, cluster: &str, arns: &[String]) -> Result<Vec<Task>> {
        let call = self.client.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
        let answer = call.send().await.map_err(classified)?;
        // A task that ended a while ago is forgotten between the list and this call.
        match answer.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
            Some(failure) => Err(failed(failure)),
            None => answer.tasks().iter().map(read::task).collect(),
        }
    }
}

/// Where a task of its own runs; ECS takes one of the two.
enum Placement {
    On(LaunchType),
    By(Vec<CapacityProviderStrategyItem>),
}

fn placement(network: &Network) -> Result<Placement> {
    let fargate = network.providers.iter().all(|(name, ..)| [FARGATE, FARGATE_SPOT].contains(&name.as_str()));
    if fargate {
        let launch_type = network.launch_type.as_deref().filter(|_| network.providers.is_empty());
        return Ok(Placement::On(LaunchType::from(launch_type.unwrap_or(FARGATE))));
    }
    let whole = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let items = network.providers.iter().map(|(name, base, weight)| {
        let item = CapacityProviderStrategyItem::builder().capacity_provider(name);
        let item = item.base(whole(*base)).weight(whole(*weight)).build();
        item.map_err(|error| Error::invalid("capacity provider strategy").with_source(error))
    });
    items.collect::<Result<_>>().map(Placement::By)
}

/// `ConflictException` of `RunTask`: the client token was used with other parameters, and every retry is refused.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html>.
fn token_taken(error: Error) -> Error {
    match error.kind() {
        Kind::Conflict => Error::invalid(error.to_string()),
        _ => error,
    }
}
