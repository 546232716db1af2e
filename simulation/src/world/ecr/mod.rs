//! Amazon ECR: repositories, images and indexes, tags, scans, and the events about them.
//!
//! - Pushing an index pushes its children first, each a `PutImage` without tag:
//!   <https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-push-multi-architecture-image.html>.
//! - Immutable tags, and the exclusions that stay mutable:
//!   <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html>.
//! - `imagePushedAt` is the first push of a digest, also when a tag comes back to it: containers-roadmap#214, #2746.
//! - An index is not scanned (containers-roadmap#1683); with enhanced scanning DescribeImages has no scan status (#1662).
//! - Events, on a best effort basis: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html>.
//!
//! Reads may be of a moment ago, as those of every service here.

mod calls;
mod people;
mod scan;
mod signing;
mod state;

use serde_json::Value;

use super::Cx;
use super::wake;
use crate::wire::Answer;

pub use people::{Push, Shape, push, push_flawed};
pub use state::{Ecr, Repository};

impl Ecr {
    pub(super) fn call(&mut self, operation: &str, input: &Value, cx: &mut Cx<'_>) -> Answer {
        match operation {
            "DescribeImages" => calls::describe_images(self, input, cx),
            "BatchGetImage" => calls::batch_get_image(self, input, cx),
            "PutImage" => calls::put_image(self, input, cx),
            "ListImages" => calls::list_images(self, input, cx),
            "DescribeImageScanFindings" => calls::describe_image_scan_findings(self, input, cx),
            "DescribeImageSigningStatus" => signing::describe_image_signing_status(self, input, cx),
            other => panic!("the model has no ecr:{other}"),
        }
    }

    pub(super) fn wake(&mut self, wake: wake::Ecr, cx: &mut Cx<'_>) {
        match wake {
            wake::Ecr::Put { repository, image, tag } => {
                if let Err(failure) = self.put(&repository, *image, tag.as_deref(), cx) {
                    cx.note(format!("push to {repository} is refused: {failure}"));
                }
            }
            wake::Ecr::Scanned { repository, digest } => self.end_scan(&repository, &digest, cx),
            wake::Ecr::Signed { repository, digest } => self.end_signing(&repository, &digest, cx),
        }
    }
}
