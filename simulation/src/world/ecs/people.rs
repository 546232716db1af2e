//! What people, the harness and other services of AWS do to services, and the tasks that really run.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fate::check;
use super::model::{Cause, Rollout};
use super::state::{Around, Ecs, FARGATE, FARGATE_SPOT};
use super::task::{Fate, Health, Status, Task};
use super::values::number as number_of;
use crate::wire::Answer;
use crate::world::behaviour::Behaviour;
use crate::world::ecr::Ecr;
use crate::world::load::Sight;
use crate::world::wake::{self, Wake};
use crate::world::{Cx, Out};

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

    /// `<cluster>/<service>` as it really is now; nothing where it is not there.
    pub(crate) fn sight(&self, service: &str, ecr: &Ecr) -> Option<Sight> {
        let (cluster, name) = service.split_once('/')?;
        let found = self.service(cluster, name).filter(|service| service.active)?;
        let deploying = found.primary().state == Rollout::InProgress;
        let mut sight = Sight { desired: found.desired, deploying, ..Sight::default() };
        let tasks = found.tasks.iter().filter_map(|number| self.tasks.get(number));
        for task in tasks.filter(|task| task.is_running()) {
            sight.running += 1;
            let digests = task.images.iter().filter_map(|(_, _, digest)| digest.as_ref());
            let of = |digest: &String| {
                let mut repositories = ecr.repositories.values();
                repositories.find_map(|repository| Some(repository.images.get(digest)?.behaviour))
            };
            let behaviours: Vec<Behaviour> = digests.filter_map(of).collect();
            if task.is_healthy && behaviours.iter().all(|behaviour| behaviour.serves()) {
                sight.serving += 1;
                sight.erring += i64::from(behaviours.contains(&Behaviour::ErrsUnderTraffic));
            }
        }
        Some(sight)
    }

    /// Switches capacity of a provider off and on: `FARGATE` or `FARGATE_SPOT`. Running tasks stay.
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

    /// A person stops the oldest task of a service, or its pre-deploy task, if one runs.
    pub fn stop_one(&mut self, cluster: &str, name: &str, cx: &mut Cx<'_>) {
        let Some(number) = self.number(cluster, name) else { return };
        let family = &self.services[number].revision().definition["family"];
        let alone = |task: &&Task| task.of.is_none() && task.is_wanted() && task.definition["family"] == *family;
        let alone = self.tasks.values().find(alone).map(|task| task.number);
        let own = || self.services[number].tasks.iter().find(|task| self.tasks[*task].is_wanted()).copied();
        let Some(task) = alone.or_else(own) else { return };
        cx.note(format!("a person stops a task of {cluster}/{name}"));
        self.halt(task, "UserInitiated", "Task stopped by user".to_owned(), cx);
    }

    /// Protects every running task of a service against scale-in for so many minutes, as its application does while it works.
    pub fn protect(&mut self, cluster: &str, name: &str, minutes: i64, cx: &mut Cx<'_>) {
        let Some(number) = self.number(cluster, name) else { return };
        for task in self.services[number].tasks.clone() {
            if let Some(task) = self.tasks.get_mut(&task).filter(|task| task.is_running()) {
                task.protected_until = Some(cx.now + SignedDuration::from_mins(minutes));
            }
        }
        cx.note(format!("ecs: tasks of {cluster}/{name} are protected for {minutes} minutes"));
    }

    /// Sets the desired count as Application Auto Scaling does: an event, and no deployment.
    pub fn set_desired(&mut self, cluster: &str, name: &str, count: i64, cx: &mut Cx<'_>) {
        let Some(number) = self.number(cluster, name).filter(|number| self.services[*number].active) else { return };
        if self.services[number].desired == count {
            return;
        }
        self.services[number].desired = count;
        self.services[number].is_steady = false;
        cx.note(format!("ecs: the desired count of {cluster}/{name} is {count}"));
        self.emit_action(number, "INFO", "SERVICE_DESIRED_COUNT_UPDATED", json!({ "desiredCount": count }), cx);
        self.soon(number, cx);
        self.changed(number, cx);
    }

    /// A person updates a service in the console: `input` has the fields of `UpdateService` beside `cluster` and `service`, such as
    /// `{"desiredCount": 3}` or `{"taskDefinition": "family:7"}` for a rollback by hand.
    ///
    /// # Errors
    /// As ECS answers.
    pub fn by_person(
        &mut self,
        cluster: &str,
        name: &str,
        input: Value,
        around: Around<'_>,
        cx: &mut Cx<'_>,
    ) -> Answer {
        let cause = Cause::Person(input.to_string());
        cx.note(format!("a person updates the service {cluster}/{name}: {input}"));
        let mut input = input;
        input["cluster"] = cluster.into();
        input["service"] = name.into();
        self.update_service(&input, cause, around, cx)
    }

    /// Ends every running task in one of three availability zones, as when it fails.
    pub fn lose_zone(&mut self, zone: u64, cx: &mut Cx<'_>) {
        let tasks = self.tasks.values().filter(|task| task.number % 3 == zone % 3 && task.is_wanted());
        let tasks: Vec<u64> = tasks.map(|task| task.number).collect();
        cx.note(format!("ecs: an availability zone fails with {} tasks", tasks.len()));
        for task in tasks {
            self.halt(task, "InfrastructureHealth", "Task stopped due to an infrastructure failure".to_owned(), cx);
        }
    }

    /// Puts a service in the state of one that has run for a while: so many tasks of its PRIMARY deployment, running and healthy, where its image can run.
    /// For the beginning of a run, once the repositories have images; it emits no events, and
    /// answers from before it do not exist.
    pub fn settle(&mut self, cluster: &str, name: &str, desired: i64, around: Around<'_>, cx: &mut Cx<'_>) {
        let Some(number) = self.number(cluster, name) else { return };
        let since = cx.now - SignedDuration::from_hours(1);
        let mut quiet = Out::default();
        let service = &mut self.services[number];
        service.desired = desired;
        let missing = desired - i64::try_from(service.tasks.len()).unwrap_or(0);
        for provider in self.providers(number, missing.max(0)) {
            let mut inner = Cx { now: since, rng: cx.rng, weather: cx.weather, out: &mut quiet };
            let task = self.start(number, provider, around, &mut inner);
            if matches!(self.tasks[&task].fate, Fate::FailsToStart { .. }) {
                self.tasks.remove(&task);
                self.services[number].tasks.remove(&task);
                continue;
            }
            if let Some(task) = self.tasks.get_mut(&task) {
                task.status = Status::Running;
                task.started_at = Some(since);
                task.pulled = (Some(since), Some(since));
                task.health = if check(&task.definition).is_some() { Health::Healthy } else { Health::Unknown };
                task.is_healthy = true;
                task.was_healthy = true;
            }
            self.task_changed(task, &mut inner);
        }
        let service = &mut self.services[number];
        let primary = service.primary;
        service.deployments[primary].state = Rollout::Completed;
        service.is_steady = i64::try_from(service.tasks.len()) == Ok(desired);
        service.events.clear();
        service.versions.clear();
        let inner = Cx { now: since, rng: cx.rng, weather: cx.weather, out: &mut quiet };
        self.changed(number, &inner);
        self.services[number].looks_at = None;
        self.soon(number, cx);
        let delay = SignedDuration::from_mins(cx.rng.between(10, 360));
        cx.after(delay, Wake::Ecs(wake::Ecs::Steady(number)));
    }

    /// CloudFormation creates a service: its first deployment begins. Without a `DesiredCount` it has one task.
    pub fn create_service(&mut self, properties: &Value, around: Around<'_>, cx: &mut Cx<'_>) -> usize {
        let number = self.create(properties);
        let service = &mut self.services[number];
        service.desired = number_of(&service.spec["desiredCount"]).unwrap_or(1);
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
        self.begin(number, 0, Cause::Created, Value::Null, around, cx);
        self.changed(number, cx);
        number
    }
}
