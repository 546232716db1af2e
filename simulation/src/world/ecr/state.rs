//! The registry, and what puts an image into it.

use std::collections::BTreeMap;

use ::tests::template::{list, text};
use jiff::{SignedDuration, Timestamp};

use crate::account::Account;
use crate::wire::Failure;
use crate::world::Cx;
use crate::world::behaviour::Flaw;
use crate::world::image::{Image, Scanning};
use crate::world::wake::{self, Wake};

/// When a repository was changed, and its images and tags until then.
pub(super) type Past = (Timestamp, BTreeMap<String, Image>, BTreeMap<String, String>);

/// The repositories by name.
#[derive(Debug, Default)]
pub struct Ecr {
    /// By name.
    pub repositories: BTreeMap<String, Repository>,
    /// How images are scanned, for the whole registry.
    pub scanning: Scanning,
    /// ARN of the signing profile with which ECR signs what is pushed, if it does.
    pub signing: Option<String>,
}

/// A repository.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// By digest.
    pub images: BTreeMap<String, Image>,
    /// Digest by tag.
    pub tags: BTreeMap<String, String>,
    /// Tags that may not move, but for those that the patterns match.
    pub immutable: bool,
    /// Wildcard patterns of tags that are the other way round.
    pub exclusions: Vec<String>,
    /// Is a push followed by a basic scan?
    pub scan_on_push: bool,
    /// Every move of a tag: when, which, to which digest; `None` where it was deleted.
    pub moves: Vec<(Timestamp, String, Option<String>)>,
    pub(super) past: Vec<Past>,
}

impl Repository {
    /// What a read sees, which may be of a moment ago.
    pub(super) fn seen(&self, cx: &mut Cx<'_>) -> (&BTreeMap<String, Image>, &BTreeMap<String, String>) {
        let at = cx.staleness().map(|age| cx.now - age);
        // The state that ended last before `at` is not it: the first one that ended after it is.
        let past = at.and_then(|at| self.past.iter().find(|(until, ..)| *until > at));
        past.map_or((&self.images, &self.tags), |(_, images, tags)| (images, tags))
    }

    /// Keeps what is there for late reads, before it changes.
    pub(super) fn remember(&mut self, now: Timestamp) {
        self.past.retain(|(until, ..)| *until + SignedDuration::from_mins(2) > now);
        self.past.push((now, self.images.clone(), self.tags.clone()));
    }

    fn may_not_move(&self, tag: &str) -> bool {
        self.immutable != self.exclusions.iter().any(|pattern| wildcard(pattern, tag))
    }

    /// Every tag of a digest, in order.
    pub fn tags_of(&self, digest: &str) -> Vec<&str> {
        self.tags.iter().filter(|(_, own)| *own == digest).map(|(tag, _)| tag.as_str()).collect()
    }
}

impl Ecr {
    pub(crate) fn new(account: &Account) -> Ecr {
        let repositories = account.of_type("AWS::ECR::Repository").iter().map(|resource| {
            let properties = &resource.properties;
            let mutability = text(&properties["ImageTagMutability"]);
            let filters = list(&properties["ImageTagMutabilityExclusionFilters"]);
            let repository = Repository {
                immutable: mutability.starts_with("IMMUTABLE"),
                exclusions: filters.iter().map(|one| text(&one["ImageTagMutabilityExclusionFilterValue"])).collect(),
                scan_on_push: properties["ImageScanningConfiguration"]["ScanOnPush"] == true,
                ..Repository::default()
            };
            (resource.reference.clone(), repository)
        });
        let signing = account.of_type("AWS::ECR::SigningConfiguration").first();
        let signing = signing.map(|resource| text(&resource.properties["Rules"][0]["SigningProfileArn"]));
        Ecr { repositories: repositories.collect(), scanning: Scanning::Basic, signing }
    }

    /// The image that a reference `repository:tag` or `repository@digest` names, without registry.
    pub fn resolve(&self, reference: &str) -> Option<&Image> {
        let (repository, digest) = match reference.split_once('@') {
            Some((repository, digest)) => (self.repositories.get(repository)?, digest.to_owned()),
            None => {
                let (repository, tag) = reference.rsplit_once(':')?;
                let repository = self.repositories.get(repository)?;
                (repository, repository.tags.get(tag)?.clone())
            }
        };
        repository.images.get(&digest)
    }

    /// What is wrong with an image beside what its tasks do.
    pub(super) fn flaw(&self, repository: &str, digest: &str) -> Option<Flaw> {
        self.repositories.get(repository)?.images.get(digest)?.flaw
    }

    pub(super) fn repository(&mut self, name: &str) -> Result<&mut Repository, Failure> {
        let missing = || {
            let sentence = format!("The repository with name '{name}' does not exist in the registry");
            Failure::new("RepositoryNotFoundException", sentence)
        };
        self.repositories.get_mut(name).ok_or_else(missing)
    }

    /// Puts an image under a tag, or under none, and sends the event: what a push and `PutImage` both do.
    pub(super) fn put(&mut self, name: &str, image: Image, tag: Option<&str>, cx: &mut Cx<'_>) -> Result<(), Failure> {
        let scanning = self.scanning;
        let repository = self.repository(name)?;
        let digest = image.digest.clone();
        let known = repository.images.contains_key(&digest);
        match tag.and_then(|tag| repository.tags.get(tag)) {
            Some(own) if *own == digest => {
                let sentence =
                    format!("Image with digest '{digest}' and tag '{}' already exists", tag.unwrap_or_default());
                return Err(Failure::new("ImageAlreadyExistsException", sentence));
            }
            Some(_) if tag.is_some_and(|tag| repository.may_not_move(tag)) => {
                let sentence = format!(
                    "The image tag '{}' already exists in the '{name}' repository and cannot be overwritten because the tag is immutable.",
                    tag.unwrap_or_default()
                );
                return Err(Failure::new("ImageTagAlreadyExistsException", sentence));
            }
            None if tag.is_none() && known => {
                return Err(Failure::new(
                    "ImageAlreadyExistsException",
                    format!("Image with digest '{digest}' already exists"),
                ));
            }
            _ => {}
        }
        let missing = |child: &&String| !repository.images.contains_key(*child);
        if let Some(child) = image.children().iter().find(missing) {
            return Err(Failure::new(
                "ReferencedImagesNotFoundException",
                format!("Image manifest {child} is not there"),
            ));
        }
        repository.remember(cx.now);
        let event = image.action("PUSH", name, tag.unwrap_or_default());
        if let Some(tag) = tag {
            repository.tags.insert(tag.to_owned(), digest.clone());
            repository.moves.push((cx.now, tag.to_owned(), Some(digest.clone())));
        }
        let scans = repository.scan_on_push || scanning == Scanning::Enhanced;
        if !known {
            let image = repository.images.entry(digest.clone()).or_insert(image);
            image.pushed_at = cx.now;
            if scans && image.begin_scan(scanning) {
                let slow = image.flaw == Some(Flaw::ScansSlowly);
                let seconds = if slow { cx.rng.between(360, 1800) } else { cx.rng.between(5, 180) };
                let scanned = wake::Ecr::Scanned { repository: name.to_owned(), digest: digest.clone() };
                cx.after(SignedDuration::from_secs(seconds), Wake::Ecr(scanned));
            }
            self.begin_signing(name, &digest, cx);
        }
        cx.emit("aws.ecr", "ECR Image Action", &[], event);
        Ok(())
    }
}

/// `*` stands for anything; there are at most a few in a pattern.
pub(super) fn wildcard(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| wildcard(after, &rest[at..]))
        }),
    }
}
