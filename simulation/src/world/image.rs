//! An image, an index of images, or what is pushed beside them, and what a scan finds in it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::behaviour::{Behaviour, Flaw};
use super::time::seconds;

/// Media type of an image's manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of an index.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of an image's configuration, which marks it as an image.
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

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

/// The scan of an image, as ECR answers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// `IN_PROGRESS`, `COMPLETE`, `FAILED`, `PENDING` or `ACTIVE`.
    pub status: &'static str,
    /// Why it failed.
    pub description: &'static str,
    /// When it ended, or was updated last.
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
        self.at.map(seconds)
    }
}

/// Findings of one severity.
pub fn finding(severity: &str, count: i64) -> Findings {
    Findings::from([(severity.to_owned(), count)])
}

/// What a digest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An image for one platform.
    Platform {
        /// `amd64` or `arm64`.
        architecture: &'static str,
    },
    /// An index: digests of the images and of their attestations.
    Index {
        /// Its children.
        children: Vec<String>,
    },
    /// How BuildKit built an image: <https://docs.docker.com/build/metadata/attestations/attestation-storage/>.
    Attestation,
    /// A signature of cosign, tagged `sha256-<digest>.sig`.
    Signature,
}

/// An image, or an index of images.
#[derive(Clone, Debug)]
pub struct Image {
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// When it was pushed first.
    pub pushed_at: Timestamp,
    /// What its tasks do.
    pub behaviour: Behaviour,
    /// What it is.
    pub kind: Kind,
    /// Its size in bytes.
    pub size: i64,
    /// Its manifest, as ECR keeps it.
    pub manifest: String,
    /// What a scan finds in it, by severity.
    pub findings: Findings,
    /// Its scan, where there was one.
    pub scan: Option<Scan>,
    /// ARN of the signing profile and status of its signature: `IN_PROGRESS`, `COMPLETE` or `FAILED`.
    pub signing: Option<(String, &'static str)>,
    /// What else is wrong with it.
    pub flaw: Option<Flaw>,
}

impl Image {
    /// An image for one platform.
    pub fn plain(digest: String, pushed_at: Timestamp, behaviour: Behaviour) -> Image {
        let manifest = manifest(&digest, &digest);
        Image { pushed_at, ..Image::new(digest, behaviour, Kind::Platform { architecture: "amd64" }, manifest) }
    }

    /// An image that no repository has yet.
    pub(super) fn new(digest: String, behaviour: Behaviour, kind: Kind, manifest: Value) -> Image {
        let size = if matches!(kind, Kind::Platform { .. }) { 92_310_424 } else { 9_233 };
        Image {
            pushed_at: Timestamp::UNIX_EPOCH,
            behaviour,
            kind,
            size,
            manifest: manifest.to_string(),
            digest,
            findings: Findings::default(),
            scan: None,
            signing: None,
            flaw: None,
        }
    }

    /// Digests of what an index lists.
    pub fn children(&self) -> &[String] {
        match &self.kind {
            Kind::Index { children } => children,
            _ => &[],
        }
    }

    /// Media type of its manifest.
    pub(super) fn media_type(&self) -> &'static str {
        if matches!(self.kind, Kind::Index { .. }) { INDEX } else { MANIFEST }
    }

    /// Media type of what it is; an index has none.
    pub(super) fn artifact_type(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Index { .. } => None,
            Kind::Signature => Some("application/vnd.dev.cosign.artifact.sig.v1+json"),
            Kind::Platform { .. } | Kind::Attestation => Some(CONFIG),
        }
    }

    /// Detail of an `ECR Image Action`; the tag is empty where there is none.
    pub(super) fn action(&self, action: &str, repository: &str, tag: &str) -> Value {
        let mut detail = json!({
            "action-type": action, "result": "SUCCESS", "repository-name": repository, "image-digest": self.digest,
            "image-tag": tag, "manifest-media-type": self.media_type(),
        });
        if let Some(kind) = self.artifact_type() {
            detail["artifact-media-type"] = kind.into();
        }
        detail
    }

    /// Begins a scan, where ECR scans such a thing.
    pub(super) fn begin_scan(&mut self, scanning: Scanning) -> bool {
        let scans = match scanning {
            Scanning::Off => false,
            Scanning::Basic => matches!(self.kind, Kind::Platform { .. } | Kind::Attestation),
            Scanning::Enhanced => matches!(self.kind, Kind::Platform { .. }),
        };
        self.scan = scans.then(Scan::begun);
        scans
    }
}

/// Manifest of an image or of something beside it.
pub(super) fn manifest(config: &str, layer: &str) -> Value {
    json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": { "mediaType": CONFIG, "digest": config, "size": 6_411 },
        "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": layer, "size": 92_304_013 }],
    })
}

/// Manifest of an index. An attestation names its image in an annotation and has an unknown platform.
pub(super) fn index(images: &[Image]) -> Value {
    let mut subject = String::new();
    let one = |image: &Image| match image.kind {
        Kind::Platform { architecture } => {
            subject.clone_from(&image.digest);
            json!({ "mediaType": MANIFEST, "digest": image.digest, "size": 1_609,
                "platform": { "architecture": architecture, "os": "linux" } })
        }
        _ => json!({ "mediaType": MANIFEST, "digest": image.digest, "size": 840,
            "annotations": { "vnd.docker.reference.digest": subject, "vnd.docker.reference.type": "attestation-manifest" },
            "platform": { "architecture": "unknown", "os": "unknown" } }),
    };
    json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": images.iter().map(one).collect::<Vec<_>>() })
}
