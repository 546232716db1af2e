//! What AWS shows of one service.

use std::collections::BTreeMap;

use crate::model::{Digest, Image, Service, ServiceDeployment, Task};

/// What was observed of a service.
#[derive(Clone, Debug)]
pub struct Observed {
    /// As ECS describes it.
    pub service: Service,
    /// By repository: the image that the tag policy selects now.
    pub candidates: BTreeMap<String, Option<Image>>,
    /// By repository: the image that the service's current revision names.
    pub running: BTreeMap<String, RunningImage>,
    /// Running tasks; read only when a verdict on a deployment needs them.
    pub running_tasks: Vec<Task>,
    /// Stopped tasks of the deployment in question; read only when it may have failed.
    pub stopped_tasks: Vec<Task>,
    /// The service's deployments since the one in question, the newest first; read only when the service does not list it.
    pub history: Vec<ServiceDeployment>,
    /// The pre-deploy task, while the rollout waits for it and ECS still knows it.
    pub pre_deploy_task: Option<Task>,
}

/// The image that the current revision names for a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunningImage {
    /// ECR has it.
    Known(Image),
    /// The revision is pinned to this digest, and ECR no longer has it.
    Deleted(Digest),
    /// The revision names a tag that does not exist, or that moved after the deployment was created.
    Unknown,
}

impl Observed {
    /// Does the service's current revision name exactly these images?
    pub fn runs(&self, images: &BTreeMap<String, Image>) -> bool {
        images
            .iter()
            .all(|(repository, image)| self.running.get(repository).is_some_and(|running| running.is(&image.digest)))
    }

    /// The running images that ECR still has, by repository.
    pub(super) fn running_images(&self) -> BTreeMap<String, Image> {
        let known = |(repository, running): (&String, &RunningImage)| match running {
            RunningImage::Known(image) => Some((repository.clone(), image.clone())),
            RunningImage::Deleted(_) | RunningImage::Unknown => None,
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
            RunningImage::Deleted(deleted) => deleted == digest,
            RunningImage::Unknown => false,
        }
    }
}
