//! Which image of each repository a service should run.

mod by_hand;
mod offer;

use std::collections::BTreeMap;

use super::inputs::Inputs;
use super::observed::RunningImage;
use super::policy::ImagePolicy;
use super::reason::Reason;
use super::record::{Noted, Order, Record, Release, Rollout};
use crate::model::{DeploymentState, Image, image_names};
pub(super) use by_hand::{ByHand, deployed, instead};
use offer::{Offer, offer};

/// What should become of a service's images.
pub(super) enum Choice {
    /// There is a new order: the complete set to run.
    Newer(BTreeMap<String, Image>),
    /// Drift: another deployment changed an image. The complete set to restore.
    Drift(BTreeMap<String, Image>),
    /// No image changes, but what was seen is to be recorded, and why.
    Note(Box<Noted>, Reason),
    /// No change, and why.
    Stay(Reason),
}

/// Chooses for all repositories of a service together: one revision carries them all.
pub(super) fn choose(inputs: &Inputs<'_>) -> Choice {
    let current = current(inputs);
    let mut images = current.clone();
    let (mut newer, mut first) = (false, false);
    let (mut refusals, mut orders) = (Vec::new(), BTreeMap::new());
    for policy in inputs.policy.images {
        let key = policy.key();
        match offer(inputs, policy, current.get(&key)) {
            Offer::Take(candidate) => {
                newer = true;
                images.insert(key, candidate);
            }
            Offer::Nothing => {}
            Offer::FirstLook(order) => {
                first = true;
                orders.insert(key, order);
            }
            Offer::Note(order, refusal) => {
                refusals.extend(refusal);
                orders.insert(key, order);
            }
            Offer::Refuse(reason) => refusals.push(reason),
        }
    }
    let complete = images.len() == inputs.policy.images.len();
    if newer && complete {
        return Choice::Newer(images);
    }
    let noted = Noted { orders, ..Noted::default() };
    if first {
        return first_look(inputs, noted);
    }
    if !noted.orders.is_empty() {
        return Choice::Note(Box::new(noted), Reason::of(refusals));
    }
    if !complete {
        // A first start needs an image of every repository, else its tasks could not be pulled.
        let unknown = inputs.policy.images.iter().map(ImagePolicy::key).find(|key| !images.contains_key(key));
        let unknown = unknown.filter(|_| refusals.is_empty()).map(|repository| Reason::Unidentified { repository });
        return Choice::Stay(unknown.unwrap_or_else(|| Reason::of(refusals)));
    }
    if inputs.observed.runs(&images) {
        refusals.extend(offer::passed_over(inputs).filter(|_| refusals.is_empty()));
        return Choice::Stay(Reason::of(refusals));
    }
    if let Some((repository, error)) = inputs.observed.unread_running().filter(|_| !inputs.observed.differs(&images)) {
        return Choice::Stay(Reason::Unread { repository, error });
    }
    match by_hand::deployed(inputs) {
        Some(ByHand::InProgress(deployment)) => return Choice::Stay(Reason::InFlight { deployment }),
        Some(ByHand::Complete(complete)) => return Choice::Note(Box::new(complete.0), complete.1),
        None => {}
    }
    match (inputs.record.freeze(inputs.now), images.values().next()) {
        (Some(freeze), Some(image)) => Choice::Stay(Reason::Frozen { image: image.clone(), freeze: freeze.clone() }),
        _ => Choice::Drift(images),
    }
}

/// The first look at a service that had images before: nothing is rolled out, and what it runs is its first release.
fn first_look(inputs: &Inputs<'_>, noted: Noted) -> Choice {
    let Inputs { record, observed, .. } = inputs;
    if let Some((repository, error)) = observed.unread_running() {
        return Choice::Stay(Reason::Unread { repository, error });
    }
    let images = observed.running_images();
    let settled = |state: &DeploymentState| *state == DeploymentState::Completed;
    let primary = observed.service.primary().filter(|primary| settled(&primary.state));
    // Nothing shows that the images of a service at zero have run, and a service with a release is started by its baseline.
    let parked = observed.service.desired == 0;
    let known = record.releases.is_empty() && !parked && images.len() == inputs.policy.images.len();
    let release = primary.filter(|_| known).map(|primary| Release {
        images,
        revision: observed.service.revision.clone(),
        deployment: primary.id.clone(),
        // Not today's: nothing was rolled out, so no alarm may be explained or remedied by it.
        started_at: primary.created_at,
        at: primary.created_at,
    });
    let reason = Reason::FirstLook { images: release.as_ref().map(|release| image_names(&release.images)) };
    Choice::Note(Box::new(Noted { release, ..noted }), reason)
}

/// The images that should run if nothing new was ordered, by key: those of the rollout in progress, else of the current
/// release, else the running ones.
pub(super) fn current(inputs: &Inputs<'_>) -> BTreeMap<String, Image> {
    let Inputs { record, observed, .. } = inputs;
    let in_progress = inputs.rolling_forward().map(|rollout| &rollout.images);
    let known = in_progress.or(record.current().map(|release| &release.images));
    let failed =
        |key: &str, image: &Image| record.is_quarantined(key, &image.digest) || is_rolled_back(record, key, image);
    let of = |key: String| {
        let known = known.and_then(|images| images.get(&key));
        let running = match observed.running.get(&key) {
            Some(RunningImage::Known(running)) if !failed(&key, running) => Some(running),
            _ => None,
        };
        // A newer image that was deployed manually stays: never downgrade a deployment that is not the automation's.
        let manual = running.filter(|running| {
            known.is_none_or(|known| running.pushed_at > known.pushed_at) && !was_released(record, &key, running)
        });
        let chosen = manual.or(known).or(running)?.clone();
        Some((key, chosen))
    };
    inputs.policy.images.iter().map(ImagePolicy::key).filter_map(of).collect()
}

/// The orders that are answered when `images` are rolled out: what the tags name of them now.
pub(super) fn carried_out(inputs: &Inputs<'_>, images: &BTreeMap<String, Image>) -> BTreeMap<String, Order> {
    let mut orders = answered(inputs);
    orders.retain(|key, order| images.get(key).is_some_and(|image| order.names(&image.digest)));
    orders
}

/// What the tags name now, where it is not recorded as the last order.
pub(super) fn answered(inputs: &Inputs<'_>) -> BTreeMap<String, Order> {
    let digest = |image: Option<&Image>| image.map(|image| image.digest.clone());
    let recorded = |key: &str| inputs.record.orders.get(key).map(|order| digest(order.image.as_ref()));
    let new = inputs.observed.candidates.iter().filter(|(key, image)| recorded(key) != Some(digest(image.as_ref())));
    new.map(|(key, image)| (key.clone(), Order { image: image.clone(), at: inputs.now })).collect()
}

/// Is it the image that the environment prevented, while the service is rolled back to another?
fn is_rolled_back(record: &Record, key: &str, image: &Image) -> bool {
    let prevented = record.postponed.as_ref().and_then(|postponed| postponed.images.get(key));
    record.rollout.as_ref().is_some_and(Rollout::is_rollback)
        && prevented.is_some_and(|prevented| prevented.digest == image.digest)
}

fn was_released(record: &Record, key: &str, image: &Image) -> bool {
    let same = |other: &Image| other.digest == image.digest;
    record.releases.iter().any(|release| release.images.get(key).is_some_and(same))
}
