//! What is asked of the services from outside, and how a service looks to the services of AWS that watch it.
//!
//! The look is of what really is.

use std::collections::BTreeMap;

use super::behaviour::Behaviour;
use super::{Cx, World, ecs};

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

/// Looks at `<cluster>/<service>`; nothing where it is not there.
pub(super) fn look(world: &World, service: &str) -> Option<Sight> {
    let (cluster, name) = service.split_once('/')?;
    let found = world.ecs.service(cluster, name).filter(|service| service.active)?;
    let deploying = found.primary().state == ecs::Rollout::InProgress;
    let mut sight = Sight { desired: found.desired, deploying, ..Sight::default() };
    let tasks = found.tasks.iter().filter_map(|number| world.ecs.tasks.get(number));
    for task in tasks.filter(|task| task.is_running()) {
        sight.running += 1;
        let digests = task.images.iter().filter_map(|(_, _, digest)| digest.as_ref());
        let of = |digest: &String| {
            let mut repositories = world.ecr.repositories.values();
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

/// Sets the desired count of `<cluster>/<service>`, as Application Auto Scaling does.
pub(super) fn set_desired(world: &mut World, service: &str, count: i64, cx: &mut Cx<'_>) {
    let (cluster, name) = service.split_once('/').unwrap_or(("default", service));
    ecs::set_desired(world, cluster, name, count, cx);
}
