//! What the ledger remembers of one service's images.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Digest, Image};

/// How many releases are remembered; the oldest goes first.
const RELEASES: usize = 8;
/// How many quarantined digests are remembered; the oldest goes first.
const QUARANTINED: usize = 32;

/// Everything that is remembered of one service's images; one item of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What was verified to run, newest first.
    #[serde(default)]
    pub releases: Vec<Release>,
    /// What is on its way.
    #[serde(default)]
    pub rollout: Option<Rollout>,
    /// Digests that are not rolled again unless somebody asks.
    #[serde(default)]
    pub quarantine: Vec<Quarantine>,
    /// The revision from which rolling forward has failed: not tried again from the same place.
    #[serde(default)]
    pub stuck_at: Option<String>,
    /// Pushes are held back until then.
    #[serde(default)]
    pub frozen: Option<Freeze>,
    /// The last restart; without a deployment it is claimed and not known to have happened.
    #[serde(default)]
    pub restart: Option<Restart>,
}

/// A set of images that was seen running.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Image by repository.
    pub images: BTreeMap<String, Image>,
    /// ARN of the revision that ran it.
    pub revision: String,
    /// Id of the deployment that brought it.
    pub deployment: String,
    /// When its rollout was claimed: its image may take requests from then on.
    pub started_at: Timestamp,
    /// When it was verified.
    pub at: Timestamp,
}

/// A rollout on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// Names it in task starters and client tokens: `<digest>-<milliseconds of its claim>`.
    pub id: String,
    /// Why it was started.
    pub cause: Cause,
    /// What the service should run when it is done, by repository.
    pub images: BTreeMap<String, Image>,
    /// What the service ran before, by repository, as far as it was known.
    #[serde(default)]
    pub before: BTreeMap<String, Image>,
    /// ARN of the revision that the service had before.
    pub from: String,
    /// When it was claimed.
    pub started_at: Timestamp,
    /// How far it is.
    pub phase: Phase,
}

/// How far a rollout is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// An invocation has it in its hands; after the lease another may take it over.
    Claimed {
        /// Desired count for a service that starts for the first time.
        #[serde(default)]
        start: Option<u32>,
    },
    /// The one-off task before the roll runs.
    Before {
        /// ARN of the new revision.
        revision: String,
        /// ARN of the task.
        task: String,
        /// Desired count for a service that starts for the first time.
        #[serde(default)]
        start: Option<u32>,
    },
    /// ECS replaces tasks.
    Deploying {
        /// ARN of the new revision.
        revision: String,
        /// Id of the deployment.
        deployment: String,
    },
    /// The service runs no tasks: nothing is proven until it wakes.
    Staged {
        /// ARN of the new revision.
        revision: String,
        /// Id of the deployment.
        deployment: String,
    },
    /// The deployment failed and ECS puts the former revision back.
    RollingBack {
        /// Id of the deployment that failed.
        failed: String,
        /// Since when.
        since: Timestamp,
    },
}

/// Why a rollout was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The first image of a service that never ran.
    FirstStart,
    /// A newer image.
    Push,
    /// Something else deployed another image, a stack update for instance.
    Drift,
    /// Somebody asked for the release before.
    Rollback {
        /// Who.
        by: String,
        /// Why, in their words.
        #[serde(default)]
        why: Option<String>,
    },
    /// Somebody asked for this image although it was refused.
    Retry {
        /// Who.
        by: String,
    },
    /// The image failed when the service woke.
    FailedWake,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::FirstStart => f.write_str("the first image of this service arrived"),
            Cause::Push => f.write_str("a newer image was pushed"),
            Cause::Drift => {
                f.write_str("a deployment from outside, such as a stack update, had put back another image")
            }
            Cause::Rollback { by, why: Some(why) } => write!(f, "{by} asked for the release before: {why}"),
            Cause::Rollback { by, why: None } => write!(f, "{by} asked for the release before"),
            Cause::Retry { by } => write!(f, "{by} asked for this image"),
            Cause::FailedWake => f.write_str("the staged image failed when the service woke"),
        }
    }
}

/// A digest that is not rolled again unless somebody asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// Its repository.
    pub repository: String,
    /// The image.
    pub image: Image,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// Pushes are held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// Until when.
    pub until: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// Why, in their words.
    #[serde(default)]
    pub why: Option<String>,
}

/// New tasks of what runs, asked for by somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// Who asked for it.
    pub by: String,
    /// Why, in their words.
    #[serde(default)]
    pub why: Option<String>,
    /// When it was claimed.
    pub at: Timestamp,
    /// Id of the deployment whose tasks are replaced.
    pub replaces: String,
    /// Id of the deployment that replaces them; none until ECS named it.
    #[serde(default)]
    pub deployment: Option<String>,
}

impl Record {
    /// What was last verified to run.
    pub fn current(&self) -> Option<&Release> {
        self.releases.first()
    }

    /// The newest release before the current one that may run again.
    pub fn previous(&self) -> Option<&Release> {
        let current = self.current()?;
        let good = |release: &&Release| {
            !same_digests(&release.images, &current.images)
                && !release.images.iter().any(|(repository, image)| self.is_quarantined(repository, &image.digest))
        };
        self.releases.iter().skip(1).find(good)
    }

    /// Did the images of the current release run before another release did? Then it is one that was gone back to.
    pub fn ran_before(&self, release: &Release) -> bool {
        let others = self.releases.iter().filter(|other| other.deployment != release.deployment);
        others.into_iter().any(|other| same_digests(&other.images, &release.images))
    }

    /// The quarantine of a digest, if it is in quarantine.
    pub fn quarantined(&self, repository: &str, digest: &Digest) -> Option<&Quarantine> {
        self.quarantine.iter().find(|entry| entry.repository == repository && entry.image.digest == *digest)
    }

    /// Is this digest in quarantine?
    pub fn is_quarantined(&self, repository: &str, digest: &Digest) -> bool {
        self.quarantined(repository, digest).is_some()
    }

    /// The freeze that holds at `now`.
    pub fn freeze(&self, now: Timestamp) -> Option<&Freeze> {
        self.frozen.as_ref().filter(|freeze| freeze.until > now)
    }

    /// Puts `entry` into quarantine, once.
    pub fn add_quarantine(&mut self, entry: Quarantine) {
        if !self.is_quarantined(&entry.repository, &entry.image.digest) {
            self.quarantine.insert(0, entry);
            self.quarantine.truncate(QUARANTINED);
        }
    }

    /// Lets `digest` out of quarantine.
    pub fn release_from_quarantine(&mut self, repository: &str, digest: &Digest) {
        self.quarantine.retain(|entry| entry.repository != repository || entry.image.digest != *digest);
    }

    /// Remembers what was verified to run.
    pub fn add_release(&mut self, release: Release) {
        self.releases.insert(0, release);
        self.releases.truncate(RELEASES);
    }
}

/// Do both sets name the same digests?
pub(super) fn same_digests(a: &BTreeMap<String, Image>, b: &BTreeMap<String, Image>) -> bool {
    a.len() == b.len()
        && a.iter().all(|(repository, image)| b.get(repository).is_some_and(|b| b.digest == image.digest))
}
