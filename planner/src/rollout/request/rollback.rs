//! `rollback`: roll back to the previous release.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::model::{DeploymentState, Image};
use crate::rollout::decision::{Action, Decision, Roll};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Cause, Freeze, Noted, Phase, Release, newly_quarantined};
use crate::rollout::roll::roll;

/// For so long after a rollback another request must name the deployment to undo.
const LATELY: SignedDuration = SignedDuration::from_mins(30);

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
    /// Until when the release that it restores is held.
    pub hold_until: Option<Timestamp>,
    /// When it was requested, where the request says so, as an alarm's remedy does: refused when that is long ago.
    pub asked_at: Option<Timestamp>,
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
    pub(super) fn decide(&self, inputs: &Inputs<'_>) -> Decision {
        self.in_progress(inputs)
            .or_else(|| self.other_deployment(inputs))
            .or_else(|| self.just_done(inputs))
            .or_else(|| self.abort(inputs))
            .unwrap_or_else(|| self.roll_back(inputs))
    }

    /// The service is being rolled back already, by ECS or by the automation: this one would go a release too far.
    fn in_progress(&self, inputs: &Inputs<'_>) -> Option<Decision> {
        let rollout = inputs.record.rollout.as_ref()?;
        let since = match rollout.phase {
            Phase::RollingBack { since, .. } => since,
            _ if rollout.cause.is_rollback() => rollout.started_at,
            _ => return None,
        };
        Some(self.done(Reason::RollbackInProgress { since }))
    }

    /// Nothing is left to roll back, and the release may be held anyway: who asks for both gets what is missing.
    fn done(&self, reason: Reason) -> Decision {
        let Some(hold) = self.hold() else { return Decision::keep(reason) };
        let noted = Noted { held: Some(hold), ..Noted::default() };
        Decision { action: Action::Note(noted), reason: self.with_hold(reason) }
    }

    fn hold(&self) -> Option<Freeze> {
        let (by, reason) = (self.by.clone(), self.reason.clone());
        self.hold_until.map(|until| Freeze { until, by, reason })
    }

    /// The hold from now on. The last word of a person counts; an alarm's remedy leaves theirs as it is.
    fn held(&self, inputs: &Inputs<'_>) -> Option<Freeze> {
        self.hold().or_else(|| inputs.record.held.clone().filter(|_| self.asked_at.is_some()))
    }

    /// The reason, and that the release is held.
    fn with_hold(&self, reason: Reason) -> Reason {
        match self.hold() {
            Some(hold) => Reason::Several(vec![reason, Reason::ReleaseHeld { hold }]),
            None => reason,
        }
    }

    /// The refusal of a rollback that names another deployment than the current one.
    fn other_deployment(&self, inputs: &Inputs<'_>) -> Option<Decision> {
        let requested = self.deployment.as_deref()?;
        let current = inputs.record.current().filter(|release| inputs.observed.runs(&release.images));
        if inputs.record.rollout.is_none() && current.is_some_and(|release| release.deployment == requested) {
            return None;
        }
        let current = inputs.observed.primary_id();
        Some(Decision::keep(Reason::OtherDeployment { requested: requested.to_owned(), current }))
    }

    /// The service was rolled back a moment ago, and no release has come since: the request means that failure, unless it
    /// names the deployment that is current now, or the rollback failed.
    fn just_done(&self, inputs: &Inputs<'_>) -> Option<Decision> {
        let Inputs { record, observed, now, .. } = inputs;
        if self.deployment.is_some() || record.rollout.is_some() {
            return None;
        }
        let failed = observed.service.primary().is_some_and(|primary| primary.state == DeploymentState::Failed);
        let current = record.current().filter(|release| !failed && observed.runs(&release.images))?;
        // The environment prevented the rollback of it.
        let is_bad = |(repository, image): (&String, &Image)| record.is_quarantined(repository, &image.digest);
        if current.images.iter().any(is_bad) {
            return None;
        }
        // What the environment prevented is rolled back as well, and in no quarantine.
        let failed = record.quarantine.iter().map(|entry| (&entry.image, entry.at));
        let prevented = record.postponed.iter();
        let prevented = prevented.filter_map(|postponed| Some((postponed.images.values().next()?, postponed.since)));
        let recent = |(_, at): &(_, Timestamp)| *at + LATELY > *now && *at >= current.started_at;
        let (image, at) = failed.chain(prevented).filter(recent).max_by_key(|(_, at)| *at)?;
        let (image, current) = (image.short(), current.deployment.clone());
        Some(self.done(Reason::AlreadyRolledBack { image, at, current }))
    }

    /// While the pre-deploy task runs, the service still has the release before it, unless that is being deployed itself.
    fn abort(&self, inputs: &Inputs<'_>) -> Option<Decision> {
        let rollout = inputs.record.rollout.as_ref()?;
        let Phase::PreDeployTask { task, .. } = &rollout.phase else { return None };
        // Nor is there anything to stop once the task has succeeded.
        if rollout.deploys_another() || rollout.migrated {
            return None;
        }
        let reason = format!("rollback requested by {}", self.by);
        let action = Action::StopTask { task: task.clone(), reason, held: self.held(inputs) };
        Some(Decision { action, reason: self.with_hold(Reason::Aborted { by: self.by.clone() }) })
    }

    fn roll_back(&self, inputs: &Inputs<'_>) -> Decision {
        let record = inputs.record;
        // An image that ECR no longer has could not be pulled.
        let deleted =
            |release: &&Release| release.images.values().any(|image| inputs.observed.deleted.contains(&image.digest));
        let (bad, (target, revision)) = match (&record.rollout, record.current()) {
            (Some(rollout), Some(current)) => (&rollout.images, (&current.images, &current.revision)),
            // The first rollout that the ledger knows: the images that ran before it.
            (Some(rollout), None) if !rollout.previous_images.is_empty() => {
                (&rollout.images, (&rollout.previous_images, &rollout.previous_revision))
            }
            (None, Some(current)) => match record.earlier().find(|release| !deleted(release)) {
                Some(earlier) => (&current.images, (&earlier.images, &earlier.revision)),
                None => return Decision::keep(Reason::NoEarlierRelease),
            },
            (_, None) => return Decision::keep(Reason::NoEarlierRelease),
        };
        let reason = format!("rollback requested by {}", self.by);
        let mut quarantine = newly_quarantined(bad, target, &reason, inputs.now);
        let another = record.rollout.as_ref().filter(|rollout| rollout.deploys_another());
        let superseded = another.and_then(|rollout| rollout.superseded.as_ref());
        quarantine.extend(
            superseded.iter().flat_map(|deployed| newly_quarantined(&deployed.images, target, &reason, inputs.now)),
        );
        let stop = another.and_then(|rollout| match &rollout.phase {
            Phase::PreDeployTask { task, .. } => Some(task.clone()),
            _ => None,
        });
        let cause = Cause::Rollback { by: self.by.clone(), reason: self.reason.clone() };
        let mut roll = Roll { quarantine, stop, held: self.held(inputs), ..roll(inputs, target.clone(), cause) };
        if self.environment == Environment::Release {
            roll.rollout.revision = Some(revision.clone());
        }
        let Decision { action, reason } = roll.due();
        Decision { action, reason: self.with_hold(reason) }
    }
}
