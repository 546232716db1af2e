//! Versions: the tag by which people know an image, a commit or a semantic version.

use semver::Version;

/// Of all tags of a digest, the one that names its version: a commit, else a semantic version. The shortest of several,
/// so that the abbreviated commit wins over the full one.
///
/// `latest`, `live` and `previous` are neither.
pub fn version_tag<'a>(tags: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let rank = |tag: &str| match (commit(tag), semantic(tag)) {
        (Some(_), _) => Some(0),
        (None, Some(_)) => Some(1),
        (None, None) => None,
    };
    let ranked = tags.into_iter().filter_map(|tag| Some((rank(tag)?, tag.len(), tag)));
    ranked.min().map(|(_, _, tag)| tag)
}

/// The git commit that a tag names: 7 to 40 hex digits, `3f2a9c1` or `sha-3f2a9c1`. Digits alone are a date or a build
/// number, unless there are 40 of them.
pub fn commit(tag: &str) -> Option<&str> {
    let hex = tag.strip_prefix("sha-").unwrap_or(tag);
    let is_hex = hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let is_number = hex.len() < 40 && hex.bytes().all(|b| b.is_ascii_digit());
    ((7..=40).contains(&hex.len()) && is_hex && !is_number).then_some(hex)
}

/// The version that a tag names, with or without a leading `v`.
pub(super) fn semantic(tag: &str) -> Option<Version> {
    Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok()
}

/// Is this the tag of something that belongs to an image and is none: `sha256-<64 hex digits>`, alone or with `.sig`,
/// `.att` or `.sbom`? cosign writes them, and the OCI distribution specification, "Referrers Tag Schema".
pub(super) fn is_artifact(tag: &str) -> bool {
    let Some(rest) = tag.strip_prefix("sha256-") else { return false };
    let (hex, end) = rest.split_once('.').unwrap_or((rest, ""));
    hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) && matches!(end, "" | "sig" | "att" | "sbom")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_wins_over_a_version_and_a_version_over_nothing() {
        let full = "3f2a9c1d0b4e5f60718293a4b5c6d7e8f9012345";
        assert_eq!(version_tag(["latest", "v1.4.0", full, "3f2a9c1", "live"]), Some("3f2a9c1"));
        assert_eq!(version_tag(["latest", "v1.4.0", full]), Some(full));
        assert_eq!(version_tag(["latest", "sha-3f2a9c1"]), Some("sha-3f2a9c1"));
        assert_eq!(version_tag(["live", "v1.4.0", "previous"]), Some("v1.4.0"));
        assert_eq!(version_tag(["latest", "live", "previous", "20261121", "main"]), None);
    }

    #[test]
    fn a_commit_has_7_to_40_hex_digits_and_not_decimal_ones_alone() {
        for tag in ["3f2a9c1", "sha-3f2a9c1", &"1".repeat(40)] {
            assert_eq!(commit(tag), Some(tag.trim_start_matches("sha-")), "{tag}");
        }
        for tag in ["3f2a9c", "3F2A9C1", "20261121", "1234567", "release", &"a".repeat(41), ""] {
            assert_eq!(commit(tag), None, "{tag}");
        }
    }
}
