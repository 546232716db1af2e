//! What people and build systems do with repositories.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::state::{Ecr, wildcard};
use crate::account::{ACCOUNT, REGION};
use crate::wire::Failure;
use crate::world::Cx;
use crate::world::behaviour::{Behaviour, Flaw};
use crate::world::image::{Findings, Image, Kind, index, manifest};
use crate::world::wake::{self, Wake};

/// How an image is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One platform, one manifest.
    Single,
    /// An index with images for two platforms and an attestation of each, as BuildKit makes it.
    MultiArch,
}

/// A push.
#[derive(Clone, Debug)]
pub struct Push<'p> {
    /// To which repository.
    pub repository: &'p str,
    /// Under which tags, in this order: `latest` and the commit.
    pub tags: &'p [&'p str],
    /// What its tasks will do.
    pub behaviour: Behaviour,
    /// How it is built.
    pub shape: Shape,
    /// What a scan will find, by severity.
    pub findings: Findings,
}

/// Time from one `PutImage` of a push to the next.
const STEP: SignedDuration = SignedDuration::from_millis(700);

pub(super) fn digest(cx: &mut Cx<'_>) -> String {
    let bits: Vec<String> = (0..4).map(|_| format!("{:016x}", cx.rng.bits())).collect();
    format!("sha256:{}", bits.concat())
}

fn new(behaviour: Behaviour, kind: Kind, cx: &mut Cx<'_>) -> Image {
    let (own, config, layer) = (digest(cx), digest(cx), digest(cx));
    Image::new(own, behaviour, kind, manifest(&config, &layer))
}

/// Pushes a new image and returns the digest that its tags will name. Children come first and without tags; each tag is a `PutImage` and an
/// event of its own, a moment after the one before. An immutable tag is refused, which is in the journal.
pub fn push(push: &Push<'_>, cx: &mut Cx<'_>) -> String {
    push_flawed(push, None, cx)
}

/// The same of an image with a flaw: of an index, what is scanned has it, for one platform or for all; what is signed is the index.
pub fn push_flawed(push: &Push<'_>, flaw: Option<Flaw>, cx: &mut Cx<'_>) -> String {
    let mut images = Vec::new();
    match push.shape {
        Shape::Single => {
            let architecture = if push.behaviour == Behaviour::WrongPlatform { "arm64" } else { "amd64" };
            images.push(new(push.behaviour, Kind::Platform { architecture }, cx));
        }
        Shape::MultiArch => {
            for architecture in ["amd64", "arm64"] {
                if architecture == "amd64" && push.behaviour == Behaviour::WrongPlatform {
                    continue;
                }
                images.push(new(push.behaviour, Kind::Platform { architecture }, cx));
                images.push(new(push.behaviour, Kind::Attestation, cx));
            }
            let children = images.iter().map(|image| image.digest.clone()).collect();
            let whole = Image::new(digest(cx), push.behaviour, Kind::Index { children }, index(&images));
            images.push(whole);
        }
    }
    let Some(mut named) = images.pop() else { unreachable!("a push has an image") };
    (named.flaw, named.findings) = (flaw, push.findings.clone());
    // Findings and flaws of an index are those of the first platform, of the last, or of both.
    let platforms = images.iter().filter(|image| matches!(image.kind, Kind::Platform { .. })).count();
    let whole = flaw.is_none() || platforms < 2 || cx.rng.chance(0.4);
    let flawed = if whole {
        0..platforms
    } else {
        let one = usize::from(cx.rng.chance(0.5));
        one..one + 1
    };
    cx.note(format!("push {} {:?} as {} ({:?})", push.repository, push.tags, named.digest, push.behaviour));
    let mut after = SignedDuration::ZERO;
    let mut next = |image: Image, tag: Option<&str>, cx: &mut Cx<'_>| {
        let (repository, tag) = (push.repository.to_owned(), tag.map(str::to_owned));
        cx.after(after, Wake::Ecr(wake::Ecr::Put { repository, image: Box::new(image), tag }));
        after += STEP;
    };
    let mut platform = 0;
    for mut child in images {
        if matches!(child.kind, Kind::Platform { .. }) {
            if flawed.contains(&platform) {
                (child.flaw, child.findings) = (flaw, push.findings.clone());
            }
            platform += 1;
        }
        next(child, None, cx);
    }
    match push.tags {
        [] => next(named.clone(), None, cx),
        tags => tags.iter().for_each(|tag| next(named.clone(), Some(tag), cx)),
    }
    named.digest
}

impl Ecr {
    /// The image of a digest, in whatever repository.
    pub fn image(&self, digest: &str) -> Option<&Image> {
        self.repositories.values().find_map(|repository| repository.images.get(digest))
    }

    /// Makes a tag name a digest that the repository has, as `PutImage` with its manifest does.
    ///
    /// # Errors
    /// As ECR refuses it: the tag may not move, names the digest already, or the digest is gone.
    pub fn retag(&mut self, repository: &str, tag: &str, digest: &str, cx: &mut Cx<'_>) -> Result<(), Failure> {
        let image = self.repository(repository)?.images.get(digest).cloned();
        let image = image.ok_or_else(|| Failure::new("ImageNotFoundException", digest))?;
        cx.note(format!("a person tags {repository}@{digest} as {tag}"));
        self.put(repository, image, Some(tag), cx)
    }

    /// Signs an image as cosign does: an artifact with the tag `sha256-<digest>.sig`.
    ///
    /// # Errors
    /// When the repository is gone, or the image is signed already.
    pub fn sign(&mut self, repository: &str, digest: &str, cx: &mut Cx<'_>) -> Result<(), Failure> {
        let signature = new(Behaviour::Crashes, Kind::Signature, cx);
        let tag = format!("{}.sig", digest.replace(':', "-"));
        self.put(repository, signature, Some(&tag), cx)
    }

    /// Deletes what a tag or a digest names: an image goes with its last tag, and all its tags go with an image. Each tag has an event.
    pub fn delete(&mut self, name: &str, tag_or_digest: &str, cx: &mut Cx<'_>) {
        let Some(repository) = self.repositories.get_mut(name) else { return };
        let by_tag = repository.tags.get(tag_or_digest).cloned();
        let digest = by_tag.clone().unwrap_or_else(|| tag_or_digest.to_owned());
        let Some(image) = repository.images.get(&digest).cloned() else { return };
        cx.note(format!("a person deletes {name} {tag_or_digest}"));
        repository.remember(cx.now);
        let mut gone: Vec<String> = repository.tags_of(&digest).into_iter().map(str::to_owned).collect();
        if by_tag.is_some() && gone.len() > 1 {
            gone = vec![tag_or_digest.to_owned()];
        } else {
            repository.images.remove(&digest);
        }
        for tag in &gone {
            repository.tags.remove(tag);
            repository.moves.push((cx.now, tag.clone(), None));
        }
        if gone.is_empty() {
            gone.push(String::new());
        }
        for tag in gone {
            cx.emit("aws.ecr", "ECR Image Action", &[], image.action("DELETE", name, &tag));
        }
    }

    /// An image of the same repository in another region arrives by replication, under a tag. Returns its digest; the event of this region is an
    /// `ECR Replication Action`.
    pub fn replicate(&mut self, name: &str, tag: &str, behaviour: Behaviour, cx: &mut Cx<'_>) -> String {
        let image = new(behaviour, Kind::Platform { architecture: "amd64" }, cx);
        let digest = image.digest.clone();
        // The event of a push is not that of a replication.
        let events = cx.out.events.len();
        if let Err(failure) = self.put(name, image, Some(tag), cx) {
            cx.note(format!("replication to {name} is refused: {failure}"));
            return digest;
        }
        cx.out.events.truncate(events);
        let arn = format!("arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}");
        let detail = json!({
            "result": "SUCCESS", "repository-name": name, "image-digest": digest, "source-account": ACCOUNT,
            "action-type": "REPLICATE", "source-region": "eu-west-1", "image-tag": tag,
        });
        cx.emit("aws.ecr", "ECR Replication Action", &[arn], detail);
        digest
    }
}

impl Ecr {
    /// The tag and digest that an entry of the fleet follows now, from what configuration.md says of tags: exactly one; of those that a
    /// glob matches, the one of the newest push; of versions, the highest.
    pub fn followed(&self, policy: &Value) -> Option<(String, String)> {
        let image = &policy["images"][0];
        let repository = self.repositories.get(image["repository"].as_str()?)?;
        let tags = repository.tags.iter().map(|(tag, digest)| (tag.clone(), digest.clone()));
        if let Some(exact) = image["tag"]["exact"].as_str() {
            return tags.into_iter().find(|(tag, _)| tag == exact);
        }
        let pushed_at = |digest: &String| repository.images.get(digest).map(|image| image.pushed_at);
        if let Some(glob) = image["tag"]["glob"].as_str() {
            return tags.filter(|(tag, _)| wildcard(glob, tag)).max_by_key(|(_, digest)| pushed_at(digest));
        }
        // All versions here are `v1.<minor>.<patch>`.
        let version = |tag: &str| {
            let (minor, patch) = tag.strip_prefix("v1.")?.split_once('.')?;
            Some((minor.parse::<u64>().ok()?, patch.parse::<u64>().ok()?))
        };
        tags.filter_map(|(tag, digest)| Some((version(&tag)?, tag, digest))).max().map(|(_, tag, digest)| (tag, digest))
    }
}
