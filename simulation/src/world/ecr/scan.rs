//! Scans: basic ones end, enhanced ones (Amazon Inspector) stay active and change with every new vulnerability.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html>,
//! <https://docs.aws.amazon.com/inspector/latest/user/eventbridge-integration.html>.

use serde_json::json;

use super::state::Ecr;
use crate::account::{ACCOUNT, REGION};
use crate::world::Cx;
use crate::world::behaviour::Flaw;
use crate::world::image::{Findings, Kind, Scan, Scanning};

impl Ecr {
    /// A scan ends with what is in the image.
    pub(super) fn end_scan(&mut self, name: &str, digest: &str, cx: &mut Cx<'_>) {
        let found = self.repositories.get(name).and_then(|repository| repository.images.get(digest));
        let Some(image) = found else { return };
        let findings = match image.kind {
            Kind::Platform { .. } if image.flaw != Some(Flaw::Unscannable) => Some(image.findings.clone()),
            _ => None,
        };
        self.scanned(name, digest, findings, cx);
    }

    /// A scan of an image ends, or is updated, with these findings, and an event; `None` where it failed.
    pub fn scanned(&mut self, name: &str, digest: &str, findings: Option<Findings>, cx: &mut Cx<'_>) {
        let enhanced = self.scanning == Scanning::Enhanced;
        let Some(repository) = self.repositories.get_mut(name) else { return };
        if !repository.images.contains_key(digest) {
            return;
        }
        repository.remember(cx.now);
        let tags: Vec<String> = repository.tags_of(digest).into_iter().map(str::to_owned).collect();
        let Some(image) = repository.images.get_mut(digest) else { return };
        let again = image.scan.as_ref().is_some_and(|scan| scan.at.is_some());
        let (status, description) = match (&findings, enhanced) {
            (Some(_), true) => ("ACTIVE", "Continuous scan is selected for image."),
            (Some(_), false) => ("COMPLETE", "The scan was completed successfully."),
            (None, _) => {
                ("FAILED", "UnsupportedImageError: The operating system and/or package manager are not supported.")
            }
        };
        let counts = findings.clone().unwrap_or_default();
        image.scan = Some(Scan { status, description, at: Some(cx.now), findings: counts.clone() });
        let arn = format!("arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}");
        if !enhanced {
            let mut detail = json!({
                "scan-status": if findings.is_some() { "COMPLETE" } else { "FAILED" }, "repository-name": name,
                "image-digest": digest, "image-tags": tags,
            });
            if findings.is_some() {
                detail["finding-severity-counts"] = json!(counts);
            }
            cx.emit("aws.ecr", "ECR Image Scan", &[arn], detail);
            return;
        }
        let mut counted = json!(counts);
        counted["TOTAL"] = counts.values().sum::<i64>().into();
        let detail = json!({
            // Its repository is an ARN, and its digest and tags are of the image.
            "version": "1.0", "scan-status": if again { "SCAN_COMPLETE" } else { "INITIAL_SCAN_COMPLETE" },
            "repository-name": arn, "finding-severity-counts": counted, "image-digest": digest, "image-tags": tags,
        });
        cx.emit("aws.inspector2", "Inspector2 Scan", &[arn], detail);
    }
}
