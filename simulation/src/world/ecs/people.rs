//! What people, the harness and other services of AWS do to services, and what really runs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::model::{Cause, Health, Rollout, Status};
use super::{Ecs, FARGATE, FARGATE_SPOT, split};
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

/// Puts a service in the state of one that has run for a while: so many tasks of its PRIMARY deployment, running and healthy, where its image can run.
/// For the beginning of a run; it emits no events.
pub fn settle(world: &mut World, cluster: &str, name: &str, desired: i64, cx: &mut Cx<'_>) {
    let (ecs, around) = split(world);
    let Some(number) = ecs.number(cluster, name) else { return };
    let mut quiet = crate::world::Out::default();
    ecs.services[number].desired = desired;
    for provider in ecs.providers(number, desired) {
        let mut inner = Cx { now: cx.now, rng: cx.rng, weather: cx.weather, out: &mut quiet };
        let task = ecs.start(number, provider, around, &mut inner);
        if matches!(ecs.tasks[&task].fate, super::fate::Fate::FailsToStart { .. }) {
            ecs.tasks.remove(&task);
            ecs.services[number].tasks.remove(&task);
            continue;
        }
        if let Some(task) = ecs.tasks.get_mut(&task) {
            task.status = Status::Running;
            task.started_at = Some(cx.now);
            task.pulled = (Some(cx.now), Some(cx.now));
            task.health =
                if super::fate::check(&task.definition).is_some() { Health::Healthy } else { Health::Unknown };
            task.is_healthy = true;
            task.was_healthy = true;
        }
        ecs.task_changed(task, &mut inner);
    }
    let primary = ecs.services[number].primary;
    ecs.services[number].deployments[primary].state = Rollout::Completed;
    ecs.services[number].is_steady = true;
    ecs.changed(number, cx);
}
