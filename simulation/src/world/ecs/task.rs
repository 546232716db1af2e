//! Tasks.

use std::rc::Rc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::model::{Revision, Versions};
use super::values::arn;
use crate::world::Cx;
use crate::world::behaviour::Behaviour;

/// `lastStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// `PROVISIONING`.
    Provisioning,
    /// `PENDING`.
    Pending,
    /// `ACTIVATING`.
    Activating,
    /// `RUNNING`.
    Running,
    /// `DEACTIVATING`.
    Deactivating,
    /// `STOPPING`.
    Stopping,
    /// `DEPROVISIONING`.
    Deprovisioning,
    /// `STOPPED`.
    Stopped,
}

/// `healthStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// `UNKNOWN`.
    Unknown,
    /// `HEALTHY`.
    Healthy,
    /// `UNHEALTHY`.
    Unhealthy,
}

/// Why a task stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// `stopCode`.
    pub code: &'static str,
    /// `stoppedReason`.
    pub reason: String,
    /// When that was decided.
    pub at: Timestamp,
}

/// What becomes of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It does not reach RUNNING: `TaskFailedToStart` with this reason; of the container, or of the task alone.
    FailsToStart {
        /// `stoppedReason`.
        reason: String,
        /// Does it take a pull to find out?
        pulls: bool,
    },
    /// It runs, and is healthy or not, or ends.
    Runs(Behaviour),
}

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its number, which is part of its ARN.
    pub number: u64,
    /// Its ARN.
    pub arn: String,
    /// Name of its cluster.
    pub cluster: String,
    /// Number of its service and of its deployment; none for a task that runs once.
    pub of: Option<(usize, usize)>,
    /// `startedBy`.
    pub started_by: Option<String>,
    /// `group`.
    pub group: String,
    /// Its task definition.
    pub definition: Rc<Value>,
    /// Its capacity provider; none with a launch type.
    pub provider: Option<String>,
    /// `overrides`.
    pub overrides: Value,
    /// `tags`.
    pub tags: Value,
    /// `lastStatus`.
    pub status: Status,
    /// Is it to run? Otherwise why not.
    pub stop: Option<Stop>,
    /// `healthStatus`, which is UNKNOWN for ever without a health check.
    pub health: Health,
    /// Does the scheduler count it as healthy?
    pub is_healthy: bool,
    /// Was it ever?
    pub was_healthy: bool,
    /// Of each container its name, its image, its digest.
    pub images: Vec<(String, String, Option<String>)>,
    /// What will become of it.
    pub(super) fate: Fate,
    /// Exit code of its essential container.
    pub exit: Option<i64>,
    /// `reason` of its essential container.
    pub container_reason: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its images were being pulled.
    pub pulled: (Option<Timestamp>, Option<Timestamp>),
    /// When it began to run.
    pub started_at: Option<Timestamp>,
    /// When its containers ended.
    pub ended_at: Option<Timestamp>,
    /// When it had stopped.
    pub stopped_at: Option<Timestamp>,
    /// Until when scale-in and deployments do not stop it.
    pub protected_until: Option<Timestamp>,
    /// `version`.
    pub version: i64,
    pub(super) versions: Versions<Rc<Value>>,
}

impl Task {
    /// A task that is about to start from a revision; it belongs to no service.
    pub(super) fn new(number: u64, cluster: &str, revision: &Revision, fate: Fate, cx: &mut Cx<'_>) -> Task {
        Task {
            number,
            arn: arn(&format!("task/{cluster}/{:016x}{number:016x}", cx.rng.bits())),
            cluster: cluster.to_owned(),
            of: None,
            started_by: None,
            group: String::new(),
            definition: Rc::clone(&revision.definition),
            provider: None,
            overrides: Value::Null,
            tags: json!([]),
            status: Status::Provisioning,
            stop: None,
            health: Health::Unknown,
            is_healthy: false,
            was_healthy: false,
            images: revision.images.clone(),
            fate,
            exit: None,
            container_reason: None,
            created_at: cx.now,
            pulled: (None, None),
            started_at: None,
            ended_at: None,
            stopped_at: None,
            protected_until: None,
            version: 0,
            versions: Versions::new(),
        }
    }

    /// `desiredStatus` is RUNNING.
    pub fn is_wanted(&self) -> bool {
        self.stop.is_none()
    }

    /// It runs and is not about to stop.
    pub fn is_running(&self) -> bool {
        self.is_wanted() && self.status == Status::Running
    }

    pub(super) fn is_protected(&self, now: Timestamp) -> bool {
        self.protected_until.is_some_and(|until| until > now)
    }
}
