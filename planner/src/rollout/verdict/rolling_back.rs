//! The phase in which the failed deployment is rolled back: by ECS, or else by the automation.

use jiff::SignedDuration;

use super::blame::blame;
use super::deploying::history;
use super::ours::Ours;
use super::outcome::{abandon, good, has_other};
use crate::model::{Deployment, DeploymentState, Image, ServiceDeploymentStatus};
use crate::rollout::decision::{Action, Decision};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Cause, Release, Rollout};
use crate::rollout::roll::roll;

/// How long ECS has to start its own rollback before the automation does it, and how long a look at the service may
/// still show it as it was before the rollout.
const ROLLBACK_GRACE: SignedDuration = SignedDuration::from_mins(3);

/// `ours` is the deployment that failed.
pub(super) fn verdict(inputs: &Inputs<'_>, rollout: &Rollout, ours: Ours<'_>) -> Decision {
    let Inputs { policy, observed, now, .. } = inputs;
    let wait = || Decision::keep(Reason::RollingBack { failed: ours.id.to_owned() });
    let status = history(inputs, ours).map(|deployment| &deployment.status);
    let overdue = ours.since + policy.rollout.deadline() < *now;
    let grace = ours.since + ROLLBACK_GRACE < *now;
    // By id and by revision: a forced deployment of the failed revision is no rollback.
    let restored = |primary: &&Deployment| primary.id != ours.id && primary.revision != ours.revision;
    if let Some(primary) = observed.service.primary().filter(restored) {
        let is_settled =
            grace || primary.updated_at > rollout.started_at || status == Some(&ServiceDeploymentStatus::RolledBack);
        return match primary.state {
            DeploymentState::Completed if is_settled && (observed.service.desired == 0 || primary.running > 0) => {
                recover(inputs, rollout, ours, primary)
            }
            DeploymentState::Failed => abandon(ours.id, &failure(inputs, ours, primary)),
            _ if overdue => {
                let minutes = policy.rollout.deadline_minutes;
                abandon(ours.id, &format!("its rollback {} was not complete within {minutes} min", primary.id))
            }
            DeploymentState::Completed | DeploymentState::InProgress | DeploymentState::Other(_) => wait(),
        };
    }
    // ECS has begun, which the list of deployments does not show yet.
    if status == Some(&ServiceDeploymentStatus::RollingBack) && !overdue {
        return wait();
    }
    // ECS rolls back only what it has failed: an overdue deployment is left to the automation.
    let left_to_us = observed
        .service
        .deployment(ours.id)
        .is_some_and(|deployment| deployment.primary && deployment.state != DeploymentState::Failed);
    if !grace && !left_to_us {
        return wait();
    }
    let good = good(inputs, rollout);
    match has_other(good, rollout) {
        true => roll(inputs, good.clone(), Cause::AutomaticRollback { failed: ours.id.to_owned() }).due(),
        false => abandon(ours.id, "ECS did not roll it back, and there is no other release to roll back to"),
    }
}

fn recover(inputs: &Inputs<'_>, rollout: &Rollout, ours: Ours<'_>, primary: &Deployment) -> Decision {
    let good = good(inputs, rollout);
    let is_current = inputs.observed.runs(good);
    let images = if is_current { good.clone() } else { inputs.observed.running_images() };
    let failed_before =
        |(repository, image): (&String, &Image)| inputs.record.is_quarantined(repository, &image.digest);
    let is_known = images.len() == inputs.observed.running.len() && !images.iter().any(failed_before);
    let release = (!is_current && is_known && primary.running > 0).then(|| {
        Box::new(Release {
            images: images.clone(),
            revision: primary.revision.clone(),
            deployment: primary.id.clone(),
            started_at: primary.created_at,
            at: inputs.now,
        })
    });
    let failed = ours.id.to_owned();
    let action = Action::Recover { failed: failed.clone(), images, running: primary.running, release };
    Decision { action, reason: Reason::Recovered { failed } }
}

fn failure(inputs: &Inputs<'_>, ours: Ours<'_>, primary: &Deployment) -> String {
    let (_, reasons) = blame(inputs.observed, ours.since);
    let reasons = reasons.into_iter().chain(primary.reason.clone()).collect::<Vec<_>>().join("; ");
    format!("its rollback {} failed: {}", primary.id, if reasons.is_empty() { "ECS gave no reason" } else { &reasons })
}
