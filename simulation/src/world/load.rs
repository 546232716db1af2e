//! What is asked of the services from outside, and how a service looks to the services of AWS that watch it.
//!
//! The look goes through the API of ECS, without its staleness: what really is.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tests::template::{list, text};

use super::{Cx, World, ecs};
use crate::weather::Weather;
use crate::wire::Answer;

/// What users ask of a service. It starts as little work that two tasks do easily.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// CPU that the work takes, in percent of one task: 300 needs more than three tasks.
    pub cpu: f64,
    /// Memory of each task, in percent.
    pub memory: f64,
    /// Seconds that the slowest twentieth of requests waits.
    pub latency: f64,
    /// Requests a minute, of which a task whose image errs under traffic fails its share.
    pub requests: f64,
    /// Requests a minute that fail whatever image runs: a fault from outside.
    pub errors: f64,
}

impl Default for Load {
    fn default() -> Load {
        Load { cpu: 30.0, memory: 40.0, latency: 0.2, requests: 600.0, errors: 0.0 }
    }
}

impl Load {
    /// CPU of each task, in percent, given how many run.
    pub(super) fn cpu_of(&self, sight: Sight) -> f64 {
        // Counts are small; nothing is lost.
        #[allow(clippy::cast_precision_loss)]
        let running = sight.running.max(1) as f64;
        (self.cpu / running).min(100.0)
    }
}

/// Loads by `<cluster>/<service>`.
pub type Loads = BTreeMap<String, Load>;

/// A service as it really is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// Tasks that should run.
    pub desired: i64,
    /// Tasks that run.
    pub running: i64,
    /// Tasks that run and serve.
    pub serving: i64,
    /// Of those, tasks whose image answers requests with errors.
    pub erring: i64,
    /// Is a deployment on its way?
    pub deploying: bool,
}

impl World {
    /// The load of `<cluster>/<service>`.
    pub fn load(&self, service: &str) -> Load {
        self.loads.get(service).copied().unwrap_or_default()
    }
}

/// Calls ECS as another service of AWS does, with nothing that goes wrong.
pub(super) fn ecs_call(world: &mut World, operation: &str, input: &Value, cx: &mut Cx<'_>) -> Answer {
    let mut calm = Cx { now: cx.now, rng: cx.rng, weather: &Weather::OVER, out: cx.out };
    ecs::call(world, operation, input, &mut calm)
}

/// Looks at `<cluster>/<service>`; nothing where it is not there.
pub(super) fn look(world: &mut World, service: &str, cx: &mut Cx<'_>) -> Option<Sight> {
    let (cluster, name) = service.split_once('/')?;
    let described = ecs_call(world, "DescribeServices", &json!({ "cluster": cluster, "services": [name] }), cx).ok()?;
    let found = list(&described["services"]).into_iter().find(|one| one["status"] == "ACTIVE")?;
    let number = |field: &str| found[field].as_i64().unwrap_or(0);
    let deploying = list(&found["deployments"]).iter().any(|one| one["rolloutState"] == "IN_PROGRESS");
    let mut sight = Sight { desired: number("desiredCount"), running: 0, serving: 0, erring: 0, deploying };
    let mut token = Value::Null;
    loop {
        let mut input = json!({ "cluster": cluster, "serviceName": name });
        if token.is_string() {
            input["nextToken"] = token;
        }
        let page = ecs_call(world, "ListTasks", &input, cx).ok()?;
        let tasks = list(&page["taskArns"]);
        if !tasks.is_empty() {
            let tasks = ecs_call(world, "DescribeTasks", &json!({ "cluster": cluster, "tasks": tasks }), cx).ok()?;
            for task in list(&tasks["tasks"]).iter().filter(|task| task["lastStatus"] == "RUNNING") {
                count(world, task, &mut sight);
            }
        }
        token = page["nextToken"].clone();
        if token.is_null() {
            return Some(sight);
        }
    }
}

fn count(world: &World, task: &Value, sight: &mut Sight) {
    use super::behaviour::Behaviour;
    sight.running += 1;
    let behaviours = list(&task["containers"]).into_iter().filter_map(|container| {
        let digest = text(&container["imageDigest"]);
        world.ecr.repositories.values().find_map(|repository| Some(repository.images.get(&digest)?.behaviour))
    });
    let behaviours: Vec<Behaviour> = behaviours.collect();
    if task["healthStatus"] != "UNHEALTHY" && behaviours.iter().all(|behaviour| behaviour.serves()) {
        sight.serving += 1;
        sight.erring += i64::from(behaviours.contains(&Behaviour::ErrsUnderTraffic));
    }
}

/// Sets the desired count of `<cluster>/<service>`, as Application Auto Scaling does.
pub(super) fn set_desired(world: &mut World, service: &str, count: i64, cx: &mut Cx<'_>) {
    let (cluster, name) = service.split_once('/').unwrap_or(("default", service));
    let input = json!({ "cluster": cluster, "service": name, "desiredCount": count });
    if let Err(failure) = ecs_call(world, "UpdateService", &input, cx) {
        cx.note(format!("scaling {service} to {count} is refused: {failure}"));
    }
}
