//! The decision: complete values, so that nothing is left to choose when it is applied.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::reason::Reason;
use super::record::{FailedRollout, Freeze, Noted, Order, Quarantine, Release, Restart, Rollout};
use crate::model::{Digest, Image};

/// An action and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
}

impl Decision {
    /// The decision to change nothing.
    pub(super) fn keep(reason: Reason) -> Decision {
        Decision { action: Action::Keep, reason }
    }
}

/// What to do about a service's images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Change nothing.
    Keep,
    /// Record what was seen: no image changes.
    Note(Noted),
    /// Register a revision, then start the pre-deploy task or update the service.
    Roll(Box<Roll>),
    /// Update the service to a revision whose pre-deploy task succeeded.
    Update {
        /// ARN of the revision.
        revision: String,
        /// Desired count for a service that starts for the first time.
        initial_tasks: Option<u32>,
    },
    /// Claim the restart, then force a new deployment of the same revision.
    Restart(Restart),
    /// Record which deployment carries out a claimed restart, and announce it.
    ConfirmRestart {
        /// Id of the deployment.
        deployment: String,
    },
    /// Take an existing deployment as the rollout's own.
    Adopt {
        /// ARN of its revision.
        revision: String,
        /// Its id.
        deployment: String,
        /// When ECS created it.
        since: Timestamp,
    },
    /// Record that the rollout is staged: it waits for the service to wake.
    Stage {
        /// ARN of its revision.
        revision: String,
        /// Its id.
        deployment: String,
        /// From when on its tasks count.
        since: Timestamp,
    },
    /// Move the tags, invalidate the CDN, record the release, announce it.
    Complete {
        /// ARN of the revision.
        revision: String,
        /// Id of the deployment.
        deployment: String,
        /// The releases to record, oldest first.
        releases: Vec<Release>,
    },
    /// Stop the pre-deploy task.
    StopTask {
        /// Its ARN.
        task: String,
        /// Why, in at most 1,024 characters: ECS shows it with the task.
        reason: String,
        /// The hold of the release from now on.
        held: Option<Freeze>,
    },
    /// Quarantine the images that the rollout introduced, or postpone the rollout, and announce the failure.
    Fail(FailedRollout),
    /// Invalidate the CDN after a rollback by ECS, and announce it.
    Recover {
        /// Id of the deployment that failed.
        failed: String,
        /// The images that the service has again, by repository, as far as they are known.
        images: BTreeMap<String, Image>,
        /// Running tasks of them.
        running: u32,
        /// The release to record where ECS has rolled back to another one than the last: a deployment that another
        /// rollout had superseded in the ledger, but not yet at the service, and that was complete.
        release: Option<Box<Release>>,
    },
    /// The rollback failed as well: end the rollout, and announce that an engineer is needed.
    Abandon {
        /// Id of the deployment that failed first.
        failed: String,
    },
}

impl Action {
    /// Stable name for logs, metrics and responses.
    pub fn label(&self) -> &'static str {
        match self {
            Action::Keep => "keep",
            Action::Note(_) => "note",
            Action::Roll(_) => "roll",
            Action::Update { .. } => "update",
            Action::Restart(_) => "restart",
            Action::ConfirmRestart { .. } => "confirm_restart",
            Action::Adopt { .. } => "adopt",
            Action::Stage { .. } => "stage",
            Action::Complete { .. } => "complete",
            Action::Fail(failed) => failed.label(),
            Action::StopTask { .. } => "stop_task",
            Action::Recover { .. } => "recover",
            Action::Abandon { .. } => "abandon",
        }
    }
}

/// A freeze to record, or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeChange {
    /// The freeze; `None` when it ends.
    pub frozen: Option<Freeze>,
    /// The hold of the release from now on; its end is requested as that of a freeze.
    pub held: Option<Freeze>,
    /// Who requested it.
    pub by: String,
}

impl FreezeChange {
    /// Stable name for logs, metrics and responses.
    pub fn label(&self) -> &'static str {
        if self.frozen.is_some() { "freeze" } else { "unfreeze" }
    }
}

/// A rollout to start or to resume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roll {
    /// The rollout as the ledger keeps it, claimed.
    pub rollout: Rollout,
    /// Desired count for a service that starts for the first time.
    pub initial_tasks: Option<u32>,
    /// Run the pre-deploy task before the service is updated?
    pub run_pre_deploy_task: bool,
    /// Images to put into quarantine.
    pub quarantine: Vec<Quarantine>,
    /// Repository and digest of images to take out of quarantine.
    pub unquarantine: Vec<(String, Digest)>,
    /// By key: the orders that it answers.
    pub orders: BTreeMap<String, Order>,
    /// ARN of a pre-deploy task to stop first.
    pub stop: Option<String>,
    /// Did an earlier invocation claim it? Then its revision may already be registered.
    pub resumed: bool,
    /// The hold of the release from now on.
    pub held: Option<Freeze>,
}
