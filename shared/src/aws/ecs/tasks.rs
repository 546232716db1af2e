//! Tasks: those of a service, and those that run once.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, CapacityProviderStrategyItem, ContainerOverride, DesiredStatus, LaunchType,
    NetworkConfiguration, PropagateTags, TaskOverride,
};
use jiff::Timestamp;

use super::read::{self, FARGATE, FARGATE_SPOT, failed};
use super::{Ecs, classified};
use crate::aws::error::classify;
use crate::aws::pace::Bucket;
use crate::error::{Context, Error, Kind, Result};
use crate::many;
use planner::model::{Network, ServiceId, Task};

/// Most tasks that `DescribeTasks` takes.
const TASKS: usize = 100;
/// Of so many services of a cluster the tasks are listed one by one.
const FEW: usize = 25;

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

/// What ECS answered to the request for a task.
#[derive(Debug)]
pub enum Launch {
    /// Started: the task's ARN.
    Started(String),
    /// No task was started, and none is by the same client token.
    Failed(Error),
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

    /// The running tasks of several services, each with its own result. Those of more than a few of a cluster are found in the list
    /// of all that run there, which takes a call for every hundred instead of two for every service.
    ///
    /// Requires `ecs:ListTasks`.
    /// Requires `ecs:DescribeTasks`.
    pub async fn running_tasks_of(&self, ids: &[ServiceId]) -> BTreeMap<ServiceId, Result<Vec<Task>>> {
        let mut clusters: BTreeMap<&str, Vec<&ServiceId>> = BTreeMap::new();
        for id in ids {
            clusters.entry(&id.cluster).or_default().push(id);
        }
        let mut found = BTreeMap::new();
        for (cluster, ids) in clusters {
            if ids.len() <= FEW {
                let tasks = many::all(ids.iter().map(|id| self.running_tasks(id))).await;
                found.extend(ids.into_iter().cloned().zip(tasks));
                continue;
            }
            let mut tasks = self.tasks_in(cluster).await;
            let own = |id: &ServiceId| match &mut tasks {
                Ok(tasks) => Ok(tasks.remove(&format!("service:{}", id.name)).unwrap_or_default()),
                Err(error) => Err(error.copy().context(format!("list tasks of service {id}"))),
            };
            let own: Vec<Result<Vec<Task>>> = ids.iter().copied().map(own).collect();
            found.extend(ids.into_iter().cloned().zip(own));
        }
        found
    }

    /// The running tasks of a cluster by their group, which names the service.
    ///
    /// Requires `ecs:ListTasks`.
    /// Requires `ecs:DescribeTasks`.
    async fn tasks_in(&self, cluster: &str) -> Result<BTreeMap<String, Vec<Task>>> {
        let call = self.client.list_tasks().cluster(cluster).desired_status(DesiredStatus::Running);
        let mut groups: BTreeMap<String, Vec<Task>> = BTreeMap::new();
        for (group, task) in self.list_with_groups(cluster, call).await? {
            groups.entry(group).or_default().push(task);
        }
        Ok(groups)
    }

    /// The tasks of a service that ended and that `counts` accepts: those that a deployment started, for instance. ECS
    /// forgets them after an hour.
    ///
    /// They are listed by service and distinguished here: ECS takes a starter as a filter only when it is the only one.
    ///
    /// Requires `ecs:ListTasks`.
    /// Requires `ecs:DescribeTasks`.
    ///
    /// # Errors
    /// `NotFound` when the service is gone.
    pub async fn stopped_tasks(&self, id: &ServiceId, counts: impl Fn(&Task) -> bool) -> Result<Vec<Task>> {
        let call = self.client.list_tasks().cluster(&id.cluster).service_name(&id.name);
        let call = call.desired_status(DesiredStatus::Stopped);
        let tasks = self.list(&id.cluster, call).await.context(|| format!("list stopped tasks of service {id}"))?;
        Ok(tasks.into_iter().filter(counts).collect())
    }

    /// One task; `None` when ECS has forgotten it.
    ///
    /// Requires `ecs:DescribeTasks`.
    ///
    /// # Errors
    /// `NotFound` when the cluster is gone.
    pub async fn task(&self, cluster: &str, arn: &str) -> Result<Option<Task>> {
        let tasks = self.describe(cluster, &[arn.to_owned()]).await.context(|| format!("describe task {arn}"))?;
        Ok(tasks.into_iter().next().map(|(_, task)| task))
    }

    /// Starts a task to run once, with the tags of its task definition. It runs where the service runs, and on Fargate on
    /// demand where that is Fargate Spot: an interruption would leave half a migration.
    ///
    /// Requires `ecs:RunTask`.
    /// Requires `ecs:TagResource`.
    /// Requires `iam:PassRole`.
    ///
    /// # Errors
    /// `Invalid` when the token was used with other parameters. A 200 with a failure inside is [`Launch::Failed`].
    pub async fn run_task(&self, task: &OneOff<'_>) -> Result<Launch> {
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
            (Some(arn), _) => Ok(Launch::Started(arn.to_owned())),
            (None, Some(failure)) => Ok(Launch::Failed(failed(failure).context(context()))),
            (None, None) => {
                let error = Error::new(Kind::Unavailable, "neither task nor failure in the answer");
                Ok(Launch::Failed(error.context(context())))
            }
        }
    }

    /// Stops a task; `reason` becomes part of its `stoppedReason`. One that has ended, or that ECS has forgotten since, stays
    /// as it is.
    ///
    /// Requires `ecs:StopTask`.
    ///
    /// # Errors
    /// `Denied` without the permission, `NotFound` when the cluster is gone.
    pub async fn stop_task(&self, cluster: &str, arn: &str, reason: &str) -> Result<()> {
        let call = self.client.stop_task().cluster(cluster).task(arn).reason(reason);
        match call.send().await.map_err(classified) {
            // `InvalidParameterException`: a stopped task is shown for an hour at least, and not known later,
            // <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>.
            Err(error) if error.kind() == Kind::Invalid => Ok(()),
            result => result.map(drop).context(|| format!("stop task {arn}")),
        }
    }

    async fn list(
        &self,
        cluster: &str,
        call: aws_sdk_ecs::operation::list_tasks::builders::ListTasksFluentBuilder,
    ) -> Result<Vec<Task>> {
        Ok(self.list_with_groups(cluster, call).await?.into_iter().map(|(_, task)| task).collect())
    }

    async fn list_with_groups(
        &self,
        cluster: &str,
        call: aws_sdk_ecs::operation::list_tasks::builders::ListTasksFluentBuilder,
    ) -> Result<Vec<(String, Task)>> {
        let (mut arns, mut next) = (Vec::new(), None);
        loop {
            let call = call.clone().set_next_token(next);
            let list = async || call.clone().send().await.map_err(classified);
            let page = self.connection.in_turn(Bucket::EcsReads, list).await?;
            arns.extend(page.task_arns().iter().cloned());
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                break;
            }
        }
        let batches = many::all(arns.chunks(TASKS).map(|batch| self.describe(cluster, batch))).await;
        Ok(batches.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// Tasks, each with its group.
    async fn describe(&self, cluster: &str, arns: &[String]) -> Result<Vec<(String, Task)>> {
        let call = self.client.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
        let describe = async || call.clone().send().await.map_err(classified);
        let answer = self.connection.in_turn(Bucket::EcsReads, describe).await?;
        // A task that ended a while ago is forgotten between the list and this call.
        match answer.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
            Some(failure) => Err(failed(failure)),
            None => {
                let each = answer.tasks().iter();
                each.map(|task| Ok((task.group().unwrap_or_default().to_owned(), read::task(task)?))).collect()
            }
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::aws::testing::{Replay, run};

    fn ids(count: usize) -> Vec<ServiceId> {
        (0..count).map(|n| ServiceId { cluster: "prod".into(), name: format!("s{n}") }).collect()
    }

    fn task(name: &str, service: &str) -> Value {
        let arn = format!("arn:aws:ecs:eu-central-1:1:task/prod/{name}");
        json!({"taskArn": arn, "taskDefinitionArn": "rev-1", "lastStatus": "RUNNING", "group": format!("service:{service}")})
    }

    #[test]
    fn the_tasks_of_many_services_are_found_in_the_list_of_their_cluster() {
        let tasks = json!({"tasks": [task("a", "s1"), task("b", "s25"), task("c", "s1"), task("d", "of-another")], "failures": []});
        let replay = Replay::new(&[(200, json!({"taskArns": ["a", "b", "c", "d"]})), (200, tasks)]);
        let found = run(Ecs::new(&replay.connection()).running_tasks_of(&ids(FEW + 1)));
        let count = |name: &str| {
            let id = ServiceId { cluster: "prod".into(), name: name.into() };
            found[&id].as_ref().unwrap().len()
        };
        assert_eq!((found.len(), count("s0"), count("s1"), count("s25")), (FEW + 1, 0, 2, 1));
        assert!(replay.sent()[0].get("serviceName").is_none());
    }

    #[test]
    fn the_tasks_of_few_services_are_listed_for_each_and_an_error_is_that_of_its_own() {
        let gone = json!({"__type": "ServiceNotFoundException", "message": "no"});
        let replay = Replay::new(&[(200, json!({"taskArns": []})), (400, gone)]);
        let found = run(Ecs::new(&replay.connection()).running_tasks_of(&ids(2)));
        assert_eq!(replay.sent()[1]["serviceName"], "s1");
        let kinds: Vec<_> = found.values().map(|tasks| tasks.as_ref().map(Vec::len).map_err(Error::kind)).collect();
        assert_eq!(kinds, [Ok(0), Err(Kind::NotFound)]);
    }

    #[test]
    fn a_task_is_stopped_with_a_reason() {
        let replay = Replay::new(&[(200, json!({"task": {"taskArn": "t1"}}))]);
        run(Ecs::new(&replay.connection()).stop_task("prod", "t1", "still running")).unwrap();
        assert_eq!(replay.sent(), [json!({"cluster": "prod", "task": "t1", "reason": "still running"})]);
        let replay = Replay::new(&[(400, json!({"__type": "InvalidParameterException"}))]);
        run(Ecs::new(&replay.connection()).stop_task("prod", "t1", "still running")).expect("it ended long ago");
        let replay = Replay::new(&[(400, json!({"__type": "AccessDeniedException"}))]);
        let error = run(Ecs::new(&replay.connection()).stop_task("prod", "t1", "still running")).unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
    }
}
