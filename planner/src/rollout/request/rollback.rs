//! `rollback`: roll back to the previous release.

use serde::Deserialize;

use crate::rollout::decision::{Decision, Roll};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Cause, Release, newly_quarantined};
use crate::rollout::roll::roll;

/// Roll back to the previous release; the current images go into quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// Who requested it.
    pub by: String,
    /// Why, in the requester's words.
    pub reason: Option<String>,
    /// Id of the deployment to undo: refused when another deployment is current. Left out: the current one.
    pub deployment: Option<String>,
    /// What the tasks get beside the earlier images.
    pub environment: Environment,
}

/// What tasks get beside their images when a service is rolled back: environment, secrets, CPU, memory and so on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Today's: a copy of the current revision, with the earlier images.
    #[default]
    Current,
    /// The release's: a copy of the revision that it ran.
    Release,
}

impl Rollback {
    /// `None` when the same request is being carried out already: it was delivered twice or repeated after a crash.
    pub(super) fn decide(&self, inputs: &Inputs<'_>) -> Option<Decision> {
        self.other_deployment(inputs).or_else(|| self.roll_back(inputs))
    }

    /// The refusal of a rollback that names another deployment than the current one.
    fn other_deployment(&self, inputs: &Inputs<'_>) -> Option<Decision> {
        let requested = self.deployment.as_deref()?;
        let in_progress = inputs.record.rollout.as_ref().map(|rollout| &rollout.cause);
        if matches!(in_progress, Some(Cause::Rollback { .. })) {
            return None;
        }
        let current = inputs.record.current().filter(|release| inputs.observed.runs(&release.images));
        if in_progress.is_none() && current.is_some_and(|release| release.deployment == requested) {
            return None;
        }
        let current = inputs.observed.primary_id();
        Some(Decision::keep(Reason::OtherDeployment { requested: requested.to_owned(), current }))
    }

    fn roll_back(&self, inputs: &Inputs<'_>) -> Option<Decision> {
        let in_progress = inputs.rolling_forward();
        if in_progress.is_some_and(|rollout| matches!(rollout.cause, Cause::Rollback { .. })) {
            return None;
        }
        let record = inputs.record;
        // An image that ECR no longer has could not be pulled.
        let deleted =
            |release: &Release| release.images.values().any(|image| inputs.observed.deleted.contains(&image.digest));
        let (bad, target) = match (in_progress, record.current()) {
            (Some(rollout), Some(current)) => (&rollout.images, current),
            (None, Some(current)) => match record.earlier().find(|release| !deleted(release)) {
                Some(earlier) => (&current.images, earlier),
                None => return Some(Decision::keep(Reason::NoEarlierRelease)),
            },
            (_, None) => return Some(Decision::keep(Reason::NoEarlierRelease)),
        };
        let quarantine =
            newly_quarantined(bad, &target.images, &format!("rollback requested by {}", self.by), inputs.now);
        let cause = Cause::Rollback { by: self.by.clone(), reason: self.reason.clone() };
        let mut roll = Roll { quarantine, ..roll(inputs, target.images.clone(), cause) };
        if self.environment == Environment::Release {
            roll.rollout.revision = Some(target.revision.clone());
        }
        Some(roll.due())
    }
}
