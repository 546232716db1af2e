//! Amazon ECR.

use aws_sdk_ecr::types::{DescribeImagesFilter, ImageDetail, ImageIdentifier, TagStatus};
use jiff::Timestamp;

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Error, Kind, Result};
use planner::model::{Digest, Image, ScanState, version_tag};

/// The manifests that are moved under another tag: images and indexes, of Docker and OCI.
const MANIFESTS: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
];

/// What came of moving a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagMove {
    /// The tag named another image, or none, before.
    Moved,
    /// The tag named this image already.
    AlreadyThere,
}

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
    pub async fn tag(&self, repository: &str, digest: &Digest, tag: &str) -> Result<TagMove> {
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
            Ok(_) => Ok(TagMove::Moved),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_image_already_exists_exception()) => {
                Ok(TagMove::AlreadyThere)
            }
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
    let version = version_tag(detail.image_tags().iter().map(String::as_str)).map(str::to_owned);
    Ok(Image { digest, tag: None, version, pushed_at, scan: scan(detail) })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::testing::{Replay, run};
    use serde_json::{Value, json};

    fn digest() -> Digest {
        format!("sha256:{}", "ab".repeat(32)).parse().unwrap()
    }

    fn detail(more: Value) -> Value {
        let mut detail =
            json!({"imageDigest": digest().as_str(), "imagePushedAt": 1.7e9, "imageTags": ["v1", "latest"]});
        detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"imageDetails": [detail]})
    }

    fn found(more: Value) -> Image {
        let replay = Replay::new(&[(200, detail(more))]);
        run(Ecr::new(&replay.connection()).tagged("acme/web", "v1")).unwrap().unwrap()
    }

    #[test]
    fn a_tag_that_names_nothing_is_no_error_and_a_repository_that_is_gone_is() {
        let missing = |code: &str| Replay::new(&[(400, json!({"__type": code, "message": "gone"}))]);
        let replay = missing("ImageNotFoundException");
        assert_eq!(run(Ecr::new(&replay.connection()).tagged("acme/web", "v1")).unwrap(), None);
        let replay = missing("RepositoryNotFoundException");
        let error = run(Ecr::new(&replay.connection()).tagged("acme/web", "v1")).unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(error.to_string().starts_with("describe image acme/web:v1: RepositoryNotFoundException"), "{error}");
    }

    #[test]
    fn reads_every_state_of_a_scan() {
        let counts = json!({"findingSeverityCounts": {"CRITICAL": 1, "HIGH": 4}});
        let complete =
            found(json!({"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindingsSummary": counts.clone()}));
        let ScanState::Complete(severities) = complete.scan else { panic!("{:?}", complete.scan) };
        assert_eq!((severities["critical"], severities["high"]), (1, 4));
        assert_eq!(found(json!({})).scan, ScanState::Missing);
        assert_eq!(found(json!({"imageScanStatus": {"status": "IN_PROGRESS"}})).scan, ScanState::Pending);
        // Enhanced scanning never completes: it stays active, with what it has found so far.
        let active = found(json!({"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindingsSummary": counts}));
        assert!(matches!(active.scan, ScanState::Complete(severities) if severities["high"] == 4));
        assert_eq!(found(json!({"imageScanStatus": {"status": "ACTIVE"}})).scan, ScanState::Pending);
        let failed = json!({"imageScanStatus": {"status": "UNSUPPORTED_IMAGE", "description": "no packages"}});
        assert_eq!(found(failed).scan, ScanState::Failed("no packages".into()));
    }

    #[test]
    fn an_image_knows_the_version_among_all_its_tags() {
        assert_eq!(found(json!({"imageTags": ["latest", "3f2a9c1", "live"]})).version.as_deref(), Some("3f2a9c1"));
        assert_eq!(found(json!({"imageTags": ["latest", "live"]})).version, None);
        assert_eq!(found(json!({"imageTags": null})).version, None);
    }

    #[test]
    fn a_digest_that_is_none_is_reported() {
        let replay =
            Replay::new(&[(200, json!({"imageDetails": [{"imageDigest": "sha256:12", "imagePushedAt": 1.7e9}]}))]);
        let error = run(Ecr::new(&replay.connection()).tagged("acme/web", "v1")).unwrap_err();
        assert!(error.to_string().contains("image digest: got `sha256:12`"), "{error}");
    }

    #[test]
    fn every_tag_of_every_page_is_a_pair() {
        let first = json!({"imageDetails": detail(json!({}))["imageDetails"], "nextToken": "more"});
        let replay = Replay::new(&[(200, first), (200, detail(json!({"imageTags": ["v2"]})))]);
        let images = run(Ecr::new(&replay.connection()).images("acme/web")).unwrap();
        assert_eq!(images.iter().map(|(tag, _)| tag.as_str()).collect::<Vec<_>>(), ["v1", "latest", "v2"]);
        let sent = replay.sent();
        assert_eq!((&sent[0]["filter"], &sent[0]["maxResults"]), (&json!({"tagStatus": "TAGGED"}), &json!(1000)));
        assert_eq!(sent[1]["nextToken"], "more");
    }

    #[test]
    fn moving_a_tag_puts_the_very_same_manifest() {
        let image =
            json!({"imageManifest": "{\"x\": 1}", "imageManifestMediaType": "application/vnd.oci.image.index.v1+json"});
        let replay = Replay::new(&[(200, json!({"images": [image]})), (200, json!({}))]);
        let moved = run(Ecr::new(&replay.connection()).tag("acme/web", &digest(), "live"));
        assert_eq!(moved.unwrap(), TagMove::Moved);
        let [get, put] = &replay.sent()[..] else { panic!("{:?}", replay.sent()) };
        assert_eq!(get["acceptedMediaTypes"], json!(MANIFESTS));
        assert_eq!((&put["imageManifest"], &put["imageTag"]), (&json!("{\"x\": 1}"), &json!("live")));
        assert_eq!(put["imageManifestMediaType"], "application/vnd.oci.image.index.v1+json");
        assert_eq!(put["imageDigest"], digest().as_str());
    }

    #[test]
    fn a_tag_that_is_there_already_is_fine_and_an_image_that_is_gone_is_reported() {
        let image = json!({"images": [{"imageManifest": "{}"}]});
        let there = json!({"__type": "ImageAlreadyExistsException", "message": "exists"});
        let replay = Replay::new(&[(200, image), (400, there)]);
        let moved = run(Ecr::new(&replay.connection()).tag("acme/web", &digest(), "live"));
        assert_eq!(moved.unwrap(), TagMove::AlreadyThere);
        let gone = json!({"images": [], "failures": [{"failureCode": "ImageNotFound"}]});
        let replay = Replay::new(&[(200, gone)]);
        let error = run(Ecr::new(&replay.connection()).tag("acme/web", &digest(), "live")).unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(error.to_string().ends_with("as live: get its manifest: ImageNotFound"), "{error}");
    }
}
