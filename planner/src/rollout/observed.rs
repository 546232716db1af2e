//! What AWS shows of one service.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::capacity::Expiry;
use crate::model::{Digest, Image, Service, ServiceDeployment, Signature, Task};

/// What was observed of a service.
#[derive(Clone, Debug)]
pub struct Observed {
    /// As ECS describes it.
    pub service: Service,
    /// By key of the fleet's entry: the image that the tag policy selects now. An entry that could not be read is not here.
    pub candidates: BTreeMap<String, Option<Image>>,
    /// By key: why it is not known which image the tag policy selects.
    pub unread: BTreeMap<String, String>,
    /// The image of the push that is the trigger, where its tag still names one.
    pub pushed: Option<Pushed>,
    /// By key: the signatures of the image that the tag policy selects; read only where a gate asks for one.
    pub signatures: BTreeMap<String, Signatures>,
    /// By key: the image that the service's current revision names.
    pub running: BTreeMap<String, RunningImage>,
    /// Does the current revision name all these images by digest? A stack's revision names the tag `live`.
    pub pinned: bool,
    /// Has the current revision a health check? Until it has decided ECS reports the health of a task as `UNKNOWN`.
    pub health_check: bool,
    /// Digests of earlier releases of which ECR says that it has them no longer; read only for a rollback.
    pub deleted: Vec<Digest>,
    /// Running tasks; read only when a verdict on a deployment needs them.
    pub running_tasks: Vec<Task>,
    /// Stopped tasks of the deployment in question; read only when it may have failed.
    pub stopped_tasks: Vec<Task>,
    /// The service's deployments since the one in question, the newest first; read only when the service does not list it.
    pub history: Vec<ServiceDeployment>,
    /// The pre-deploy task, while the rollout waits for it and ECS still knows it.
    pub pre_deploy_task: Option<Task>,
    /// The hold on the service's capacity; read only when a restart is due.
    pub hold: Option<Expiry>,
    /// When the automation last requested a move to another capacity provider, which is a deployment too; read only when
    /// another deployment has replaced the one in question.
    pub moved_at: Option<Timestamp>,
}

/// An image that was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Key of the fleet's entry.
    pub key: String,
    /// What the pushed tag names now.
    pub image: Image,
    /// When this image was pushed under the tag, if the event says so of this image.
    pub at: Option<Timestamp>,
}

/// The signatures of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signatures {
    /// As ECR lists them.
    Known(Vec<Signature>),
    /// ECR could not be read, and why.
    Unread(String),
}

/// The image that the current revision names for a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunningImage {
    /// ECR has it.
    Known(Image),
    /// The revision is pinned to this digest, and ECR no longer has it.
    Deleted(Digest),
    /// The revision names a tag that ECR does not have: no task of it can have started.
    Absent,
    /// ECR could not be read; the digest where the revision is pinned to one.
    Unread {
        /// The digest that the revision names.
        digest: Option<Digest>,
        /// Why not.
        error: String,
    },
    /// The revision names a tag that moved after the deployment was created, or several images.
    Unknown,
}

impl Observed {
    /// Does the service's current revision name exactly these images?
    pub fn runs(&self, images: &BTreeMap<String, Image>) -> bool {
        images
            .iter()
            .all(|(repository, image)| self.running.get(repository).is_some_and(|running| running.is(&image.digest)))
    }

    /// Does the current revision name another image than one of these, as far as ECR could be read?
    pub(super) fn differs(&self, images: &BTreeMap<String, Image>) -> bool {
        let unread = |running: &RunningImage| matches!(running, RunningImage::Unread { digest: None, .. });
        let known = self.running.iter().filter(|(_, running)| !unread(running));
        known.into_iter().any(|(key, running)| images.get(key).is_some_and(|image| !running.is(&image.digest)))
    }

    /// A repository whose running image could not be read, and why.
    pub(super) fn unread_running(&self) -> Option<(String, String)> {
        self.running.iter().find_map(|(key, running)| match running {
            RunningImage::Unread { error, .. } => Some((key.clone(), error.clone())),
            RunningImage::Known(_) | RunningImage::Deleted(_) | RunningImage::Absent | RunningImage::Unknown => None,
        })
    }

    /// The running images that ECR still has, by key.
    pub(super) fn running_images(&self) -> BTreeMap<String, Image> {
        let known = |(repository, running): (&String, &RunningImage)| match running {
            RunningImage::Known(image) => Some((repository.clone(), image.clone())),
            RunningImage::Deleted(_) | RunningImage::Absent | RunningImage::Unread { .. } | RunningImage::Unknown => {
                None
            }
        };
        self.running.iter().filter_map(known).collect()
    }

    /// Id of the service's primary deployment; empty when it has none.
    pub(super) fn primary_id(&self) -> String {
        self.service.primary().map(|primary| primary.id.clone()).unwrap_or_default()
    }
}

impl RunningImage {
    /// Does the container run this digest, pinned or resolved from a tag?
    pub fn is(&self, digest: &Digest) -> bool {
        match self {
            RunningImage::Known(image) => image.digest == *digest,
            RunningImage::Deleted(named) | RunningImage::Unread { digest: Some(named), .. } => named == digest,
            RunningImage::Unread { digest: None, .. } | RunningImage::Absent | RunningImage::Unknown => false,
        }
    }
}
