//! What the ledger keeps of one service's images.

mod due;
mod failed;
mod order;
mod outstanding;
mod postponed;
mod quarantine;
mod release;
mod restart;
mod rollout;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use due::{ChangedSecrets, Due, RestartCause, Retirement};
pub use failed::{FailedRollout, Recovery};
pub use order::{Noted, Order};
pub use outstanding::{Outstanding, Work};
pub use postponed::Postponed;
pub(super) use postponed::hold_down;
pub use quarantine::Quarantine;
pub(super) use quarantine::newly_quarantined;
pub use release::Release;
pub(super) use release::same_digests;
pub use restart::{Restart, RestartResult};
pub use rollout::{Cause, Phase, Rollout};

use crate::model::Digest;

/// How many releases are kept; the oldest goes first.
const RELEASES: usize = 8;
/// How many quarantined digests are kept; the oldest goes first.
const QUARANTINED: usize = 32;

/// What the ledger keeps of one service's images, in one item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Verified releases, newest first.
    #[serde(default)]
    pub releases: Vec<Release>,
    /// The rollout in progress.
    #[serde(default)]
    pub rollout: Option<Rollout>,
    /// By key of the fleet's entry: the last order of its tag policy.
    #[serde(default)]
    pub orders: BTreeMap<String, Order>,
    /// Digests that are not rolled out again unless a `retry` requests it.
    #[serde(default)]
    pub quarantine: Vec<Quarantine>,
    /// ARN of the revision from which correcting drift failed: not tried again from the same revision.
    #[serde(default)]
    pub stuck_at: Option<String>,
    /// Pushes wait until this ends.
    #[serde(default)]
    pub frozen: Option<Freeze>,
    /// The release that a rollback restored is held: newer images wait until this ends, and nothing else does.
    #[serde(default)]
    pub held: Option<Freeze>,
    /// The rollout that the environment prevented: tried again later.
    #[serde(default)]
    pub postponed: Option<Postponed>,
    /// What a verified release still needs: its tags, an invalidation. Tried again at every look.
    #[serde(default)]
    pub outstanding: Vec<Outstanding>,
    /// The last restart; without a deployment it is claimed and not confirmed.
    #[serde(default)]
    pub restart: Option<Restart>,
    /// What makes another restart due.
    #[serde(default)]
    pub due: Due,
}

/// A freeze, or the hold of a release: pushes wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// When it ends.
    pub until: Timestamp,
    /// Who requested it.
    pub by: String,
    /// Why, in the requester's words.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Record {
    /// The last verified release.
    pub fn current(&self) -> Option<&Release> {
        self.releases.first()
    }

    /// Has the automation started the service, whether its first image has been verified or not? An image that is rolled out
    /// to a service which others have scaled to zero starts nothing.
    pub fn has_started(&self) -> bool {
        let starts = |rollout: &Rollout| rollout.updated_at().is_some() && rollout.cause == Cause::FirstStart;
        !self.releases.is_empty() || self.rollout.as_ref().is_some_and(starts)
    }

    /// The newest release before the current one with other images, none of them in quarantine.
    pub fn previous(&self) -> Option<&Release> {
        self.earlier().next()
    }

    /// The releases before the current one with other images, none of them in quarantine, newest first.
    pub fn earlier(&self) -> impl Iterator<Item = &Release> {
        let good = |release: &&Release| {
            self.current().is_some_and(|current| !same_digests(&release.images, &current.images))
                && !release.images.iter().any(|(repository, image)| self.is_quarantined(repository, &image.digest))
        };
        self.releases.iter().skip(1).filter(good)
    }

    /// Is `release` a rollback: did another release run its images as well?
    pub fn is_rollback(&self, release: &Release) -> bool {
        let mut others = self.releases.iter().filter(|other| other.deployment != release.deployment);
        others.any(|other| same_digests(&other.images, &release.images))
    }

    /// The quarantine entry of a digest.
    pub fn quarantined(&self, repository: &str, digest: &Digest) -> Option<&Quarantine> {
        self.quarantine.iter().find(|entry| entry.repository == repository && entry.image.digest == *digest)
    }

    /// Must this digest not be rolled out again without a `retry`?
    pub fn is_quarantined(&self, repository: &str, digest: &Digest) -> bool {
        self.quarantined(repository, digest).is_some()
    }

    /// The freeze in effect at `now`.
    pub fn freeze(&self, now: Timestamp) -> Option<&Freeze> {
        self.frozen.as_ref().filter(|freeze| freeze.until > now)
    }

    /// The hold of the release in effect at `now`.
    pub fn hold(&self, now: Timestamp) -> Option<&Freeze> {
        self.held.as_ref().filter(|hold| hold.until > now)
    }

    /// Puts `entry` into quarantine, unless its digest is there already.
    pub fn add_quarantine(&mut self, entry: Quarantine) {
        if !self.is_quarantined(&entry.repository, &entry.image.digest) {
            self.quarantine.insert(0, entry);
            self.quarantine.truncate(QUARANTINED);
        }
    }

    /// Takes `digest` out of quarantine.
    pub fn unquarantine(&mut self, repository: &str, digest: &Digest) {
        self.quarantine.retain(|entry| entry.repository != repository || entry.image.digest != *digest);
    }

    /// Ends the rollout in progress, or lets it wait until ECS has rolled it back.
    pub fn fail(&mut self, failed: FailedRollout, now: Timestamp) {
        // No release was restored that could be held.
        self.held.take_if(|_| self.rollout.as_ref().is_some_and(|rollout| rollout.cause.is_rollback()));
        if failed.quarantine.is_empty() {
            self.reopen_orders();
        }
        for entry in failed.quarantine {
            self.add_quarantine(entry);
        }
        if failed.stuck_at.is_some() {
            self.stuck_at = failed.stuck_at;
        }
        if failed.postponed.is_some() {
            self.postponed = failed.postponed;
        }
        match (failed.recover, &mut self.rollout) {
            (Some(Recovery { failed, revision }), Some(rollout)) => {
                rollout.phase = Phase::RollingBack { failed, revision, since: now };
            }
            (_, rollout) => {
                let ended = rollout.take().filter(|rollout| rollout.updated_at().is_none());
                *rollout = ended.and_then(|rollout| rollout.superseded).map(|before| *before);
            }
        }
    }

    /// No image is to blame for the failure: what the rollout introduced stays ordered.
    fn reopen_orders(&mut self) {
        let introduced = self.rollout.iter().filter(|rollout| rollout.cause.introduces_images());
        for (key, image) in introduced.flat_map(|rollout| &rollout.images) {
            let order = self.orders.get_mut(key).filter(|order| order.names(&image.digest));
            if let Some(order) = order {
                order.image = None;
            }
        }
    }

    /// Ends a rollout that failed, and so did what should have replaced it: no release is left that could be held. What the
    /// environment prevented waits on the `revision` that the service is left with, too.
    pub fn abandon(&mut self, revision: &str) {
        (self.rollout, self.held) = (None, None);
        if let Some(postponed) = &mut self.postponed {
            postponed.revision = revision.to_owned();
        }
    }

    /// Ends the rollout in progress: its releases are verified.
    pub fn complete(&mut self, releases: Vec<Release>) {
        let rolled_back = self.rollout.as_ref().is_some_and(|rollout| rollout.cause.is_rollback());
        // Rolling back does not change what prevented the other rollout: its hold-down continues from the new revision.
        self.postponed = self.postponed.take().filter(|_| rolled_back).and_then(|postponed| {
            let revision = releases.last()?.revision.clone();
            Some(Postponed { revision, ..postponed })
        });
        for release in releases {
            self.add_release(release);
        }
        (self.rollout, self.stuck_at) = (None, None);
    }

    /// Records what was seen.
    pub fn note(&mut self, noted: Noted) {
        self.orders.extend(noted.orders);
        if let Some(due) = noted.due {
            self.due = due;
        }
        if noted.postponed.is_some() {
            self.postponed = noted.postponed;
        }
        if let Some(restart) = self.restart.as_mut().filter(|_| noted.restarted.is_some()) {
            restart.result = noted.restarted;
        }
        if noted.held.is_some() {
            self.held = noted.held;
        }
        if let Some(rollout) = &mut self.rollout {
            rollout.ran_at = noted.ran_at.or(rollout.ran_at);
            rollout.migrated |= noted.migrated;
        }
        if let Some(release) = noted.release {
            self.add_release(release);
        }
        self.rollout.take_if(|_| noted.ends_rollout);
    }

    /// Notes what a verified release still needs; the same kind of work for an earlier release is no longer needed.
    pub fn owe(&mut self, work: Work, now: Timestamp) {
        self.outstanding.retain(|other| std::mem::discriminant(&other.work) != std::mem::discriminant(&work));
        self.outstanding.push(Outstanding { work, since: now });
    }

    /// Adds a verified release as the current one.
    pub fn add_release(&mut self, release: Release) {
        self.releases.insert(0, release);
        self.releases.truncate(RELEASES);
    }
}
