//! The load of a service, and its real state, which CloudWatch and Application Auto Scaling measure.

use std::collections::BTreeMap;

/// The load of a service. It starts as little work that two tasks do easily.
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
    /// Does CloudWatch get no data of it?
    pub silent: bool,
}

impl Default for Load {
    fn default() -> Load {
        Load { cpu: 30.0, memory: 40.0, latency: 0.2, requests: 600.0, errors: 0.0, silent: false }
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

/// The load of `<cluster>/<service>`.
pub fn load(loads: &Loads, service: &str) -> Load {
    loads.get(service).copied().unwrap_or_default()
}
