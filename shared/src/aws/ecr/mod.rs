//! Amazon ECR: images and tags. A registry is one account in one region.

mod scan;
mod scan_state;
mod signature;
mod tag;

use aws_sdk_ecr::config::Region;
use aws_sdk_ecr::types::{DescribeImagesFilter, ImageDetail, ImageIdentifier, TagStatus};
use jiff::Timestamp;

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Error, Result};
use planner::model::{Digest, Image, Registry, version_tag, within_reach};

pub use tag::TagMove;

/// The manifests of what can run: images and indexes, of Docker and OCI.
const MANIFESTS: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
];
/// The configurations of images. A manifest with any other is a signature, an SBOM, a chart.
const CONFIGURATIONS: [&str; 2] =
    ["application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json"];

/// Looks images up and moves tags.
#[derive(Clone, Debug)]
pub struct Ecr {
    connection: Connection,
    client: aws_sdk_ecr::Client,
    /// Account of the registry; the default registry of the credentials when `None`.
    account: Option<String>,
}

impl Ecr {
    /// A gateway over `connection`; no call is made.
    pub fn new(connection: &Connection) -> Ecr {
        let mut config = aws_sdk_ecr::config::Builder::from(connection.config());
        config.set_endpoint_url(connection.endpoint(Service::Ecr));
        config.set_retry_partition(connection.retry_partition());
        let client = aws_sdk_ecr::Client::from_conf(config.build());
        Ecr { connection: connection.clone(), client, account: None }
    }

    /// The same gateway to another registry; no call is made.
    pub fn of(&self, registry: &Registry) -> Ecr {
        let in_region = |region: &String| {
            let config = self.client.config().to_builder().region(Region::new(region.clone()));
            aws_sdk_ecr::Client::from_conf(config.build())
        };
        let client = registry.region.as_ref().map_or_else(|| self.client.clone(), in_region);
        Ecr { connection: self.connection.clone(), client, account: registry.account.clone() }
    }

    /// The image that `tag` names now, if it names one.
    ///
    /// Requires `ecr:DescribeImages`.
    ///
    /// # Errors
    /// `NotFound` when the repository is gone.
    pub async fn tagged(&self, repository: &str, tag: &str) -> Result<Option<Image>> {
        Ok(self.tagged_with(repository, tag).await?.map(|(image, _)| image))
    }

    /// The same, with every tag that the image has.
    ///
    /// Requires `ecr:DescribeImages`.
    ///
    /// # Errors
    /// `NotFound` when the repository is gone.
    pub async fn tagged_with(&self, repository: &str, tag: &str) -> Result<Option<(Image, Vec<String>)>> {
        let found = self.describe(repository, ImageIdentifier::builder().image_tag(tag).build()).await;
        let found = found.context(|| format!("describe image {repository}:{tag}"))?;
        Ok(found.map(|(image, tags)| (Image { tag: Some(tag.to_owned()), ..image }, tags)))
    }

    /// The image with this digest, if ECR still has it.
    ///
    /// Requires `ecr:DescribeImages`.
    ///
    /// # Errors
    /// `NotFound` when the repository is gone.
    pub async fn by_digest(&self, repository: &str, digest: &Digest) -> Result<Option<Image>> {
        let id = ImageIdentifier::builder().image_digest(digest.as_str()).build();
        let found = self.describe(repository, id).await.context(|| format!("describe image {repository}@{digest}"))?;
        Ok(found.map(|(image, _)| image))
    }

    /// Every tagged image as a pair of tag and image; signatures, SBOMs and the like are left out.
    ///
    /// Requires `ecr:DescribeImages`.
    ///
    /// # Errors
    /// `NotFound` when the repository is gone.
    pub async fn images(&self, repository: &str) -> Result<Vec<(String, Image)>> {
        let context = || format!("describe images of {repository}");
        let filter = DescribeImagesFilter::builder().tag_status(TagStatus::Tagged).build();
        let call = self.client.describe_images().repository_name(repository).filter(filter).max_results(1000);
        let call = call.set_registry_id(self.account.clone());
        let mut pages = call.into_paginator().send();
        let mut images = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(classify).context(context)?;
            for detail in page.image_details().iter().filter(|detail| can_run(detail)) {
                let image = read(detail).context(context)?;
                for tag in detail.image_tags() {
                    images.push((tag.clone(), Image { tag: Some(tag.clone()), ..image.clone() }));
                }
            }
        }
        Ok(images)
    }

    async fn describe(&self, repository: &str, id: ImageIdentifier) -> Result<Option<(Image, Vec<String>)>> {
        let call = self.client.describe_images().set_registry_id(self.account.clone());
        match call.repository_name(repository).image_ids(id).send().await {
            Ok(answer) => {
                let detail = answer.image_details().first();
                detail.map(|detail| Ok((read(detail)?, detail.image_tags().to_vec()))).transpose()
            }
            Err(error) if error.as_service_error().is_some_and(|e| e.is_image_not_found_exception()) => Ok(None),
            Err(error) => Err(classify(error)),
        }
    }
}

/// Is it an image, as far as its media types say?
fn can_run(detail: &ImageDetail) -> bool {
    let manifest = detail.image_manifest_media_type();
    let is_index = manifest.is_some_and(|manifest| manifest.contains("index") || manifest.contains("list"));
    manifest.is_none_or(|manifest| MANIFESTS.contains(&manifest))
        && (is_index || detail.artifact_media_type().is_none_or(|config| CONFIGURATIONS.contains(&config)))
}

fn read(detail: &ImageDetail) -> Result<Image> {
    let missing = |field: &str| Error::invalid(format!("{field} is missing in the answer of ECR"));
    let digest = detail.image_digest().ok_or_else(|| missing("imageDigest"))?.parse()?;
    let pushed = detail.image_pushed_at().ok_or_else(|| missing("imagePushedAt"))?;
    let pushed_at = Timestamp::from_nanosecond(pushed.as_nanos());
    let pushed_at = pushed_at.map_err(|error| Error::invalid("imagePushedAt").with_source(error))?;
    let pushed_at = within_reach("imagePushedAt", pushed_at)?;
    let version = version_tag(detail.image_tags().iter().map(String::as_str)).map(str::to_owned);
    Ok(Image { digest, tag: None, version, pushed_at, scan: scan_state::of(detail) })
}

#[cfg(test)]
mod tests;
