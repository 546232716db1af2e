//! Which tags of a repository a service follows.

use std::fmt;

use glob::Pattern;
use semver::VersionReq;
use serde::{Deserialize, Serialize};

use super::image::Image;
use super::version::{is_artifact, semantic};
use crate::error::{Error, Result};

/// Which tags of a repository a service follows, and which of them wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TagPolicy {
    /// Exactly this tag; the digest that it names now.
    Exact(#[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")))] String),
    /// Any tag that matches, `v*` or `release-??`; the most recently pushed wins.
    Glob(#[cfg_attr(feature = "schema", schemars(length(min = 1)))] String),
    /// Any tag that is a version in this range, with or without a leading `v`; the highest version wins.
    Semver(#[cfg_attr(feature = "schema", schemars(with = "String", length(min = 1)))] VersionReq),
}

/// May an image have this tag? The grammar of the OCI distribution specification, "Pulling manifests".
fn is_tag(tag: &str) -> bool {
    let word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|letter| word(letter) || matches!(letter, '.' | '-'))
}

impl TagPolicy {
    /// Checks what the type alone cannot.
    ///
    /// # Errors
    /// `Invalid`, naming `path` and the value.
    pub fn validate(&self, path: &str) -> Result<()> {
        match self {
            TagPolicy::Exact(tag) if !is_tag(tag) => Err(Error::bad_field(&format!("{path}.exact"), tag, "a tag")),
            TagPolicy::Glob(glob) => {
                Self::pattern(glob).map(drop).map_err(|error| error.context(format!("{path}.glob")))
            }
            TagPolicy::Exact(_) | TagPolicy::Semver(_) => Ok(()),
        }
    }

    /// Does a push of `tag` concern this policy? Never the tag of a signature, an attestation or an SBOM.
    pub fn matches(&self, tag: &str) -> bool {
        match self {
            _ if is_artifact(tag) => false,
            TagPolicy::Exact(exact) => exact == tag,
            TagPolicy::Glob(glob) => Self::pattern(glob).is_ok_and(|pattern| pattern.matches(tag)),
            TagPolicy::Semver(range) => semantic(tag).is_some_and(|version| range.matches(&version)),
        }
    }

    /// Of `(tag, image)` pairs, the one that this policy wants; `None` when no tag matches.
    pub fn choose<'a>(&self, tagged: impl IntoIterator<Item = (&'a str, &'a Image)>) -> Option<Image> {
        let matching = tagged.into_iter().filter(|(tag, _)| self.matches(tag));
        let chosen = match self {
            TagPolicy::Exact(_) | TagPolicy::Glob(_) => matching.max_by_key(|(_, image)| image.pushed_at),
            // Two tags of one precedence (`1.2.0`, `v1.2.0`): the later push.
            TagPolicy::Semver(_) => matching.max_by_key(|(tag, image)| (semantic(tag), image.pushed_at)),
        };
        chosen.map(|(tag, image)| Image { tag: Some(tag.to_owned()), ..image.clone() })
    }

    /// Does this policy prefer `image` to `other`, both found by tags of it? Push times order different images that it
    /// selected among at once; versions order themselves.
    pub fn prefers(&self, image: &Image, other: &Image) -> bool {
        let version = |image: &Image| image.tag.as_deref().and_then(semantic);
        match self {
            TagPolicy::Exact(_) => true,
            TagPolicy::Glob(_) => image.pushed_at > other.pushed_at,
            TagPolicy::Semver(_) => (version(image), image.pushed_at) > (version(other), other.pushed_at),
        }
    }

    fn pattern(glob: &str) -> Result<Pattern> {
        let expected = "a glob such as `v*` or `release-??`";
        Pattern::new(glob).map_err(|_| Error::bad_field("glob", glob, expected))
    }
}

impl fmt::Display for TagPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TagPolicy::Exact(tag) => f.write_str(tag),
            TagPolicy::Glob(glob) => f.write_str(glob),
            TagPolicy::Semver(range) => write!(f, "{range}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(n: u8, pushed: &str) -> Image {
        let digest = format!("sha256:{}", format!("{n:02x}").repeat(32)).parse().unwrap();
        Image { digest, tag: None, version: None, pushed_at: pushed.parse().unwrap(), scan: Default::default() }
    }

    #[test]
    fn exact_wants_its_tag_alone() {
        let (old, new) = (image(1, "2026-01-01T00:00:00Z"), image(2, "2026-01-02T00:00:00Z"));
        let chosen = TagPolicy::Exact("latest".into()).choose([("latest", &old), ("latest-debug", &new)]);
        assert_eq!(chosen.unwrap().digest, old.digest);
    }

    #[test]
    fn glob_wants_the_most_recent_push() {
        let (old, new) = (image(1, "2026-01-01T00:00:00Z"), image(2, "2026-01-02T00:00:00Z"));
        let chosen = TagPolicy::Glob("v*".into()).choose([("v9", &old), ("v1", &new), ("latest", &new)]);
        assert_eq!(chosen.unwrap().tag.as_deref(), Some("v1"));
    }

    #[test]
    fn semver_wants_the_highest_version_in_range_and_no_prerelease_unasked() {
        let image = image(1, "2026-01-01T00:00:00Z");
        let policy = TagPolicy::Semver(">=1.2, <2".parse().unwrap());
        let tags = ["v1.9.0", "1.10.0", "2.0.0", "v1.11.0-rc.1", "latest", "live", "1.2"];
        assert_eq!(policy.choose(tags.map(|tag| (tag, &image))).unwrap().tag.as_deref(), Some("1.10.0"));
    }

    #[test]
    fn a_signature_matches_no_policy_whatever_its_glob() {
        let hex = "ab".repeat(32);
        for tag in
            ["sig", "att", "sbom"].map(|end| format!("sha256-{hex}.{end}")).iter().chain([&format!("sha256-{hex}")])
        {
            assert!(!TagPolicy::Glob("*".into()).matches(tag) && !TagPolicy::Exact(tag.clone()).matches(tag), "{tag}");
        }
        assert!(TagPolicy::Glob("s*".into()).matches("sha-3f2a9c1"));
        assert!(TagPolicy::Glob("sha256-*".into()).matches("sha256-tree"));
    }

    #[test]
    fn versions_order_themselves_whenever_they_were_pushed() {
        let tagged = |tag: &str, pushed: &str| Image { tag: Some(tag.into()), ..image(1, pushed) };
        let policy = TagPolicy::Semver("*".parse().unwrap());
        let (old, new) = (tagged("v1.11.0", "2026-01-01T00:00:00Z"), tagged("1.10.1", "2026-01-02T00:00:00Z"));
        assert!(policy.prefers(&old, &new) && !policy.prefers(&new, &old));
        let glob = TagPolicy::Glob("*".into());
        assert!(glob.prefers(&new, &old) && !glob.prefers(&old, &new));
    }

    #[test]
    fn a_bad_glob_is_reported_with_its_path() {
        let error = TagPolicy::Glob("v[".into()).validate("services[0].images[0].tag").unwrap_err();
        assert_eq!(
            error.to_string(),
            "services[0].images[0].tag.glob: glob: got `v[`, expected a glob such as `v*` or `release-??`"
        );
    }
}
