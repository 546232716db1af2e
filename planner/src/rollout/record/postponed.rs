//! Rollouts that the environment prevented.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::release::same_digests;
use super::rollout::{Cause, Rollout};
use crate::model::Image;

/// How long the first retry waits; each further one waits twice as long.
const FIRST: SignedDuration = SignedDuration::from_mins(15);
/// The longest wait.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);

/// A rollout that the environment prevented: no capacity, a missing secret, a role, a refused call. Its images are not in
/// quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Postponed {
    /// The images to run, by repository.
    pub images: BTreeMap<String, Image>,
    /// ARN of the revision that it was copied from: another one may have corrected the cause.
    pub revision: String,
    /// Why it was started: what a person requested is not repeated by what the tags name.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// ARN of the revision that it copies, where it names one.
    #[serde(default)]
    pub copies: Option<String>,
    /// What prevented it.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was prevented last.
    pub since: Timestamp,
    /// When it is tried again.
    pub until: Timestamp,
}

impl Postponed {
    /// `rollout` was prevented once more.
    pub(super) fn new(rollout: &Rollout, before: Option<&Postponed>, reason: &str, now: Timestamp) -> Postponed {
        let before = before.filter(|before| same_digests(&before.images, &rollout.images));
        let attempts = before.map_or(0, |before| before.attempts).saturating_add(1);
        let wait = hold_down(attempts);
        Postponed {
            images: rollout.images.clone(),
            revision: rollout.previous_revision.clone(),
            cause: Some(rollout.cause.clone()),
            copies: rollout.revision.clone(),
            reason: reason.to_owned(),
            attempts,
            since: now,
            until: now.checked_add(wait).unwrap_or(Timestamp::MAX),
        }
    }

    /// Does a rollout of these images from this revision wait still?
    pub(in crate::rollout) fn holds(&self, images: &BTreeMap<String, Image>, revision: &str, now: Timestamp) -> bool {
        now < self.until && self.revision == revision && same_digests(&self.images, images)
    }
}

/// How long the next attempt waits after so many, one at least.
pub(in crate::rollout) fn hold_down(attempts: u32) -> SignedDuration {
    FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(LONGEST)
}
