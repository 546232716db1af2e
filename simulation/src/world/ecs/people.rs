//! What people, the harness and other services of AWS do to services, and what really runs.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fate::{Fate, check};
use super::model::{Cause, Health, Item, Rollout, Status};
use super::{Ecs, FARGATE, FARGATE_SPOT, Wake, split};
use crate::wire::Answer;
use crate::world::{Cx, World};

/// What really runs of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Serving {
    /// Healthy running tasks by the digest of each image that they run.
    pub digests: BTreeMap<String, u64>,
    /// Running tasks by capacity provider; `FARGATE` for a launch type.
    pub providers: BTreeMap<String, u64>,
    /// Healthy running tasks.
    pub healthy: u64,
    /// Running tasks.
    pub running: u64,
    /// Tasks on their way there.
    pub pending: u64,
}

impl Ecs {
    /// What really runs of a service now, without delay: nothing when there is no such service.
    pub fn serving(&self, cluster: &str, name: &str) -> Serving {
        let mut serving = Serving::default();
        let Some(number) = self.number(cluster, name) else { return serving };
        for task in self.services[number].tasks.iter().map(|task| &self.tasks[task]).filter(|task| task.is_wanted()) {
            if task.status != Status::Running {
                serving.pending += 1;
                continue;
            }
            serving.running += 1;
            *serving.providers.entry(task.provider.clone().unwrap_or_else(|| FARGATE.to_owned())).or_default() += 1;
            if task.is_healthy {
                serving.healthy += 1;
                for digest in task.images.iter().filter_map(|(_, _, digest)| digest.clone()) {
                    *serving.digests.entry(digest).or_default() += 1;
                }
            }
        }
        serving
    }

    /// The services that are there, by number.
    pub fn active(&self) -> impl Iterator<Item = usize> {
        self.services.iter().enumerate().filter(|(_, service)| service.active).map(|(number, _)| number)
    }

    /// Switches capacity of a provider off and on: `FARGATE` or `FARGATE_SPOT`. Tasks that run go on.
    pub fn set_capacity_available(&mut self, provider: &str, available: bool, cx: &mut Cx<'_>) {
        let changed = match available {
            true => self.environment.no_capacity.remove(provider),
            false => self.environment.no_capacity.insert(provider.to_owned()),
        };
        if changed {
            cx.note(format!("ecs: {provider} has {} capacity", if available { "again" } else { "no more" }));
        }
    }

    /// Interrupts so many Spot tasks of a service, the oldest first, two minutes before they end; how many there were.
    /// The code is either of the two that AWS has used.
    pub fn interrupt(&mut self, cluster: &str, name: &str, count: usize, cx: &mut Cx<'_>) -> usize {
        let Some(number) = self.number(cluster, name) else { return 0 };
        let tasks = self.services[number].tasks.iter().filter(|task| {
            let task = &self.tasks[task];
            task.is_running() && task.provider.as_deref() == Some(FARGATE_SPOT)
        });
        let tasks: Vec<u64> = tasks.take(count).copied().collect();
        for task in &tasks {
            self.counters.interruptions += 1;
            let code = *cx.rng.pick(&["TerminationNotice", "SpotInterruption"]);
            self.halt(*task, code, "Your Spot Task was interrupted.".to_owned(), cx);
        }
        cx.note(format!("ecs: {} Spot tasks of {cluster}/{name} are interrupted", tasks.len()));
        tasks.len()
    }

    /// Replaces one task of a service that was created before a moment, for maintenance; was there one?
    pub fn retire_one(&mut self, cluster: &str, name: &str, before: Timestamp, cx: &mut Cx<'_>) -> bool {
        let Some(number) = self.number(cluster, name) else { return false };
        let old = |task: &&u64| self.tasks[*task].is_running() && self.tasks[*task].created_at < before;
        let Some(task) = self.services[number].tasks.iter().find(old).copied() else { return false };
        let reason = "ECS is performing maintenance on the underlying infrastructure hosting the task.";
        cx.note(format!("ecs: a task of {cluster}/{name} is retired"));
        self.halt(task, "InfrastructureHealth", reason.to_owned(), cx);
        true
    }

    /// Interrupts a share of all Spot tasks, from 0 to 1; how many.
    pub fn interrupt_share(&mut self, share: f64, cx: &mut Cx<'_>) -> usize {
        let spot = |task: &&super::Task| task.is_running() && task.provider.as_deref() == Some(FARGATE_SPOT);
        let tasks: Vec<u64> = self.tasks.values().filter(spot).map(|task| task.number).collect();
        let tasks: Vec<u64> = tasks.into_iter().filter(|_| cx.rng.chance(share)).collect();
        cx.note(format!("ecs: {} Spot tasks are interrupted", tasks.len()));
        for task in &tasks {
            self.counters.interruptions += 1;
            self.halt(*task, "SpotInterruption", "Your Spot Task was interrupted.".to_owned(), cx);
        }
        tasks.len()
    }

    /// Ends every running task of a share of all services, as when an availability zone fails.
    pub fn lose_zone(&mut self, zone: u64, cx: &mut Cx<'_>) -> usize {
        let tasks = self.tasks.values().filter(|task| task.number % 3 == zone % 3 && task.is_wanted());
        let tasks: Vec<u64> = tasks.map(|task| task.number).collect();
        cx.note(format!("ecs: an availability zone fails with {} tasks", tasks.len()));
        for task in &tasks {
            self.halt(*task, "InfrastructureHealth", "Task stopped due to an infrastructure failure".to_owned(), cx);
        }
        tasks.len()
    }

    /// Protects every running task of a service against scale-in for so many minutes, as its application does while it works.
    pub fn protect(&mut self, cluster: &str, name: &str, minutes: i64, cx: &mut Cx<'_>) {
        let Some(number) = self.number(cluster, name) else { return };
        for task in self.services[number].tasks.clone() {
            if let Some(task) = self.tasks.get_mut(&task).filter(|task| task.is_running()) {
                task.protected_until = Some(cx.now + jiff::SignedDuration::from_mins(minutes));
            }
        }
        cx.note(format!("ecs: tasks of {cluster}/{name} are protected for {minutes} minutes"));
    }
}

/// Sets the desired count as Application Auto Scaling does: ECS says so in an event. Not a deployment.
pub fn set_desired(world: &mut World, cluster: &str, name: &str, count: i64, cx: &mut Cx<'_>) {
    let ecs = &mut world.ecs;
    let Some(number) = ecs.number(cluster, name).filter(|number| ecs.services[*number].active) else { return };
    if ecs.services[number].desired == count {
        return;
    }
    ecs.services[number].desired = count;
    ecs.services[number].is_steady = false;
    cx.note(format!("ecs: the desired count of {cluster}/{name} is {count}"));
    ecs.emit_action(number, "INFO", "SERVICE_DESIRED_COUNT_UPDATED", json!({ "desiredCount": count }), cx);
    ecs.soon(number, cx);
    ecs.changed(number, cx);
}

/// A person updates a service in the console: `input` has the fields of `UpdateService` beside `cluster` and `service`, such as
/// `{"desiredCount": 3}` or `{"taskDefinition": "family:7"}` for a rollback by hand.
///
/// # Errors
/// As ECS answers.
pub fn by_person(world: &mut World, cluster: &str, name: &str, input: Value, cx: &mut Cx<'_>) -> Answer {
    let cause = Cause::Person(input.to_string());
    cx.note(format!("a person updates the service {cluster}/{name}: {input}"));
    let mut input = input;
    input["cluster"] = cluster.into();
    input["service"] = name.into();
    super::update::change(world, &input, cause, cx)
}

/// Puts a service in the state of one that has run for a while: so many tasks of its PRIMARY deployment, running and healthy, where its image can run;
/// `strategy` replaces that of the template, where it is given. For the beginning of a run, once the repositories have images; it emits no events, and
/// answers from before it do not exist.
pub fn settle(world: &mut World, cluster: &str, name: &str, desired: i64, strategy: Option<&[Item]>, cx: &mut Cx<'_>) {
    let (ecs, around) = split(world);
    let Some(number) = ecs.number(cluster, name) else { return };
    let since = cx.now - jiff::SignedDuration::from_hours(1);
    let mut quiet = crate::world::Out::default();
    let service = &mut ecs.services[number];
    service.desired = desired;
    if let Some(strategy) = strategy {
        let revision = service.primary().revision;
        service.revisions[revision].strategy = strategy.to_vec();
    }
    let missing = desired - i64::try_from(service.tasks.len()).unwrap_or(0);
    for provider in ecs.providers(number, missing.max(0)) {
        let mut inner = Cx { now: since, rng: cx.rng, weather: cx.weather, out: &mut quiet };
        let task = ecs.start(number, provider, around, &mut inner);
        if matches!(ecs.tasks[&task].fate, Fate::FailsToStart { .. }) {
            ecs.tasks.remove(&task);
            ecs.services[number].tasks.remove(&task);
            continue;
        }
        if let Some(task) = ecs.tasks.get_mut(&task) {
            task.status = Status::Running;
            task.started_at = Some(since);
            task.pulled = (Some(since), Some(since));
            task.health = if check(&task.definition).is_some() { Health::Healthy } else { Health::Unknown };
            task.is_healthy = true;
            task.was_healthy = true;
        }
        ecs.task_changed(task, &mut inner);
    }
    let service = &mut ecs.services[number];
    let primary = service.primary;
    service.deployments[primary].state = Rollout::Completed;
    service.is_steady = i64::try_from(service.tasks.len()) == Ok(desired);
    service.events.clear();
    service.versions.clear();
    let inner = Cx { now: since, rng: cx.rng, weather: cx.weather, out: &mut quiet };
    ecs.changed(number, &inner);
    ecs.services[number].looks_at = None;
    ecs.soon(number, cx);
    let delay = jiff::SignedDuration::from_mins(cx.rng.between(10, 360));
    cx.after(delay, super::super::Wake::Ecs(Wake::Steady(number)));
}

/// CloudFormation creates a service: its first deployment begins. Without a `DesiredCount` it has one task.
pub fn create_service(world: &mut World, properties: &Value, cx: &mut Cx<'_>) -> usize {
    let (ecs, around) = split(world);
    let number = ecs.create(properties);
    let service = &mut ecs.services[number];
    service.desired = super::number(&service.spec["desiredCount"]).unwrap_or(1);
    service.created_at = cx.now;
    service.revisions[0].created_at = cx.now;
    let deployment = &mut service.deployments[0];
    deployment.succeeded = false;
    deployment.created_at = cx.now;
    deployment.reason = format!("ECS deployment {} in progress.", deployment.id);
    let rollout = &mut service.rollouts[0];
    rollout.status = "IN_PROGRESS";
    (rollout.created_at, rollout.updated_at, rollout.finished_at) = (cx.now, cx.now, None);
    service.versions.clear();
    ecs.begin(number, 0, Cause::Created, Value::Null, around, cx);
    ecs.changed(number, cx);
    number
}

/// CloudFormation registers a task definition as its template says; the ARN. What it replaces stays unless `deregister` takes it.
pub fn register(world: &mut World, properties: &Value, cx: &mut Cx<'_>) -> String {
    world.ecs.register_resource(properties, cx.now)
}

/// A task definition is deregistered: INACTIVE. Services go on with it; no other can begin to use it.
pub fn deregister(world: &mut World, arn: &str) {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let Some((family, revision)) = name.split_once(':') else { return };
    let revision = revision.parse::<usize>().ok().and_then(|revision| revision.checked_sub(1));
    let definition = world.ecs.definitions.get_mut(family).zip(revision).and_then(|(all, place)| all.get_mut(place));
    if let Some(definition) = definition {
        Rc::make_mut(&mut definition.body)["status"] = "INACTIVE".into();
    }
}
