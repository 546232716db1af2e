//! Images as task definitions name them, and the ECR repositories that are meant.

use std::str::FromStr;

use super::image::Digest;
use crate::error::{Error, Result};

/// A registry of ECR: account and region; the ones of the automation where they are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Registry {
    /// Account id, twelve digits.
    pub account: Option<String>,
    /// Region, `eu-central-1`.
    pub region: Option<String>,
}

/// The containers that an entry of the fleet is about: those that run images of one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageSource {
    /// Where the repository is.
    pub registry: Registry,
    /// Its name: `acme/web`.
    pub repository: String,
    /// Names of the containers; every one that runs an image of the repository when empty.
    pub containers: Vec<String>,
}

impl ImageSource {
    /// Can one container belong to both?
    pub fn overlaps(&self, other: &ImageSource) -> bool {
        let any = self.containers.is_empty() || other.containers.is_empty();
        let shared = any || self.containers.iter().any(|container| other.containers.contains(container));
        shared && self.registry == other.registry && self.repository == other.repository
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
    /// Account and region of the private ECR registry that its host names; `None` for any other host.
    ///
    /// `<account>.dkr.ecr.<region>.amazonaws.com`, or dual stack `<account>.dkr-ecr.<region>.on.aws`; both with other
    /// suffixes in other partitions. Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html>.
    pub fn ecr_registry(&self) -> Option<(&str, &str)> {
        let parts: Vec<&str> = self.registry.split('.').collect();
        let (account, region) = match parts[..] {
            [account, "dkr", "ecr" | "ecr-fips", region, _, ..] => (account, region),
            [account, "dkr-ecr" | "dkr-ecr-fips", region, "on", ..] => (account, region),
            _ => return None,
        };
        let is_account = !account.is_empty() && account.bytes().all(|b| b.is_ascii_digit());
        is_account.then_some((account, region))
    }

    /// Is this an image of that repository? `home` has the account and region of the service, which are meant where
    /// `source` names none.
    pub fn is_of(&self, source: &ImageSource, home: &Registry) -> bool {
        let is = |wanted: &Option<String>, home: &Option<String>, found: &str| {
            wanted.as_ref().or(home.as_ref()).is_none_or(|wanted| wanted == found)
        };
        self.repository == source.repository
            && self.ecr_registry().is_some_and(|(account, region)| {
                is(&source.registry.account, &home.account, account)
                    && is(&source.registry.region, &home.region, region)
            })
    }

    /// The same repository, pinned to `digest`.
    pub fn pinned(&self, digest: &Digest) -> String {
        let registry = if self.registry.is_empty() { String::new() } else { format!("{}/", self.registry) };
        format!("{registry}{}@{digest}", self.repository)
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
        if repository.is_empty() || repository.contains(':') || tag.is_some_and(str::is_empty) {
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

    fn parse(text: &str) -> ImageRef {
        text.parse().unwrap()
    }

    #[test]
    fn reads_references_with_ports_tags_and_digests() {
        let ecr = parse("123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme/web:live");
        assert_eq!(ecr.repository, "acme/web");
        assert_eq!(ecr.reference, Reference::Tag("live".into()));
        assert_eq!(parse("localhost:5000/a/b").reference, Reference::Tag("latest".into()));
        assert_eq!(parse("localhost:5000/a/b").registry, "localhost:5000");
        assert_eq!(parse(&format!("x.io/a:v1@{HEX}")).reference, Reference::Digest(HEX.parse().unwrap()));
        assert_eq!(parse("nginx").repository, "nginx");
        assert_eq!(ecr.pinned(&HEX.parse().unwrap()), format!("{}/acme/web@{HEX}", ecr.registry));
    }

    #[test]
    fn what_is_read_is_an_image_again_when_it_is_pinned() {
        for text in ["nginx", "a/b:c", "x.io/a", "localhost:5000/a/b"] {
            let pinned = parse(text).pinned(&HEX.parse().unwrap());
            assert_eq!(parse(&pinned).repository, parse(text).repository, "{pinned}");
        }
        assert_eq!(parse("nginx").pinned(&HEX.parse().unwrap()), format!("nginx@{HEX}"));
        for text in ["::.", "a:b:c", "x.io/a:b:c"] {
            assert!(text.parse::<ImageRef>().unwrap_err().to_string().starts_with("image: got"), "{text}");
        }
    }

    #[test]
    fn the_host_names_account_and_region_of_an_ecr_registry_in_every_form() {
        for host in [
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
            "123456789012.dkr.ecr-fips.eu-central-1.amazonaws.com",
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com.cn",
            "123456789012.dkr-ecr.eu-central-1.on.aws",
            "123456789012.dkr-ecr.eu-central-1.on.amazonwebservices.com.cn",
        ] {
            let image = parse(&format!("{host}/acme/web"));
            assert_eq!(image.ecr_registry(), Some(("123456789012", "eu-central-1")), "{host}");
        }
        for host in ["public.ecr.aws", "web.dkr.ecr.eu-central-1.amazonaws.com", "dkr.ecr.acme.example", "quay.io"] {
            assert_eq!(parse(&format!("{host}/acme/web")).ecr_registry(), None, "{host}");
        }
    }

    #[test]
    fn a_repository_of_another_account_or_region_is_another_repository() {
        let image = |account: &str, region: &str| parse(&format!("{account}.dkr.ecr.{region}.amazonaws.com/acme/web"));
        let registry = |account: Option<&str>, region: Option<&str>| Registry {
            account: account.map(str::to_owned),
            region: region.map(str::to_owned),
        };
        let home = registry(Some("111111111111"), Some("eu-central-1"));
        let source =
            |registry: Registry| ImageSource { registry, repository: "acme/web".into(), containers: Vec::new() };
        let own = source(Registry::default());
        assert!(image("111111111111", "eu-central-1").is_of(&own, &home));
        assert!(!image("222222222222", "eu-central-1").is_of(&own, &home));
        assert!(!image("111111111111", "us-east-1").is_of(&own, &home));
        let central = source(registry(Some("222222222222"), None));
        assert!(image("222222222222", "eu-central-1").is_of(&central, &home));
        assert!(!image("111111111111", "eu-central-1").is_of(&central, &home));
        assert!(!image("222222222222", "us-east-1").is_of(&central, &home));
    }

    #[test]
    fn refuses_references_without_a_repository() {
        for bad in ["", "x.io/", "x.io/a:", "x.io/a@sha256:12"] {
            assert!(bad.parse::<ImageRef>().is_err(), "{bad}");
        }
    }
}
