//! Services, tasks and task definitions as they are, and what is wrong around them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::model::{Definition, Service, Start};
use super::task::Task;
use super::token::Requested;
use crate::weather::rates::Rates;
use crate::wire::Failure;
use crate::world::cloudwatch::CloudWatch;
use crate::world::ecr::Ecr;

/// On demand.
pub const FARGATE: &str = "FARGATE";
/// Spot.
pub const FARGATE_SPOT: &str = "FARGATE_SPOT";

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
    /// Share of tasks that Fargate fails to start for a reason of its own.
    pub platform_trouble: f64,
}

/// How often something happened.
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
    /// Running tasks, and those that stopped within about an hour, by their number.
    pub tasks: BTreeMap<u64, Task>,
    /// By family, the oldest first: revision 1 is at 0.
    pub definitions: BTreeMap<String, Vec<Definition>>,
    /// Everything that started a deployment, in order.
    pub history: Vec<Start>,
    /// What is wrong.
    pub environment: Environment,
    /// How often something happened.
    pub counters: Counters,
    /// How many tasks Fargate launches at a time.
    pub(super) launches: Rates,
    pub(super) clusters: BTreeMap<String, Value>,
    pub(super) index: BTreeMap<(String, String), usize>,
    /// By client token: the request that it came with.
    pub(super) tokens: BTreeMap<String, Requested>,
    numbers: u64,
}

/// The services that ECS reads.
#[derive(Clone, Copy, Debug)]
pub struct Around<'w> {
    /// The images of tasks.
    pub ecr: &'w Ecr,
    /// The alarms of deployments.
    pub cloudwatch: &'w CloudWatch,
}

impl Ecs {
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

    pub(super) fn next(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(super) fn cluster(&self, input: &Value) -> Result<String, Failure> {
        let name = input["cluster"].as_str().unwrap_or("default");
        let name = name.rsplit('/').next().unwrap_or(name);
        match self.clusters.contains_key(name) {
            true => Ok(name.to_owned()),
            false => Err(Failure::new("ClusterNotFoundException", "Cluster not found.")),
        }
    }
}
