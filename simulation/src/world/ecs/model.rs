//! Services with their deployments, and task definitions.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::world::Cx;

/// A revision of a task definition.
#[derive(Clone, Debug)]
pub struct Definition {
    /// As it is answered, without tags.
    pub body: Rc<Value>,
    /// Its tags.
    pub tags: Value,
}

/// An item of a capacity provider strategy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// `FARGATE` or `FARGATE_SPOT`.
    pub provider: String,
    /// How many tasks run there at least.
    pub base: i64,
    /// Its share of the others.
    pub weight: i64,
}

/// What started a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The service was created.
    Created,
    /// A function called `UpdateService`.
    Call,
    /// A person, with what they did.
    Person(String),
    /// CloudFormation updates the service.
    CloudFormation,
    /// The circuit breaker rolls back.
    CircuitBreaker,
    /// An alarm of the deployment rolls back.
    Alarm,
}

/// A deployment that started, also one that started again as a rollback.
#[derive(Clone, Debug)]
pub struct Start {
    /// When.
    pub at: Timestamp,
    /// Name of the cluster.
    pub cluster: String,
    /// Name of the service.
    pub service: String,
    /// `ecs-svc/<digits>`.
    pub deployment: String,
    /// Why.
    pub cause: Cause,
    /// ARN of the task definition.
    pub definition: String,
    /// Where its tasks run; empty with a launch type.
    pub strategy: Vec<Item>,
    /// The input of `UpdateService`; null otherwise.
    pub input: Value,
}

/// What a service is to run and where: a service revision.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its ARN.
    pub arn: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// The task definition.
    pub definition: Rc<Value>,
    /// Capacity providers; empty with a launch type.
    pub strategy: Vec<Item>,
    /// The network.
    pub network: Value,
    /// Of each container its name, its image as the task definition has it, and the digest once the first task was started.
    pub images: Vec<(String, String, Option<String>)>,
}

/// `rolloutState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// `IN_PROGRESS`.
    InProgress,
    /// `COMPLETED`.
    Completed,
    /// `FAILED`.
    Failed,
}

/// A deployment of a service.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// `ecs-svc/<digits>`.
    pub id: String,
    /// What started it first.
    pub cause: Cause,
    /// Number of its service revision.
    pub revision: usize,
    /// `rolloutState`.
    pub state: Rollout,
    /// `rolloutStateReason`.
    pub reason: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its state changed last.
    pub updated_at: Timestamp,
    /// `failedTasks`.
    pub failed: i64,
    /// Has it ever completed?
    pub succeeded: bool,
    /// Is it what ECS rolls back to?
    pub is_rollback: bool,
    /// Since when all its tasks are healthy and no other runs, while alarms are watched.
    pub baking_since: Option<Timestamp>,
    /// "If an alarm is in the ALARM state when a deployment starts, ECS ignores alarms for the duration of the deployment."
    pub ignores_alarms: bool,
}

/// A record of `ListServiceDeployments`.
#[derive(Clone, Debug)]
pub struct ServiceDeployment {
    /// Its ARN.
    pub arn: String,
    /// Number of the deployment that it is about.
    pub deployment: usize,
    /// `PENDING`, `SUCCESSFUL` and so on.
    pub status: &'static str,
    /// `statusReason`.
    pub reason: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Numbers of the service revisions that it replaces.
    pub sources: Vec<usize>,
    /// When a rollback began, why, and to which service revision.
    pub rollback: Option<(Timestamp, String, usize)>,
    /// Failed tasks and threshold of the circuit breaker.
    pub failures: (i64, i64),
    /// What triggered it: `circuitBreaker`, `alarms`.
    pub triggered: Option<&'static str>,
}

/// What was true since when.
pub(super) type Versions<T> = VecDeque<(Timestamp, T)>;

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Name of its cluster.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Is it ACTIVE?
    pub active: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// `desiredCount`.
    pub desired: i64,
    /// What it was created with, with the names of the wire, and what updates changed.
    pub spec: Value,
    /// Every deployment ever, the oldest first.
    pub deployments: Vec<Deployment>,
    /// Number of the PRIMARY deployment.
    pub primary: usize,
    /// Every service revision ever.
    pub revisions: Vec<Revision>,
    /// Every service deployment, the oldest first.
    pub rollouts: Vec<ServiceDeployment>,
    /// Service events, the newest first.
    pub events: VecDeque<(Timestamp, String, String)>,
    /// Numbers of the tasks that have not stopped.
    pub tasks: BTreeSet<u64>,
    /// Numbers of those that have, as long as ECS remembers them.
    pub stopped: BTreeSet<u64>,
    /// Has it reached a steady state since its last change?
    pub is_steady: bool,
    /// Tasks in a row that did not reach RUNNING, and until when no other starts.
    pub throttle: (u32, Timestamp),
    /// Placements in a row that failed.
    pub unplaced: u32,
    /// Will the scheduler look, and when?
    pub(super) looks_at: Option<Timestamp>,
    pub(super) versions: Versions<Rc<Value>>,
}

impl Service {
    /// The PRIMARY deployment.
    pub fn primary(&self) -> &Deployment {
        &self.deployments[self.primary]
    }

    /// What it is to run.
    pub fn revision(&self) -> &Revision {
        &self.revisions[self.primary().revision]
    }

    /// The service deployment in progress, if there is one.
    pub fn current(&self) -> Option<&ServiceDeployment> {
        self.rollouts.last().filter(|rollout| rollout.finished_at.is_none())
    }
}

/// Longest time that an answer is behind.
const KEPT: SignedDuration = SignedDuration::from_mins(6);

/// Adds what is true from now on, and drops what no answer shows any more.
pub(super) fn remember<T>(versions: &mut Versions<T>, what: T, cx: &Cx<'_>) {
    versions.push_back((cx.now, what));
    while versions.get(1).is_some_and(|(since, _)| *since < cx.now - KEPT) {
        versions.pop_front();
    }
}

/// What was true at a time.
pub(super) fn at<T>(versions: &Versions<T>, at: Timestamp) -> Option<&T> {
    versions.iter().rev().find(|(since, _)| *since <= at).map(|(_, what)| what)
}

/// The wire's task definition of a revision.
pub(super) fn shared(definition: &Definition) -> Rc<Value> {
    Rc::clone(&definition.body)
}
