//! Images: digests, and what ECR knows of them.

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

/// `3f2a9c1 (latest, ab12cd34ef56)`; several images joined by `and`.
pub fn image_names(images: &BTreeMap<String, Image>) -> String {
    images.values().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
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
    /// The result could not be read, and why: neither a finding nor none.
    Unknown(String),
    /// A scan ended without a result.
    Failed(String),
    /// A scan ended; findings by severity.
    Complete(Severities),
}

impl ScanState {
    /// The worst of several, for the platforms of one image: an end without a result, then one that is awaited, then the
    /// greatest count of each severity. [`Missing`](ScanState::Missing) of none.
    pub fn worst(states: impl IntoIterator<Item = ScanState>) -> ScanState {
        let rank = |state: &ScanState| match state {
            ScanState::Complete(_) => 0,
            ScanState::Pending => 1,
            ScanState::Missing => 2,
            ScanState::Unknown(_) => 3,
            ScanState::Failed(_) => 4,
        };
        let worse = |a: ScanState, b: ScanState| match (a, b) {
            (ScanState::Complete(mut a), ScanState::Complete(b)) => {
                for (severity, n) in b {
                    let most = a.entry(severity).or_default();
                    *most = n.max(*most);
                }
                ScanState::Complete(a)
            }
            (a, b) => {
                if rank(&b) > rank(&a) {
                    b
                } else {
                    a
                }
            }
        };
        states.into_iter().reduce(worse).unwrap_or_default()
    }

    fn is_missing(&self) -> bool {
        *self == ScanState::Missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

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
    fn the_worst_platform_counts_and_one_that_is_awaited_hides_no_result() {
        let found = |severity: &str, n: u32| ScanState::Complete(Severities::from([(severity.to_owned(), n)]));
        let both = Severities::from([("critical".to_owned(), 1), ("high".to_owned(), 4)]);
        let states = [found("critical", 1), found("high", 4), found("high", 2)];
        assert_eq!(ScanState::worst(states), ScanState::Complete(both));
        assert_eq!(ScanState::worst([found("high", 0), ScanState::Pending]), ScanState::Pending);
        assert_eq!(ScanState::worst([ScanState::Failed("x".into()), found("high", 0)]), ScanState::Failed("x".into()));
        assert_eq!(ScanState::worst([]), ScanState::Missing);
    }
}
