//! Orders: which image a tag policy selected when that was last acted on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Freeze;
use super::due::Due;
use super::postponed::Postponed;
use super::release::Release;
use super::restart::RestartResult;
use crate::model::{Digest, Image};

/// What a tag policy selected when that was last acted on: rolled out, refused for good or found running. Another image
/// now is a new order, whenever it was pushed: ECR keeps the first push of a digest as its push time, so the move of a
/// tag to an older image, to revert or to promote it, is seen by the move alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The image; `None` when no tag matched, or its rollout failed and the image is not to blame: what the policy selects
    /// is then a new order.
    #[serde(default)]
    pub image: Option<Image>,
    /// When it was first seen.
    pub at: Timestamp,
}

impl Order {
    /// Does it name this digest?
    pub fn names(&self, digest: &Digest) -> bool {
        self.image.as_ref().is_some_and(|image| image.digest == *digest)
    }
}

/// What was seen and is to be recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// By key: orders that are answered without a rollout.
    pub orders: BTreeMap<String, Order>,
    /// What the service runs, where no rollout of the automation brought it: the current release from now on.
    pub release: Option<Release>,
    /// What makes a restart due from now on.
    pub due: Option<Due>,
    /// The postponed rollout, with another hold-down.
    pub postponed: Option<Postponed>,
    /// What became of the last restart.
    pub restarted: Option<RestartResult>,
    /// The hold of the release from now on.
    pub held: Option<Freeze>,
    /// Does the release take the place of the rollout in progress?
    pub ends_rollout: bool,
    /// When all tasks of the rollout in progress ran.
    pub ran_at: Option<Timestamp>,
    /// Has the pre-deploy task of the rollout in progress succeeded?
    pub migrated: bool,
}
