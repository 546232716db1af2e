//! Rollbacks by hand: a person deploys the revision of an earlier release, in the console for instance.
//!
//! Such a revision is pinned to digests, because rollout registered it; a stack's revision names the tag `live` and is
//! drift. That the automation did not deploy it is known by its deployment, which no release has.

use std::collections::BTreeMap;

use crate::model::{DeploymentState, image_names};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Noted, Order, Release, same_digests};

pub(super) enum ByHand {
    /// ECS replaces tasks by this deployment.
    InProgress(String),
    /// It is the current release.
    Complete(Box<(Noted, Reason)>),
}

/// What a person deployed; `None` when the deployment is not a person's or has failed.
pub(super) fn deployed(inputs: &Inputs<'_>) -> Option<ByHand> {
    let Inputs { record, observed, now, .. } = inputs;
    if record.rollout.is_some() || !observed.pinned {
        return None;
    }
    let (primary, running) = (observed.service.primary()?, observed.running_images());
    let current = record.current()?;
    let known =
        |release: &&Release| release.revision == observed.service.revision && same_digests(&release.images, &running);
    let earlier = record.releases.iter().skip(1).find(known).filter(|earlier| earlier.revision != current.revision)?;
    let restarted = record.restart.as_ref().and_then(|restart| restart.deployment.as_ref());
    let ours = record.releases.iter().map(|release| &release.deployment).chain(restarted).any(|id| *id == primary.id);
    if ours {
        return None;
    }
    match primary.state {
        DeploymentState::InProgress => Some(ByHand::InProgress(primary.id.clone())),
        DeploymentState::Completed => {
            let release =
                Release { deployment: primary.id.clone(), started_at: primary.created_at, at: *now, ..earlier.clone() };
            let (images, replaced) = (image_names(&release.images), image_names(&current.images));
            let reason = Reason::DeployedByHand { deployment: primary.id.clone(), images, replaced };
            let noted = Noted { orders: answered(inputs), release: Some(release), ..Noted::default() };
            Some(ByHand::Complete(Box::new((noted, reason))))
        }
        DeploymentState::Failed | DeploymentState::Other(_) => None,
    }
}

/// Does the service have the revision of a release, with its images?
pub(in crate::rollout) fn is_release(inputs: &Inputs<'_>) -> bool {
    let Inputs { record, observed, .. } = inputs;
    let running = observed.running_images();
    let known =
        |release: &Release| release.revision == observed.service.revision && same_digests(&release.images, &running);
    observed.pinned && record.releases.iter().any(known)
}

/// What the tags name is answered by what the person did: it does not come back before a tag moves.
fn answered(inputs: &Inputs<'_>) -> BTreeMap<String, Order> {
    let recorded = |key: &String| inputs.record.orders.contains_key(key);
    let candidates = inputs.observed.candidates.iter().filter(|(key, _)| !recorded(key));
    candidates.map(|(key, image)| (key.clone(), Order { image: image.clone(), at: inputs.now })).collect()
}
