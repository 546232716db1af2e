//! What ECR and Inspector found in images.
//!
//! ECR scans images and no indexes, so the findings of a multi-platform image are those of its platforms. With enhanced
//! scanning `DescribeImages` says nothing, and `DescribeImageScanFindings` does. Sources:
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html>,
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html>,
//! <https://github.com/aws/containers-roadmap/issues/1683>.

use aws_sdk_ecr::types::ImageIdentifier;
use serde_json::Value;

use super::Ecr;
use super::scan_state::state;
use crate::aws::error::classify;
use crate::error::{Context, Error, Result};
use crate::many;
use planner::model::{Digest, Image, ScanState};

impl Ecr {
    /// The result for an image: what was described of it if that is one, else the worst of its platforms. What could not
    /// be read is unknown.
    ///
    /// Requires `ecr:BatchGetImage`.
    /// Requires `ecr:DescribeImageScanFindings`.
    ///
    /// For enhanced scans the caller needs those of Inspector too, as
    /// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-enhanced-iam.html> says:
    ///
    /// Requires `inspector2:ListCoverage`.
    /// Requires `inspector2:ListFindings`.
    pub async fn scan(&self, repository: &str, image: &Image) -> ScanState {
        if matches!(image.scan, ScanState::Complete(_) | ScanState::Pending) {
            return image.scan.clone();
        }
        let platforms = match self.platforms(repository, &image.digest).await {
            Ok(platforms) => platforms,
            Err(error) => return ScanState::Unknown(error.to_string()),
        };
        let each = platforms.iter().map(|digest| self.findings(repository, digest));
        let each = many::all(each).await.into_iter();
        ScanState::worst(each.map(|found| found.unwrap_or_else(|error| ScanState::Unknown(error.to_string()))))
    }

    /// The images of an index, without what only belongs to them; the image itself when it is no index.
    async fn platforms(&self, repository: &str, digest: &Digest) -> Result<Vec<Digest>> {
        let context = || format!("read the manifest of {repository}@{digest}");
        let manifest = self.manifest(repository, digest).await.context(context)?;
        let text = manifest.image_manifest().unwrap_or_default();
        let parsed = serde_json::from_str::<Value>(text);
        let manifest = parsed.map_err(|error| Error::invalid("manifest").with_source(error)).context(context)?;
        match manifest.get("manifests").and_then(Value::as_array) {
            None => Ok(vec![digest.clone()]),
            Some(children) => {
                let images = children.iter().filter(|child| !is_attestation(child));
                let digest = |child: &Value| child["digest"].as_str().unwrap_or_default().parse();
                images.map(digest).collect::<planner::Result<_>>().context(context)
            }
        }
    }

    /// What was found in one image, by basic or enhanced scanning.
    async fn findings(&self, repository: &str, digest: &Digest) -> Result<ScanState> {
        let id = ImageIdentifier::builder().image_digest(digest.as_str()).build();
        let call = self.client.describe_image_scan_findings().repository_name(repository).image_id(id);
        match call.set_registry_id(self.account.clone()).max_results(1).send().await {
            Ok(answer) => {
                let found = answer.image_scan_findings();
                let counts = found.and_then(|found| found.finding_severity_counts());
                let ended = found.is_some_and(|found| found.image_scan_completed_at().is_some());
                Ok(answer.image_scan_status().map_or(ScanState::Missing, |status| state(status, counts, ended)))
            }
            Err(error) if error.as_service_error().is_some_and(|e| e.is_scan_not_found_exception()) => {
                Ok(ScanState::Missing)
            }
            Err(error) => Err(classify(error)).context(|| format!("describe scan findings of {repository}@{digest}")),
        }
    }
}

/// Does this entry of an index describe another image instead of being one? Source:
/// <https://docs.docker.com/build/metadata/attestations/attestation-storage/>.
fn is_attestation(child: &Value) -> bool {
    child["annotations"].get("vnd.docker.reference.type").is_some() || child["platform"]["os"] == "unknown"
}
