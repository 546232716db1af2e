//! Amazon ECR.

use aws_sdk_ecr::types::{DescribeImagesFilter, ImageDetail, ImageIdentifier, TagStatus};
use jiff::Timestamp;

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Error, Kind, Result};
use crate::model::{Digest, Image, ScanState};

/// The manifests that are moved under another tag: images and indexes, of Docker and OCI.
const MANIFESTS: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
];

/// Looks images up and moves tags.
#[derive(Clone, Debug)]
pub struct Ecr {
    client: aws_sdk_ecr::Client,
}

impl Ecr {
    /// A gateway over `connection`; no call is made.
    pub fn new(connection: &Connection) -> Ecr {
        let mut config = aws_sdk_ecr::config::Builder::from(connection.config());
        config.set_endpoint_url(connection.endpoint(Service::Ecr));
        Ecr { client: aws_sdk_ecr::Client::from_conf(config.build()) }
    }

    /// The image that `tag` names now, if it names one.
    ///
    /// Requires `ecr:DescribeImages`.
    ///
    /// # Errors
    /// `NotFound` when the repository is gone.
    pub async fn tagged(&self, repository: &str, tag: &str) -> Result<Option<Image>> {
        let found = self.describe(repository, ImageIdentifier::builder().image_tag(tag).build()).await;
        let found = found.context(|| format!("describe image {repository}:{tag}"))?;
        Ok(found.map(|image| Image { tag: Some(tag.to_owned()), ..image }))
    }

    /// The image with this digest, if ECR still has it.
    ///
    /// Requires `ecr:DescribeImages`.
    ///
    /// # Errors
    /// `NotFound` when the repository is gone.
    pub async fn by_digest(&self, repository: &str, digest: &Digest) -> Result<Option<Image>> {
        let id = ImageIdentifier::builder().image_digest(digest.as_str()).build();
        self.describe(repository, id).await.context(|| format!("describe image {repository}@{digest}"))
    }

    /// Every tagged image as a pair of tag and image.
    ///
    /// Requires `ecr:DescribeImages`.
    ///
    /// # Errors
    /// `NotFound` when the repository is gone.
    pub async fn images(&self, repository: &str) -> Result<Vec<(String, Image)>> {
        let context = || format!("describe images of {repository}");
        let filter = DescribeImagesFilter::builder().tag_status(TagStatus::Tagged).build();
        let call = self.client.describe_images().repository_name(repository).filter(filter).max_results(1000);
        let mut pages = call.into_paginator().send();
        let mut images = Vec::new();
        while let Some(page) = pages.next().await {
            for detail in page.map_err(classify).context(context)?.image_details() {
                let image = read(detail).context(context)?;
                for tag in detail.image_tags() {
                    images.push((tag.clone(), Image { tag: Some(tag.clone()), ..image.clone() }));
                }
            }
        }
        Ok(images)
    }

    /// Makes `tag` name `digest`, by putting the same manifest once more. Nothing happens when it does already.
    ///
    /// Requires `ecr:BatchGetImage`.
    /// Requires `ecr:PutImage`.
    ///
    /// # Errors
    /// `NotFound` when the repository no longer has the image.
    pub async fn tag(&self, repository: &str, digest: &Digest, tag: &str) -> Result<()> {
        let context = || format!("tag {repository}@{digest} as {tag}");
        let id = ImageIdentifier::builder().image_digest(digest.as_str()).build();
        let call = self.client.batch_get_image().repository_name(repository).image_ids(id);
        let call = call.set_accepted_media_types(Some(MANIFESTS.map(str::to_owned).to_vec()));
        let answer = call.send().await.map_err(classify).context(context)?;
        let Some(image) = answer.images().first() else {
            let failure = answer.failures().first();
            let code =
                failure.and_then(|failure| failure.failure_code()).map_or("no reason given", |code| code.as_str());
            let kind = if matches!(code, "ImageNotFound" | "no reason given") { Kind::NotFound } else { Kind::Invalid };
            return Err(Error::new(kind, format!("get its manifest: {code}"))).context(context);
        };
        let call = self.client.put_image().repository_name(repository).image_tag(tag).image_digest(digest.as_str());
        let call = call.set_image_manifest(image.image_manifest.clone());
        let call = call.set_image_manifest_media_type(image.image_manifest_media_type.clone());
        match call.send().await {
            Ok(_) => Ok(()),
            // The tag names this very digest already.
            Err(error) if error.as_service_error().is_some_and(|e| e.is_image_already_exists_exception()) => Ok(()),
            Err(error) => Err(classify(error)).context(context),
        }
    }

    async fn describe(&self, repository: &str, id: ImageIdentifier) -> Result<Option<Image>> {
        match self.client.describe_images().repository_name(repository).image_ids(id).send().await {
            Ok(answer) => answer.image_details().first().map(read).transpose(),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_image_not_found_exception()) => Ok(None),
            Err(error) => Err(classify(error)),
        }
    }
}

fn read(detail: &ImageDetail) -> Result<Image> {
    let missing = |field: &str| Error::invalid(format!("{field} is missing in the answer of ECR"));
    let digest = detail.image_digest().ok_or_else(|| missing("imageDigest"))?.parse()?;
    let pushed = detail.image_pushed_at().ok_or_else(|| missing("imagePushedAt"))?;
    let pushed_at = Timestamp::from_nanosecond(pushed.as_nanos());
    let pushed_at = pushed_at.map_err(|error| Error::invalid("imagePushedAt").with_source(error))?;
    Ok(Image { digest, tag: None, pushed_at, scan: scan(detail) })
}

/// Basic scans end as `COMPLETE`; enhanced scans stay `ACTIVE` and carry what they found so far.
fn scan(detail: &ImageDetail) -> ScanState {
    let Some(status) = detail.image_scan_status() else { return ScanState::Missing };
    let counts = detail.image_scan_findings_summary().and_then(|summary| summary.finding_severity_counts());
    match (status.status().map_or("", |status| status.as_str()), counts) {
        ("COMPLETE", None) => ScanState::Complete(Default::default()),
        ("COMPLETE" | "ACTIVE", Some(counts)) => {
            let count = |count: &i32| u32::try_from(*count).unwrap_or(0);
            ScanState::Complete(
                counts.iter().map(|(severity, n)| (severity.as_str().to_lowercase(), count(n))).collect(),
            )
        }
        ("IN_PROGRESS" | "PENDING" | "ACTIVE", _) => ScanState::Pending,
        (other, _) => ScanState::Failed(status.description().unwrap_or(other).to_owned()),
    }
}
