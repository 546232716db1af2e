//! Quarantine: digests that failed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::Image;

/// A digest that is not rolled out again unless a `retry` requests it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// Repository name in this registry: `acme/web`.
    pub repository: String,
    /// The image whose digest failed.
    pub image: Image,
    /// What failed.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// Quarantine entries for the images of `bad` that `good` does not have.
pub(in crate::rollout) fn newly_quarantined(
    bad: &BTreeMap<String, Image>,
    good: &BTreeMap<String, Image>,
    reason: &str,
    now: Timestamp,
) -> Vec<Quarantine> {
    let is_good = |repository: &String, image: &Image| good.get(repository).is_some_and(|g| g.digest == image.digest);
    let bad = bad.iter().filter(|(repository, image)| !is_good(repository, image));
    let entry = |(repository, image): (&String, &Image)| Quarantine {
        repository: repository.clone(),
        image: image.clone(),
        reason: reason.to_owned(),
        at: now,
    };
    bad.map(entry).collect()
}
