//! `rollback`: roll back to the previous release.

use crate::rollout::decision::{Decision, Roll};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Cause, newly_quarantined};
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
        let (bad, target) = match (in_progress, record.current()) {
            (Some(rollout), Some(current)) => (&rollout.images, &current.images),
            (None, Some(current)) => match record.previous() {
                Some(previous) => (&current.images, &previous.images),
                None => return Some(Decision::keep(Reason::NoEarlierRelease)),
            },
            (_, None) => return Some(Decision::keep(Reason::NoEarlierRelease)),
        };
        let quarantine = newly_quarantined(bad, target, &format!("rollback requested by {}", self.by), inputs.now);
        let cause = Cause::Rollback { by: self.by.clone(), reason: self.reason.clone() };
        Some(Roll { quarantine, ..roll(inputs, target.clone(), cause) }.due())
    }
}
