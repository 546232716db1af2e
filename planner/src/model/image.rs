//! Images: digests, references as task definitions write them, and what ECR knows of them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::version::commit;
use crate::error::{Error, Result};

/// The sha-256 digest of a manifest: `sha256:` and 64 lower-case hex digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// The text as ECR writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve hex digits, enough for people.
    pub fn short(&self) -> &str {
        &self.0[7..19]
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Ok(Digest(text.to_owned()));
        }
        Err(Error::bad_field("image digest", text, "`sha256:` and 64 lower-case hex digits"))
    }
}

impl TryFrom<String> for Digest {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One image of a repository, as far as it matters for what to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// What is run.
    pub digest: Digest,
    /// The tag it was found by; for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The commit or version tag that the digest also has, or has alone ([`version_tag`](super::version_tag)); for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When ECR received it. Never the build date, which reproducible builds make useless.
    pub pushed_at: Timestamp,
    /// The state of its vulnerability scan when it was last looked at.
    #[serde(default, skip_serializing_if = "ScanState::is_missing")]
    pub scan: ScanState,
}

impl Image {
    /// The git commit that it was built from, where its version tag names one.
    pub fn commit(&self) -> Option<&str> {
        self.version.as_deref().and_then(commit)
    }

    /// As short as people say it, for subjects: `3f2a9c1`; `latest (2fe2b014a2a5)` where no tag names a version.
    pub fn short(&self) -> String {
        self.version_name().map_or_else(|| self.to_string(), str::to_owned)
    }

    /// `3f2a9c1`, also where the tag has the full commit.
    fn version_name(&self) -> Option<&str> {
        let version = self.version.as_deref()?;
        Some(commit(version).map_or(version, |commit| if commit.len() == 40 { &commit[..7] } else { commit }))
    }
}

/// `3f2a9c1 (latest, 2fe2b014a2a5)`: version, followed tag, short digest, as far as there are.
impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = self.digest.short();
        match (self.version_name(), self.tag.as_deref().filter(|tag| self.version.as_deref() != Some(tag))) {
            (Some(version), Some(tag)) => write!(f, "{version} ({tag}, {digest})"),
            (Some(name), None) | (None, Some(name)) => write!(f, "{name} ({digest})"),
            (None, None) => f.write_str(digest),
        }
    }
}

/// Counts of findings by severity, `CRITICAL` and so on, as ECR names them in lower case.
pub type Severities = BTreeMap<String, u32>;

/// What ECR says of an image's vulnerability scan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanState {
    /// No scan was started, or ECR does not scan this kind of manifest.
    #[default]
    Missing,
    /// A scan runs.
    Pending,
    /// A scan ended without a result.
    Failed(String),
    /// A scan ended; findings by severity.
    Complete(Severities),
}

impl ScanState {
    fn is_missing(&self) -> bool {
        *self == ScanState::Missing
    }
}

/// An image as a task definition names it: `registry/repository:tag` or `registry/repository@digest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRef {
    /// Host of the registry, empty for Docker Hub's short names.
    pub registry: String,
    /// Repository, may contain `/`.
    pub repository: String,
    /// What of the repository.
    pub reference: Reference,
}

/// What of a repository a task definition names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A tag; `latest` when none is written.
    Tag(String),
    /// Pinned. A tag beside the digest is ignored, as container runtimes do.
    Digest(Digest),
}

impl ImageRef {
    /// Is this an image of `repository` in a private ECR registry?
    pub fn is_ecr(&self, repository: &str) -> bool {
        self.registry.contains(".dkr.ecr") && self.repository == repository
    }

    /// The same repository, pinned to `digest`.
    pub fn pinned(&self, digest: &Digest) -> String {
        format!("{}/{}@{digest}", self.registry, self.repository)
    }
}

impl FromStr for ImageRef {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::bad_field("image", text, "`registry/repository:tag` or `registry/repository@sha256:...`");
        let (path, digest) = match text.split_once('@') {
            Some((path, digest)) => (path, Some(digest.parse::<Digest>()?)),
            None => (text, None),
        };
        // A colon before the last slash belongs to the registry's port.
        let (path, tag) = match path.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
            _ => (path, None),
        };
        let (registry, repository) = match path.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
            _ => ("", path),
        };
        if repository.is_empty() || tag.is_some_and(str::is_empty) {
            return Err(bad());
        }
        let reference = match digest {
            Some(digest) => Reference::Digest(digest),
            None => Reference::Tag(tag.unwrap_or("latest").to_owned()),
        };
        Ok(ImageRef { registry: registry.to_owned(), repository: repository.to_owned(), reference })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn reads_references_with_ports_tags_and_digests() {
        let parse = |text: &str| text.parse::<ImageRef>().unwrap();
        let ecr = parse("123456789012.dkr.ecr.eu-central-1.amazonaws.com/huskit/website-agent:live");
        assert_eq!(ecr.repository, "huskit/website-agent");
        assert_eq!(ecr.reference, Reference::Tag("live".into()));
        assert!(ecr.is_ecr("huskit/website-agent"));
        assert!(!ecr.is_ecr("website-agent"));
        assert_eq!(parse("localhost:5000/a/b").reference, Reference::Tag("latest".into()));
        assert_eq!(parse("localhost:5000/a/b").registry, "localhost:5000");
        assert_eq!(parse(&format!("x.io/a:v1@{HEX}")).reference, Reference::Digest(HEX.parse().unwrap()));
        assert_eq!(parse("nginx").repository, "nginx");
        assert_eq!(ecr.pinned(&HEX.parse().unwrap()), format!("{}/huskit/website-agent@{HEX}", ecr.registry));
    }

    #[test]
    fn is_shown_by_version_then_followed_tag_then_digest() {
        let image = |version: Option<&str>, tag: Option<&str>| Image {
            digest: HEX.parse().unwrap(),
            tag: tag.map(str::to_owned),
            version: version.map(str::to_owned),
            pushed_at: Timestamp::UNIX_EPOCH,
            scan: ScanState::Missing,
        };
        let full = "3f2a9c1d0b4e5f60718293a4b5c6d7e8f9012345";
        for (version, tag, shown, short) in [
            (Some("3f2a9c1"), Some("latest"), "3f2a9c1 (latest, aaaaaaaaaaaa)", "3f2a9c1"),
            (Some(full), Some("latest"), "3f2a9c1 (latest, aaaaaaaaaaaa)", "3f2a9c1"),
            (Some("sha-3f2a9c1"), Some("v1.4.0"), "3f2a9c1 (v1.4.0, aaaaaaaaaaaa)", "3f2a9c1"),
            (Some("v1.4.0"), Some("v1.4.0"), "v1.4.0 (aaaaaaaaaaaa)", "v1.4.0"),
            (None, Some("latest"), "latest (aaaaaaaaaaaa)", "latest (aaaaaaaaaaaa)"),
            (None, None, "aaaaaaaaaaaa", "aaaaaaaaaaaa"),
        ] {
            let image = image(version, tag);
            assert_eq!((image.to_string().as_str(), image.short().as_str()), (shown, short));
        }
        assert_eq!(image(Some(full), None).commit(), Some(full));
        assert_eq!(image(Some("v1.4.0"), None).commit(), None);
    }

    #[test]
    fn refuses_digests_that_are_not_64_hex_digits() {
        for bad in ["", "sha256:", "sha256:abc", &HEX[..67], &HEX.to_uppercase(), &HEX.replace("sha256", "sha512")] {
            let error = bad.parse::<Digest>().unwrap_err().to_string();
            assert!(error.contains("64 lower-case hex digits") && error.contains(bad), "{error}");
        }
    }

    #[test]
    fn refuses_references_without_a_repository() {
        for bad in ["", "x.io/", "x.io/a:", "x.io/a@sha256:12"] {
            assert!(bad.parse::<ImageRef>().is_err(), "{bad}");
        }
    }
}
