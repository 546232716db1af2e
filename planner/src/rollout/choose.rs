//! Which image of each repository a service should run.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::plan::{Running, Seen};
use super::policy::Policy;
use super::policy::{ImagePolicy, ScanGate, Unscanned};
use super::reason::Reason;
use super::state::{Phase, Record};
use crate::model::{Image, ScanState};

/// What should become of a service's images.
pub(super) enum Choice {
    /// There is a newer image: the complete set to run.
    Newer(BTreeMap<String, Image>),
    /// Something from outside runs another image than it should: the complete set to put back.
    Drift(BTreeMap<String, Image>),
    /// Nothing, and why.
    Stay(Reason),
}

/// What the tag policy of one repository has to offer.
enum Offer {
    /// Nothing new.
    Nothing,
    /// A newer image that may be rolled.
    Take(Image),
    /// A newer image that may not, or not yet, and why.
    Refuse(Reason),
}

/// Chooses for all repositories of a service together: one revision carries them all.
pub(super) fn choose(policy: Policy<'_>, record: &Record, seen: &Seen, now: Timestamp) -> Choice {
    let current = current(policy, record, seen);
    let mut images = current.clone();
    let mut newer = false;
    let mut stay = Reason::UpToDate;
    for image in policy.images {
        match candidate(image, policy.rollout.scan.as_ref(), record, seen, current.get(&image.repository), now) {
            Offer::Take(candidate) => {
                newer = true;
                images.insert(image.repository.clone(), candidate);
            }
            Offer::Nothing => {}
            Offer::Refuse(reason) => stay = reason,
        }
    }
    if images.len() < policy.images.len() {
        // A first start needs an image of every repository, else its tasks could not be pulled.
        return Choice::Stay(stay);
    }
    if newer {
        return Choice::Newer(images);
    }
    if seen.runs(&images) {
        return Choice::Stay(stay);
    }
    match (record.freeze(now), images.values().next()) {
        (Some(freeze), Some(image)) => Choice::Stay(Reason::Frozen { image: image.clone(), freeze: freeze.clone() }),
        _ => Choice::Drift(images),
    }
}

/// What should run if nothing new had come: what is on its way, else what was verified, else what runs.
pub(super) fn current(policy: Policy<'_>, record: &Record, seen: &Seen) -> BTreeMap<String, Image> {
    let on_its_way = record.rollout.as_ref().filter(|rollout| !matches!(rollout.phase, Phase::RollingBack { .. }));
    let known = on_its_way.map(|rollout| &rollout.images).or(record.current().map(|release| &release.images));
    let of = |image: &ImagePolicy| {
        let known = known.and_then(|images| images.get(&image.repository));
        let running = match seen.running.get(&image.repository) {
            Some(Running::Image(running)) if !record.is_quarantined(&image.repository, &running.digest) => {
                Some(running)
            }
            _ => None,
        };
        // A newer image that somebody deployed by hand is theirs to keep: never downgrade what we did not deploy.
        let by_hand = running.filter(|running| {
            known.is_none_or(|known| running.pushed_at > known.pushed_at) && !was_released(record, image, running)
        });
        let chosen = by_hand.or(known).or(running)?;
        Some((image.repository.clone(), chosen.clone()))
    };
    policy.images.iter().filter_map(of).collect()
}

fn was_released(record: &Record, policy: &ImagePolicy, image: &Image) -> bool {
    let same = |other: &Image| other.digest == image.digest;
    record.releases.iter().any(|release| release.images.get(&policy.repository).is_some_and(same))
}

/// What one repository has to offer.
fn candidate(
    policy: &ImagePolicy,
    gate: Option<&ScanGate>,
    record: &Record,
    seen: &Seen,
    current: Option<&Image>,
    now: Timestamp,
) -> Offer {
    let repository = &policy.repository;
    let Some(image) = seen.candidates.get(repository).cloned().flatten() else {
        return match current {
            Some(_) => Offer::Nothing,
            None => Offer::Refuse(Reason::NoImage { repository: repository.clone(), tag: policy.tag.to_string() }),
        };
    };
    if current.is_some_and(|current| current.digest == image.digest) {
        return Offer::Nothing;
    }
    if let Some(entry) = record.quarantined(repository, &image.digest) {
        return Offer::Refuse(Reason::Quarantined { image, why: entry.reason.clone(), since: entry.at });
    }
    if let Some(than) = newest_seen(repository, record, current).filter(|than| image.pushed_at <= *than) {
        return Offer::Refuse(Reason::Older { image, than });
    }
    if let Some(freeze) = record.freeze(now) {
        return Offer::Refuse(Reason::Frozen { image, freeze: freeze.clone() });
    }
    match gate {
        Some(gate) => passes(gate, image, now),
        None => Offer::Take(image),
    }
}

/// When the newest image was pushed that ever ran, runs or failed here. Anything pushed before it is old news: a late
/// event, an image that was skipped, or the rest of what a rollback stepped over.
fn newest_seen(repository: &str, record: &Record, current: Option<&Image>) -> Option<Timestamp> {
    let released = record.releases.iter().filter_map(|release| release.images.get(repository));
    let refused = record.quarantine.iter().filter(|entry| entry.repository == repository).map(|entry| &entry.image);
    released.chain(refused).chain(current).map(|image| image.pushed_at).max()
}

fn passes(gate: &ScanGate, image: Image, now: Timestamp) -> Offer {
    let until = image.pushed_at + SignedDuration::from_mins(gate.wait_minutes.into());
    let refuse = |finding: String, image: Image| Offer::Refuse(Reason::ScanRefused { image, finding });
    match &image.scan {
        ScanState::Complete(found) => {
            let count = |severity: &String| found.get(severity).copied().unwrap_or(0);
            let over = gate.max.iter().find(|(severity, most)| count(severity) > **most);
            match over {
                Some((severity, most)) => {
                    let finding = format!("{} {severity} findings, at most {most} allowed", count(severity));
                    refuse(finding, image)
                }
                None => Offer::Take(image),
            }
        }
        ScanState::Missing | ScanState::Pending if now < until => Offer::Refuse(Reason::AwaitingScan { image, until }),
        ScanState::Missing | ScanState::Pending | ScanState::Failed(_) if gate.unscanned == Unscanned::Accept => {
            Offer::Take(image)
        }
        ScanState::Missing | ScanState::Pending => {
            refuse(format!("no scan result within {} minutes", gate.wait_minutes), image)
        }
        ScanState::Failed(why) => {
            let finding = format!("its scan failed: {why}");
            refuse(finding, image)
        }
    }
}
