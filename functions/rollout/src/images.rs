//! Reads the images of a service: what its tag policies select, what its revision names, what was pushed.
//!
//! A read of ECR that fails is kept beside what was read: most decisions do without it.

use planner::fleet::ServicePolicy;
use planner::model::{Digest, Image, ImageRef, Reference, Registry, TagPolicy};
use planner::rollout::{ImagePolicy, Pushed, RunningImage, Signatures};
use shared::{Error, Result, many};

use crate::app::App;
use crate::observed::ObservedService;
use crate::trigger::{RequestKind, RolloutRequest, Trigger};

/// By registry, repository and tag policy: the image that it selects now, or why it could not be read.
pub(crate) type Candidates = Vec<((Registry, String, TagPolicy), Result<Option<Selected>>)>;

/// What a tag policy selects now.
pub(crate) struct Selected {
    image: Image,
    /// Every tag that the image has, as far as it was read.
    tags: Vec<String>,
}

impl App {
    /// The image that every tag policy in scope selects now; each is read once.
    pub(crate) async fn candidates(&self, scope: &[&ServicePolicy]) -> Candidates {
        let mut wanted: Vec<(Registry, String, TagPolicy)> = Vec::new();
        for image in scope.iter().flat_map(|policy| &policy.images) {
            let selection = selection(image);
            if !wanted.contains(&selection) {
                wanted.push(selection);
            }
        }
        let found =
            many::all(wanted.iter().map(|(registry, repository, tag)| self.candidate(registry, repository, tag)));
        let found = found.await;
        wanted.into_iter().zip(found).collect()
    }

    async fn candidate(&self, registry: &Registry, repository: &str, tag: &TagPolicy) -> Result<Option<Selected>> {
        let ecr = self.ecr.of(registry);
        match tag {
            TagPolicy::Exact(tag) => {
                let found = ecr.tagged_with(repository, tag).await?;
                Ok(found.map(|(image, tags)| Selected { image, tags }))
            }
            TagPolicy::Glob(_) | TagPolicy::Semver(_) => {
                let tagged = ecr.images(repository).await?;
                let chosen = tag.choose(tagged.iter().map(|(tag, image)| (tag.as_str(), image)));
                Ok(chosen.map(|image| {
                    let own = tagged.iter().filter(|(_, other)| other.digest == image.digest);
                    Selected { tags: own.map(|(tag, _)| tag.clone()).collect(), image }
                }))
            }
        }
    }

    /// Adds to `service` what is known of its images.
    ///
    /// # Errors
    /// `NotFound` when no container of the revision runs a repository of the fleet.
    pub(crate) async fn observe_images(
        &self,
        policy: &ServicePolicy,
        candidates: &Candidates,
        trigger: &Trigger,
        service: &mut ObservedService,
    ) -> Result<()> {
        for image in &policy.images {
            let (key, selection) = (image.key(), selection(image));
            match candidates.iter().find(|(wanted, _)| *wanted == selection) {
                Some((_, Ok(Some(found)))) => {
                    let found = self.scanned(policy, image, found.image.clone(), service).await;
                    self.observe_signatures(image, &found, service).await;
                    service.observed.candidates.insert(key, Some(found));
                }
                Some((_, Ok(None))) => drop(service.observed.candidates.insert(key, None)),
                Some((_, Err(error))) => {
                    service.observed.unread.insert(key, error.to_string());
                    service.unread.push(error.copy());
                }
                // It is not its turn: nothing is known that is newer than what the tag named at the last look.
                None => {
                    let last = service.entry.record.orders.get(&key).and_then(|order| order.image.clone());
                    service.observed.candidates.insert(key, last);
                }
            }
        }
        let mut pinned = true;
        for image in &policy.images {
            let mut references = service.revision.images(&image.image_source());
            references.dedup();
            pinned &= references.iter().all(|image| matches!(image.reference, Reference::Digest(_)));
            let selection = selection(image);
            let selected = candidates.iter().find(|(wanted, _)| *wanted == selection).map(|(_, found)| found);
            let running = self.running(image, &references, selected, service).await?;
            service.observed.running.insert(image.key(), running);
        }
        service.observed.pinned = pinned;
        if let Trigger::Push { repository, tag, digest, at } = trigger {
            let pushed = self.pushed(policy, repository, tag, service).await;
            // An answer from before the push is no push of what it names.
            let reported = |image: &Image| at.filter(|_| digest.as_ref() == Some(&image.digest));
            service.observed.pushed = pushed.map(|(key, image)| Pushed { at: reported(&image), key, image });
        }
        if let Trigger::Request(RolloutRequest { kind: RequestKind::Rollback(_), .. }) = trigger {
            service.observed.deleted = self.deleted(policy, service).await;
        }
        Ok(())
    }

    /// The image with the result of its scan, where a gate decides by it and the image is not known here.
    async fn scanned(
        &self,
        policy: &ServicePolicy,
        image: &ImagePolicy,
        found: Image,
        service: &ObservedService,
    ) -> Image {
        if policy.rollout.scan.is_none() || is_ordered(image, &found, service) {
            return found;
        }
        let ecr = self.ecr.of(&image.registry());
        Image { scan: ecr.scan(&image.repository, &found).await, ..found }
    }

    /// The signatures of the image, where a gate decides by them and the image is not known here.
    async fn observe_signatures(&self, policy: &ImagePolicy, found: &Image, service: &mut ObservedService) {
        if policy.signed_by.is_none() || is_ordered(policy, found, service) {
            return;
        }
        let ecr = self.ecr.of(&policy.registry());
        let signatures = match ecr.signatures(&policy.repository, &found.digest).await {
            Ok(signatures) => Signatures::Known(signatures),
            Err(error) => Signatures::Unread(error.to_string()),
        };
        service.observed.signatures.insert(policy.key(), signatures);
    }

    /// The image that the current revision names. One that the ledger has costs no call.
    async fn running(
        &self,
        policy: &ImagePolicy,
        references: &[ImageRef],
        selected: Option<&Result<Option<Selected>>>,
        service: &mut ObservedService,
    ) -> Result<RunningImage> {
        let (ecr, repository, key) = (self.ecr.of(&policy.registry()), &policy.repository, policy.key());
        match references {
            [] => Err(Error::not_found(format!("container with an image of {key} in {}", service.revision.arn()))),
            [ImageRef { reference: Reference::Digest(digest), .. }] => {
                let known = known(service, &key, digest).cloned();
                let image = match known {
                    Some(image) => Ok(Some(image)),
                    None => ecr.by_digest(repository, digest).await,
                };
                Ok(match image {
                    Ok(image) => image.map_or_else(|| RunningImage::Deleted(digest.clone()), RunningImage::Known),
                    Err(error) => unread(service, Some(digest.clone()), error),
                })
            }
            [ImageRef { reference: Reference::Tag(tag), .. }] => {
                let candidate = service.observed.candidates.get(&key).and_then(Option::as_ref);
                let released = service.entry.record.current().and_then(|release| release.images.get(&key));
                let named = match selected {
                    // ECR lists every tag of an image.
                    Some(Ok(Some(selected))) if selected.tags.contains(tag) => candidate,
                    // It is not its turn, and the automation alone moves `live`.
                    None if *tag == policy.live => released,
                    _ => candidate.filter(|image| image.tag.as_ref() == Some(tag)),
                };
                let image = match named.cloned() {
                    Some(image) => Ok(Some(Image { tag: Some(tag.clone()), ..image })),
                    None => ecr.tagged(repository, tag).await,
                };
                Ok(match image {
                    Ok(None) => RunningImage::Absent,
                    Ok(Some(image)) if moved(policy, tag, &image, service) => RunningImage::Unknown,
                    Ok(Some(image)) => RunningImage::Known(image),
                    Err(error) => unread(service, None, error),
                })
            }
            _ => Ok(RunningImage::Unknown),
        }
    }

    /// Key of the entry that follows the pushed tag, and what that names now; `None` where it names nothing or could not be
    /// read, which decides nothing.
    async fn pushed(
        &self,
        policy: &ServicePolicy,
        repository: &str,
        tag: &str,
        service: &ObservedService,
    ) -> Option<(String, Image)> {
        let followed = policy.images_of(repository).find(|image| image.tag.matches(tag))?;
        let key = followed.key();
        let candidate = service.observed.candidates.get(&key).and_then(Option::as_ref);
        let image = match candidate.filter(|image| image.tag.as_deref() == Some(tag)) {
            Some(image) => image.clone(),
            None => self.ecr.of(&followed.registry()).tagged(repository, tag).await.ok()??,
        };
        Some((key, image))
    }

    /// Digests of earlier releases that ECR no longer has. One that could not be read is not among them.
    async fn deleted(&self, policy: &ServicePolicy, service: &ObservedService) -> Vec<Digest> {
        let releases = service.entry.record.releases.iter().skip(1);
        let images = releases.flat_map(|release| &release.images).filter_map(|(key, image)| {
            let followed = policy.image(key)?;
            Some((followed, &image.digest))
        });
        let each = images.map(|(followed, digest)| async move {
            let found = self.ecr.of(&followed.registry()).by_digest(&followed.repository, digest).await;
            matches!(found, Ok(None)).then(|| digest.clone())
        });
        many::all(each).await.into_iter().flatten().collect()
    }
}

/// Is it what the tag policy selected when that was last acted on?
fn is_ordered(policy: &ImagePolicy, found: &Image, service: &ObservedService) -> bool {
    service.entry.record.orders.get(&policy.key()).is_some_and(|order| order.names(&found.digest))
}

fn selection(image: &ImagePolicy) -> (Registry, String, TagPolicy) {
    (image.registry(), image.repository.clone(), image.tag.clone())
}

/// Has the tag moved since the service was deployed? ECS resolved it then, so it does not name the running image. `live`
/// is moved by the automation alone, to the running image.
fn moved(policy: &ImagePolicy, tag: &str, image: &Image, service: &ObservedService) -> bool {
    let Some(deployed_at) = service.observed.service.primary().map(|primary| primary.created_at) else { return false };
    let order = service.entry.record.orders.get(&policy.key()).filter(|_| image.tag.as_deref() == Some(tag));
    let since = order.is_some_and(|order| {
        order.at > deployed_at || order.image.as_ref().is_some_and(|ordered| ordered.digest != image.digest)
    });
    tag != policy.live && (image.pushed_at > deployed_at || (policy.tag.matches(tag) && since))
}

fn unread(service: &mut ObservedService, digest: Option<Digest>, error: Error) -> RunningImage {
    let running = RunningImage::Unread { digest, error: error.to_string() };
    service.unread.push(error);
    running
}

fn known<'a>(service: &'a ObservedService, key: &str, digest: &Digest) -> Option<&'a Image> {
    let record = &service.entry.record;
    let released = record.releases.iter().filter_map(|release| release.images.get(key));
    let rolling = record.rollout.iter().flat_map(|rollout| [rollout.images.get(key), rollout.previous_images.get(key)]);
    let refused = record.quarantine.iter().filter(|entry| entry.repository == key).map(|entry| &entry.image);
    let candidate = service.observed.candidates.get(key).and_then(Option::as_ref);
    released.chain(rolling.flatten()).chain(refused).chain(candidate).find(|image| image.digest == *digest)
}
