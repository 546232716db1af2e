//! What every rule decides from.

use jiff::Timestamp;

use super::observed::{Observed, RunningImage};
use super::policy::Policy;
use super::record::{Phase, Record, Rollout};

/// What every rule decides from.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    /// What is wanted of the service.
    pub policy: Policy<'a>,
    /// What the ledger keeps of it.
    pub record: &'a Record,
    /// What AWS shows of it.
    pub observed: &'a Observed,
    /// The moment of the decision.
    pub now: Timestamp,
}

impl<'a> Inputs<'a> {
    /// The rollout in progress, unless ECS is rolling it back.
    pub fn rolling_forward(&self) -> Option<&'a Rollout> {
        self.record.rollout.as_ref().filter(|rollout| !matches!(rollout.phase, Phase::RollingBack { .. }))
    }

    /// Does the rollout have a pre-deploy task that runs, or that may have been started?
    pub fn occupied(&self, rollout: &Rollout) -> bool {
        let runs_task = self.policy.rollout.pre_deploy_task.is_some() && rollout.cause.introduces_images();
        match rollout.phase {
            Phase::PreDeployTask { .. } => true,
            Phase::Claimed { .. } => runs_task,
            Phase::Deploying { .. } | Phase::Staged { .. } | Phase::RollingBack { .. } => false,
        }
    }

    /// Does the current revision name an image that ECR does not have? Then no task of it can have started.
    pub fn has_no_image(&self) -> bool {
        self.observed.running.values().any(|running| *running == RunningImage::Absent)
    }

    /// Has the service never run an image, and is it scaled to zero? A service that was scaled to zero has had one.
    pub fn never_ran(&self) -> bool {
        let Inputs { record, observed, .. } = self;
        record.releases.is_empty() && observed.service.desired == 0 && self.has_no_image()
    }
}
