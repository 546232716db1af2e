//! Scans: basic ones end, enhanced ones (Amazon Inspector) stay active and change whenever something new is known.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html>,
//! <https://docs.aws.amazon.com/inspector/latest/user/eventbridge-integration.html>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cx, Kind, World};
use crate::account::{ACCOUNT, REGION};

/// Number of findings by severity: `CRITICAL`, `HIGH`, `MEDIUM`, `LOW`, `INFORMATIONAL`, `UNDEFINED`.
pub type Findings = BTreeMap<String, i64>;

/// How the registry scans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scanning {
    /// Once after a push.
    #[default]
    Basic,
    /// By Amazon Inspector, continuously.
    Enhanced,
    /// Not at all.
    Off,
}

/// What ECR knows of a scan.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// `IN_PROGRESS`, `COMPLETE`, `FAILED`, `PENDING` or `ACTIVE`.
    pub status: &'static str,
    /// Why it failed.
    pub description: &'static str,
    /// When it ended, or was looked at last.
    pub at: Option<Timestamp>,
    /// What it found.
    pub findings: Findings,
}

impl Scan {
    pub(super) fn begun() -> Scan {
        Scan { status: "IN_PROGRESS", description: "", at: None, findings: Findings::default() }
    }

    pub(super) fn status(&self) -> Value {
        json!({ "status": self.status, "description": self.description })
    }

    /// Seconds since 1970 at which it ended.
    pub(super) fn ended(&self) -> Option<f64> {
        self.at.map(crate::world::seconds)
    }
}

/// The findings of a scan: what is left to say of a severity is its count.
pub fn finding(severity: &str, count: i64) -> Findings {
    Findings::from([(severity.to_owned(), count)])
}

/// A scan ends with what is in the image.
pub(super) fn end(world: &mut World, name: &str, digest: &str, cx: &mut Cx<'_>) {
    let found = world.ecr.repositories.get(name).and_then(|repository| repository.images.get(digest));
    let Some(image) = found else { return };
    let findings = match image.kind {
        Kind::Platform { .. } => Some(image.findings.clone()),
        _ => None,
    };
    scanned(world, name, digest, findings, cx);
}

/// A scan of an image ends, or is looked at again, with these findings; `None` where it failed. An event tells of it.
pub fn scanned(world: &mut World, name: &str, digest: &str, findings: Option<Findings>, cx: &mut Cx<'_>) {
    let enhanced = world.ecr.scanning == Scanning::Enhanced;
    let Some(repository) = world.ecr.repositories.get_mut(name) else { return };
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
