//! The rollout in progress: its cause and its phase.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::Image;

/// A rollout in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// `<short digest>-<milliseconds of its claim>`; the pre-deploy task's `startedBy` and client token carry it.
    pub id: String,
    /// Why it was started.
    pub cause: Cause,
    /// The images to run, by repository.
    pub images: BTreeMap<String, Image>,
    /// The images that ran when it started, by repository, as far as ECR still had them.
    #[serde(default)]
    pub previous_images: BTreeMap<String, Image>,
    /// ARN of the revision that ran when it started.
    pub previous_revision: String,
    /// ARN of the revision that is copied, with these images; the current one when there is none.
    #[serde(default)]
    pub revision: Option<String>,
    /// When it was claimed.
    pub started_at: Timestamp,
    /// How often it was claimed: more than once when an invocation was interrupted or AWS refused a call.
    #[serde(default)]
    pub attempts: u32,
    /// How far it is.
    pub phase: Phase,
    /// When all its tasks were seen running last while its deployment took long: old tasks may be protected from scale-in.
    #[serde(default)]
    pub ran_at: Option<Timestamp>,
    /// Has its pre-deploy task succeeded? ECS forgets a task after an hour, and a freeze may last longer.
    #[serde(default)]
    pub migrated: bool,
    /// The rollout that it supersedes, where that has updated the service: it goes on if this one fails before it does.
    #[serde(default)]
    pub superseded: Option<Box<Rollout>>,
}

impl Rollout {
    /// Since when it has replaced tasks, as far as is recorded; `None` before it has updated the service.
    pub fn updated_at(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Claimed { .. } | Phase::PreDeployTask { .. } => None,
            Phase::Deploying { since, .. } | Phase::Staged { since, .. } | Phase::RollingBack { since, .. } => {
                Some(since)
            }
        }
    }

    /// The rollout whose images the service has: the one before while this one has not updated it.
    pub fn at_the_service(&self) -> Option<Box<Rollout>> {
        match self.updated_at() {
            Some(_) => Some(Box::new(Rollout { superseded: None, ..self.clone() })),
            None => self.superseded.clone(),
        }
    }

    /// Does ECS deploy the images of the rollout before it, which this one has not updated yet?
    pub(in crate::rollout) fn deploys_another(&self) -> bool {
        let deploying = |before: &Rollout| matches!(before.phase, Phase::Deploying { .. });
        self.updated_at().is_none() && self.superseded.as_deref().is_some_and(deploying)
    }

    /// Is the service being rolled back, by ECS or by the automation?
    pub(in crate::rollout) fn is_rollback(&self) -> bool {
        self.cause.is_rollback() || matches!(self.phase, Phase::RollingBack { .. })
    }
}

/// How far a rollout is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// An invocation is handling it; when its lease expires, another may resume it.
    Claimed {
        /// Desired count for a service that starts for the first time.
        #[serde(default)]
        initial_tasks: Option<u32>,
    },
    /// The pre-deploy task was started.
    PreDeployTask {
        /// ARN of the new revision.
        revision: String,
        /// ARN of the task.
        task: String,
        /// When it was started.
        since: Timestamp,
        /// Desired count for a service that starts for the first time.
        #[serde(default)]
        initial_tasks: Option<u32>,
    },
    /// ECS replaces tasks.
    Deploying {
        /// ARN of the new revision.
        revision: String,
        /// Id of the deployment.
        deployment: String,
        /// When ECS created it; its deadline counts from then.
        since: Timestamp,
    },
    /// The deployment is complete with no tasks: it is verified when the service wakes.
    Staged {
        /// ARN of the new revision.
        revision: String,
        /// Id of the deployment.
        deployment: String,
        /// Since when. Tasks that ended before say nothing about the wake.
        since: Timestamp,
    },
    /// The deployment failed: ECS rolls it back, or else the automation does.
    RollingBack {
        /// Id of the deployment that failed.
        failed: String,
        /// ARN of its revision.
        revision: String,
        /// When its failure was recorded.
        since: Timestamp,
    },
}

/// Why a rollout was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The first image of a service that never ran.
    FirstStart,
    /// A newer image.
    Push,
    /// Another deployment, of a stack update for instance, changed the image.
    Drift,
    /// Requested: roll back to the previous release.
    Rollback {
        /// Who requested it.
        by: String,
        /// Why, in the requester's words.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Requested: roll out an image that was refused.
    Retry {
        /// Who requested it.
        by: String,
    },
    /// The staged image failed when the service woke.
    FailedWake,
    /// A deployment failed and ECS did not roll it back.
    AutomaticRollback {
        /// Id of the deployment that failed.
        failed: String,
    },
}

impl Cause {
    /// Does such a rollout introduce images that have not run here before? Only then the pre-deploy task runs.
    pub(in crate::rollout) fn introduces_images(&self) -> bool {
        match self {
            Cause::FirstStart | Cause::Push | Cause::Retry { .. } => true,
            Cause::Drift | Cause::Rollback { .. } | Cause::FailedWake | Cause::AutomaticRollback { .. } => false,
        }
    }

    /// Does such a rollout replace a release that is bad? It is carried out during a freeze, too.
    pub fn is_rollback(&self) -> bool {
        match self {
            Cause::Rollback { .. } | Cause::FailedWake | Cause::AutomaticRollback { .. } => true,
            Cause::FirstStart | Cause::Push | Cause::Retry { .. } | Cause::Drift => false,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::FirstStart => f.write_str("first image of this service"),
            Cause::Push => f.write_str("a newer image was pushed"),
            Cause::Drift => f.write_str("drift: another deployment, such as a stack update, had changed the image"),
            Cause::Rollback { by, reason: Some(reason) } => write!(f, "rollback requested by {by}: {reason}"),
            Cause::Rollback { by, reason: None } => write!(f, "rollback requested by {by}"),
            Cause::Retry { by } => write!(f, "retry requested by {by}"),
            Cause::FailedWake => f.write_str("the staged image failed when the service woke"),
            Cause::AutomaticRollback { failed } => {
                write!(f, "deployment {failed} failed and ECS did not roll it back")
            }
        }
    }
}
