//! ECS services, deployments and tasks as they were seen.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ending::{Ending, StoppedTask};
use super::strategy::Strategy;
use crate::error::{Error, Result};

/// Cluster and name of an ECS service, written `cluster/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceId {
    /// Name of the cluster.
    pub cluster: String,
    /// Name of the service.
    pub name: String,
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.name)
    }
}

impl FromStr for ServiceId {
    type Err = Error;

    /// Reads `arn:aws:ecs:eu-central-1:123456789012:service/prod/api`. The old form without cluster names no service
    /// of ours: fleets name the cluster.
    fn from_str(arn: &str) -> Result<Self> {
        let bad = || {
            Error::bad_field("service ARN", arn, "`arn:<partition>:ecs:<region>:<account>:service/<cluster>/<name>`")
        };
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", _, "ecs", _, _, resource] = parts[..] else { return Err(bad()) };
        match resource.split('/').collect::<Vec<_>>()[..] {
            ["service", cluster, name] if !cluster.is_empty() && !name.is_empty() => {
                Ok(ServiceId { cluster: cluster.to_owned(), name: name.to_owned() })
            }
            _ => Err(bad()),
        }
    }
}

/// A service as `DescribeServices` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Cluster and name.
    pub id: ServiceId,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// Number of tasks it should run.
    pub desired: u32,
    /// Number of tasks it runs.
    pub running: u32,
    /// ARN of the revision that it should run.
    pub revision: String,
    /// Its deployments, the primary one first.
    pub deployments: Vec<Deployment>,
    /// Which capacity providers its tasks are placed on.
    pub strategy: Strategy,
    /// Share of its tasks that ECS keeps healthy while it replaces them, in percent.
    pub minimum_healthy_percent: u32,
    /// Where its tasks are placed, passed on as it came to one-off tasks: subnets, security groups, public address.
    pub network: Option<Network>,
    /// `ECS`, or who else creates its deployments: `CODE_DEPLOY`, `EXTERNAL`.
    pub controller: String,
    /// What ECS says about its tasks and deployments, the newest first, at most 100.
    pub events: Vec<ServiceEvent>,
}

impl Service {
    /// Time of its newest service event that says that Fargate has no capacity for a task. A service event has a text and
    /// nothing else; this is AWS's: <https://repost.aws/knowledge-center/ecs-fargate-runtask-capacity>.
    pub fn no_capacity_at(&self) -> Option<Timestamp> {
        let phrases = ["unable to place a task", "Capacity is unavailable at this time"];
        let says = |event: &&ServiceEvent| phrases.iter().all(|phrase| event.message.contains(phrase));
        self.events.iter().filter(says).map(|event| event.at).max()
    }
}

/// One entry of the `events` of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEvent {
    /// `createdAt`.
    pub at: Timestamp,
    /// `(service web) was unable to place a task. Reason: ...`
    pub message: String,
}

/// Where the tasks of a service are placed: its `awsvpc` configuration, and its launch type or capacity providers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Subnet ids.
    pub subnets: Vec<String>,
    /// Security group ids.
    pub security_groups: Vec<String>,
    /// Do tasks get a public address?
    pub public_ip: bool,
    /// `FARGATE`, `EC2` or `EXTERNAL`; `None` when it has capacity providers.
    pub launch_type: Option<String>,
    /// Its capacity providers: name, base, weight.
    pub providers: Vec<(String, u32, u32)>,
}

impl Service {
    /// The deployment that the service moves to or has arrived at.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.primary)
    }

    /// The deployment with this id, if ECS still lists it.
    pub fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.id == id)
    }

    /// Its only deployment, where that failed, none of its tasks runs although some should, and ECS starts no others: "a deployment in a failed
    /// state doesn't launch any new tasks", <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html>.
    pub fn given_up(&self) -> Option<&Deployment> {
        let [only] = self.deployments.as_slice() else { return None };
        (self.desired > 0 && self.running == 0 && only.state == DeploymentState::Failed).then_some(only)
    }

    /// Is it there to be changed?
    pub fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }
}

/// One deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// `ecs-svc/` and digits; more digits than fit a 53-bit number.
    pub id: String,
    /// Is it the one that the service moves to?
    pub primary: bool,
    /// ARN of its revision.
    pub revision: String,
    /// What ECS says of it.
    pub state: DeploymentState,
    /// Why ECS says so.
    pub reason: Option<String>,
    /// Tasks of it that run.
    pub running: u32,
    /// Tasks of it that did not start or ended too soon.
    pub failed: u32,
    /// `createdAt` of the deployment.
    pub created_at: Timestamp,
    /// `updatedAt` of the deployment: later than a rollout that it replaced when ECS rolled back to it.
    pub updated_at: Timestamp,
}

/// A deployment in the service's history, as `ListServiceDeployments` shows it: kept for 90 days, also when
/// `DescribeServices` no longer lists the deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceDeployment {
    /// ARN of the task definition that it deploys.
    pub revision: String,
    /// What became of it.
    pub status: ServiceDeploymentStatus,
    /// Why ECS says so.
    pub reason: Option<String>,
    /// `createdAt`.
    pub created_at: Timestamp,
}

/// The status of a service deployment:
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentBrief.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceDeploymentStatus {
    /// `PENDING` or `IN_PROGRESS`.
    InProgress,
    /// `SUCCESSFUL`.
    Successful,
    /// `STOP_REQUESTED` or `STOPPED`: a caller stopped it, or another deployment replaced it.
    Stopped,
    /// `ROLLBACK_REQUESTED` or `ROLLBACK_IN_PROGRESS`.
    RollingBack,
    /// `ROLLBACK_SUCCESSFUL`.
    RolledBack,
    /// `ROLLBACK_FAILED`.
    RollbackFailed,
    /// Something newer than this code.
    Other(String),
}

/// A deployment's `rolloutState`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeploymentState {
    /// Tasks are being replaced.
    InProgress,
    /// Done; also the state of a deployment of zero tasks.
    Completed,
    /// The circuit breaker or an alarm ended it.
    Failed,
    /// Something newer than this code.
    Other(String),
}

/// A task that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// `taskArn` of ECS; its last part is the task id.
    pub arn: String,
    /// ARN of its revision.
    pub revision: String,
    /// `PROVISIONING` to `STOPPED`; `RUNNING` is what counts.
    pub status: String,
    /// `HEALTHY`, `UNHEALTHY` or `UNKNOWN`; unknown when no container has a health check.
    pub health: String,
    /// When it reached `RUNNING`.
    pub started_at: Option<Timestamp>,
    /// `FARGATE` or `FARGATE_SPOT`, when a capacity provider placed it.
    pub provider: Option<String>,
    /// Who started it: a deployment id, or `rollout/...` for a one-off task of ours.
    pub started_by: Option<String>,
    /// How it ended, when it has.
    pub stopped: Option<StoppedTask>,
}

impl Task {
    /// Did this deployment start it?
    pub fn is_of(&self, deployment: &str) -> bool {
        self.started_by.as_deref() == Some(deployment)
    }
}

/// Why tasks ended, equal reasons counted, the most frequent first, at most three. Tasks that ECS or a caller stopped
/// for another reason than their own are left out.
pub fn endings<'a>(stopped: impl IntoIterator<Item = &'a Task>) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let ends = stopped.into_iter().filter_map(|task| task.stopped.as_ref());
    for end in ends.filter(|end| end.ending() != Ending::Stopped) {
        *counts.entry(end.to_string()).or_default() += 1;
    }
    let mut counted: Vec<(String, usize)> = counts.into_iter().collect();
    counted.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let texts = counted.into_iter().take(3).map(|(reason, n)| match n {
        1 => reason,
        n => format!("{reason} ({n} tasks)"),
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_service_arns_of_every_partition() {
        for arn in
            ["arn:aws:ecs:eu-central-1:012345678901:service/prod/api", "arn:aws-cn:ecs:cn-north-1:1:service/prod/api"]
        {
            assert_eq!(arn.parse::<ServiceId>().unwrap().to_string(), "prod/api");
        }
        for bad in
            ["", "arn:aws:ecs:r:1:service/api", "arn:aws:ecs:r:1:task/prod/api", "arn:aws:sns:r:1:service/prod/api"]
        {
            assert!(bad.parse::<ServiceId>().is_err(), "{bad}");
        }
    }
}
