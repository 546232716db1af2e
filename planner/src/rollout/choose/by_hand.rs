//! Rollbacks by hand: a person deploys the revision of an earlier release, in the console for instance.
//!
//! Such a revision is pinned to digests, because rollout registered it; a stack's revision names the tag `live` and is
//! drift. That the automation did not deploy it is known by its deployment, which no release has.

use std::collections::BTreeMap;

use crate::model::{DeploymentState, Image, image_names};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Noted, Order, Release, same_digests};

pub(in crate::rollout) enum ByHand {
    /// ECS replaces tasks by this deployment.
    InProgress(String),
    /// It is the current release.
    Complete(Box<(Noted, Reason)>),
}

/// What a person deployed; `None` when the deployment is not a person's or has failed.
pub(in crate::rollout) fn deployed(inputs: &Inputs<'_>) -> Option<ByHand> {
    let record = inputs.record;
    if record.rollout.is_some() {
        return None;
    }
    let (primary, current) = (inputs.observed.service.primary()?, record.current()?);
    let earlier = runs(inputs, record.releases.get(1..)?).filter(|earlier| earlier.revision != current.revision)?;
    let restarted = record.restart.as_ref().and_then(|restart| restart.deployment.as_ref());
    let ours = record.releases.iter().map(|release| &release.deployment).chain(restarted).any(|id| *id == primary.id);
    if ours { None } else { by_hand(inputs, earlier, &current.images, false) }
}

/// The same while the automation rolls out `images`, of which another caller has stopped the deployment.
pub(in crate::rollout) fn instead(inputs: &Inputs<'_>, images: &BTreeMap<String, Image>) -> Option<ByHand> {
    by_hand(inputs, runs(inputs, &inputs.record.releases)?, images, true)
}

/// The newest of these releases whose revision the service has, pinned to its images.
fn runs<'a>(inputs: &Inputs<'_>, releases: &'a [Release]) -> Option<&'a Release> {
    let observed = inputs.observed;
    let running = observed.running_images();
    let known =
        |release: &&Release| release.revision == observed.service.revision && same_digests(&release.images, &running);
    releases.iter().find(known).filter(|_| observed.pinned)
}

fn by_hand(
    inputs: &Inputs<'_>,
    release: &Release,
    replaced: &BTreeMap<String, Image>,
    ends_rollout: bool,
) -> Option<ByHand> {
    let primary = inputs.observed.service.primary()?;
    match primary.state {
        DeploymentState::InProgress => Some(ByHand::InProgress(primary.id.clone())),
        DeploymentState::Completed => {
            let (deployment, started_at) = (primary.id.clone(), primary.created_at);
            let release = Release { deployment: deployment.clone(), started_at, at: inputs.now, ..release.clone() };
            let (images, replaced) = (image_names(&release.images), image_names(replaced));
            let reason = Reason::DeployedByHand { deployment, images, replaced };
            let orders = answered(inputs);
            let noted = Noted { orders, release: Some(release), ends_rollout, ..Noted::default() };
            Some(ByHand::Complete(Box::new((noted, reason))))
        }
        DeploymentState::Failed | DeploymentState::Other(_) => None,
    }
}

/// What the tags name is answered by what the person did: it does not come back before a tag moves.
fn answered(inputs: &Inputs<'_>) -> BTreeMap<String, Order> {
    let recorded = |key: &String| inputs.record.orders.contains_key(key);
    let candidates = inputs.observed.candidates.iter().filter(|(key, _)| !recorded(key));
    candidates.map(|(key, image)| (key.clone(), Order { image: image.clone(), at: inputs.now })).collect()
}
