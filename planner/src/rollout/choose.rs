//! Which image of each repository a service should run.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::inputs::Inputs;
use super::observed::RunningImage;
use super::policy::ImagePolicy;
use super::reason::Reason;
use super::record::Record;
use super::scan_gate;
use crate::model::Image;

/// What should become of a service's images.
pub(super) enum Choice {
    /// There is a newer image: the complete set to run.
    Newer(BTreeMap<String, Image>),
    /// Drift: another deployment changed an image. The complete set to restore.
    Drift(BTreeMap<String, Image>),
    /// No change, and why.
    Stay(Reason),
}

/// What the tag policy of one repository offers.
enum Offer {
    /// Nothing new.
    Nothing,
    /// A newer image that may be rolled out.
    Take(Image),
    /// A newer image that may not be rolled out, or not yet, and why.
    Refuse(Reason),
}

/// Chooses for all repositories of a service together: one revision carries them all.
pub(super) fn choose(inputs: &Inputs<'_>) -> Choice {
    let current = current(inputs);
    let mut images = current.clone();
    let mut newer = false;
    let mut stay = Reason::UpToDate;
    for image in inputs.policy.images {
        match offer(inputs, image, current.get(&image.repository)) {
            Offer::Take(candidate) => {
                newer = true;
                images.insert(image.repository.clone(), candidate);
            }
            Offer::Nothing => {}
            Offer::Refuse(reason) => stay = reason,
        }
    }
    if images.len() < inputs.policy.images.len() {
        // A first start needs an image of every repository, else its tasks could not be pulled.
        return Choice::Stay(stay);
    }
    if newer {
        return Choice::Newer(images);
    }
    if inputs.observed.runs(&images) {
        return Choice::Stay(stay);
    }
    match (inputs.record.freeze(inputs.now), images.values().next()) {
        (Some(freeze), Some(image)) => Choice::Stay(Reason::Frozen { image: image.clone(), freeze: freeze.clone() }),
        _ => Choice::Drift(images),
    }
}

/// The images that should run if nothing new was pushed, by repository: those of the rollout in progress, else of the
/// current release, else the running ones.
pub(super) fn current(inputs: &Inputs<'_>) -> BTreeMap<String, Image> {
    let Inputs { record, observed, .. } = inputs;
    let in_progress = inputs.rolling_forward().map(|rollout| &rollout.images);
    let known = in_progress.or(record.current().map(|release| &release.images));
    let of = |image: &ImagePolicy| {
        let known = known.and_then(|images| images.get(&image.repository));
        let running = match observed.running.get(&image.repository) {
            Some(RunningImage::Known(running)) if !record.is_quarantined(&image.repository, &running.digest) => {
                Some(running)
            }
            _ => None,
        };
        // A newer image that was deployed manually stays: never downgrade a deployment that is not the automation's.
        let manual = running.filter(|running| {
            known.is_none_or(|known| running.pushed_at > known.pushed_at) && !was_released(record, image, running)
        });
        let chosen = manual.or(known).or(running)?;
        Some((image.repository.clone(), chosen.clone()))
    };
    inputs.policy.images.iter().filter_map(of).collect()
}

fn was_released(record: &Record, policy: &ImagePolicy, image: &Image) -> bool {
    let same = |other: &Image| other.digest == image.digest;
    record.releases.iter().any(|release| release.images.get(&policy.repository).is_some_and(same))
}

fn offer(inputs: &Inputs<'_>, policy: &ImagePolicy, current: Option<&Image>) -> Offer {
    let Inputs { record, observed, now, .. } = inputs;
    let repository = &policy.repository;
    let Some(image) = observed.candidates.get(repository).cloned().flatten() else {
        return match current {
            Some(_) => Offer::Nothing,
            None => Offer::Refuse(Reason::NoImage { repository: repository.clone(), tag: policy.tag.to_string() }),
        };
    };
    if current.is_some_and(|current| current.digest == image.digest) {
        return Offer::Nothing;
    }
    if let Some(entry) = record.quarantined(repository, &image.digest) {
        return Offer::Refuse(Reason::Quarantined { image, reason: entry.reason.clone(), since: entry.at });
    }
    if let Some(than) = newest_known(repository, record, current).filter(|than| image.pushed_at <= *than) {
        return Offer::Refuse(Reason::Older { image, than });
    }
    if let Some(freeze) = record.freeze(*now) {
        return Offer::Refuse(Reason::Frozen { image, freeze: freeze.clone() });
    }
    let gate = inputs.policy.rollout.scan.as_ref();
    match gate.and_then(|gate| scan_gate::refusal(gate, &image, *now)) {
        Some(reason) => Offer::Refuse(reason),
        None => Offer::Take(image),
    }
}

/// Push time of the newest image that ran, runs or failed here. An image pushed before it is outdated: a late event,
/// an image that was skipped, or one that a rollback passed over.
fn newest_known(repository: &str, record: &Record, current: Option<&Image>) -> Option<Timestamp> {
    let released = record.releases.iter().filter_map(|release| release.images.get(repository));
    let refused = record.quarantine.iter().filter(|entry| entry.repository == repository).map(|entry| &entry.image);
    released.chain(refused).chain(current).map(|image| image.pushed_at).max()
}
