//! Reads AWS and the ledger: what is independent at once, the rest only when a decision needs it.

use std::collections::BTreeMap;

use futures_util::future::{join_all, join3};
use jiff::{SignedDuration, Timestamp};
use planner::fleet::ServicePolicy;
use planner::model::{Digest, Image, ImageRef, Reference, Revision, Service, ServiceId, TagPolicy};
use planner::rollout::ImagePolicy;
use planner::rollout::{Observed, Record, RunningImage, request};
use shared::ledger::Subject;
use shared::runtime::Invocation;
use shared::{Error, Result};

use crate::app::App;
use crate::trigger::{RequestKind, Trigger};

/// What the ledger keeps of one service's images.
pub(crate) type Entry = shared::ledger::Entry<Record>;

/// Everything that was observed of one service.
pub struct ObservedService {
    /// Its ledger entry.
    pub(crate) entry: Entry,
    /// What the planner decides from.
    pub(crate) observed: Observed,
    /// Its current revision, from which the next one is copied.
    pub(crate) revision: Revision,
    /// The request that the planner answers, if the trigger is one.
    pub(crate) request: Option<request::Request>,
}

/// By repository and tag policy: the image that it selects now, or why it could not be read.
type Candidates = Vec<((String, TagPolicy), Result<Option<Image>>)>;

impl App {
    /// Reads all services in scope: services, ledger and tags at once, then each one's revision and, where a decision
    /// needs them, its tasks. One result for each service, in the order of `scope`.
    pub(crate) async fn observe_services<'d>(
        &self,
        scope: &[&'d ServicePolicy],
        invocation: &Invocation<'d, App>,
    ) -> Vec<Result<ObservedService>> {
        let ids: Vec<ServiceId> = scope.iter().map(|policy| policy.id()).collect();
        let subjects: Vec<Subject> = ids.iter().cloned().map(Subject::Service).collect();
        let entries = join_all(subjects.iter().map(|subject| invocation.context.ledger.load(subject)));
        let (mut services, entries, candidates) = join3(self.ecs.services(&ids), entries, self.candidates(scope)).await;
        let each = scope.iter().zip(entries).map(|(policy, entry)| {
            let not_found = || Err(Error::not_found(format!("service {} not found", policy.id())));
            let service = services.remove(&policy.id()).unwrap_or_else(not_found);
            self.observe_service(policy, service, entry, &candidates, invocation.trigger, invocation.now)
        });
        join_all(each).await
    }

    async fn observe_service(
        &self,
        policy: &ServicePolicy,
        service: Result<Service>,
        entry: Result<Entry>,
        candidates: &Candidates,
        trigger: &Trigger,
        now: Timestamp,
    ) -> Result<ObservedService> {
        let (service, entry) = (service?, entry?);
        if !service.is_active() {
            return Err(Error::not_found(format!("service {} is {}", service.id, service.status)));
        }
        let revision = self.ecs.revision(&service.revision).await?;
        let mut observed = Observed {
            candidates: BTreeMap::new(),
            running: BTreeMap::new(),
            running_tasks: Vec::new(),
            stopped_tasks: Vec::new(),
            history: Vec::new(),
            pre_deploy_task: None,
            service,
        };
        for image in &policy.images {
            let found =
                candidates.iter().find(|((repository, tag), _)| *repository == image.repository && *tag == image.tag);
            let candidate = match found {
                Some((_, Ok(candidate))) => candidate.clone(),
                Some((_, Err(error))) => return Err(error.copy()),
                None => None,
            };
            observed.candidates.insert(image.repository.clone(), candidate);
        }
        let running = policy.images.iter().map(|image| self.running(image, &entry, &observed, &revision));
        let running: Vec<RunningImage> = join_all(running).await.into_iter().collect::<Result<_>>()?;
        observed.running = policy.images.iter().map(|image| image.repository.clone()).zip(running).collect();
        let request = self.request(policy, trigger).await?;
        let mut service = ObservedService { entry, observed, revision, request };
        self.observe_evidence(policy, &mut service, now).await?;
        Ok(service)
    }

    /// The image that every tag policy in scope selects now; each pair of repository and policy is read once.
    async fn candidates(&self, scope: &[&ServicePolicy]) -> Candidates {
        let mut wanted: Vec<(String, TagPolicy)> = Vec::new();
        for image in scope.iter().flat_map(|policy| &policy.images) {
            let key = (image.repository.clone(), image.tag.clone());
            if !wanted.contains(&key) {
                wanted.push(key);
            }
        }
        let found = join_all(wanted.iter().map(|(repository, tag)| self.candidate(repository, tag))).await;
        wanted.into_iter().zip(found).collect()
    }

    async fn candidate(&self, repository: &str, tag: &TagPolicy) -> Result<Option<Image>> {
        match tag {
            TagPolicy::Exact(tag) => self.ecr.tagged(repository, tag).await,
            TagPolicy::Glob(_) | TagPolicy::Semver(_) => {
                let tagged = self.ecr.images(repository).await?;
                Ok(tag.choose(tagged.iter().map(|(tag, image)| (tag.as_str(), image))))
            }
        }
    }

    /// The image that the current revision names for a repository. One that the ledger has costs no call.
    async fn running(
        &self,
        policy: &ImagePolicy,
        entry: &Entry,
        observed: &Observed,
        revision: &Revision,
    ) -> Result<RunningImage> {
        let repository = &policy.repository;
        let mut references: Vec<ImageRef> = revision.images(repository).collect();
        references.dedup();
        match references.as_slice() {
            [] => Err(Error::not_found(format!("container with an image of {repository} in {}", revision.arn()))),
            [ImageRef { reference: Reference::Digest(digest), .. }] => {
                let known = known(entry, observed, repository, digest).cloned();
                let image = match known {
                    Some(image) => Some(image),
                    None => self.ecr.by_digest(repository, digest).await?,
                };
                Ok(image.map_or_else(|| RunningImage::Deleted(digest.clone()), RunningImage::Known))
            }
            [ImageRef { reference: Reference::Tag(tag), .. }] => {
                let candidate = observed.candidates.get(repository).and_then(Option::as_ref);
                let image = match candidate.filter(|image| image.tag.as_ref() == Some(tag)) {
                    Some(image) => Some(image.clone()),
                    None => self.ecr.tagged(repository, tag).await?,
                };
                let deployed_at = observed.service.primary().map(|primary| primary.created_at);
                // ECS resolved the tag when it deployed; a tag that moved since does not name the running image. `live`
                // is moved by the automation alone, to the running image.
                let moved = |image: &Image| *tag != policy.live && deployed_at.is_some_and(|at| image.pushed_at > at);
                Ok(image.filter(|image| !moved(image)).map_or(RunningImage::Unknown, RunningImage::Known))
            }
            _ => Ok(RunningImage::Unknown),
        }
    }

    /// The images that a `retry` names; empty when it names none.
    ///
    /// # Errors
    /// `Invalid` for a repository that the service does not follow or a malformed digest; `NotFound` for an image that
    /// ECR does not have.
    pub(crate) async fn requested_images(
        &self,
        policy: &ServicePolicy,
        image: Option<&str>,
        repository: Option<&str>,
    ) -> Result<BTreeMap<String, Image>> {
        let Some(image) = image else { return Ok(BTreeMap::new()) };
        let repository = match (repository, policy.images.as_slice()) {
            (Some(repository), _) if policy.image(repository).is_some() => repository.to_owned(),
            (None, [only]) => only.repository.clone(),
            (repository, followed) => {
                let known: Vec<&str> = followed.iter().map(|image| image.repository.as_str()).collect();
                let expected = format!("one of {}", known.join(", "));
                return Err(Error::bad_field("repository", repository.unwrap_or_default(), &expected));
            }
        };
        let found = match image.parse::<Digest>() {
            Ok(digest) => self.ecr.by_digest(&repository, &digest).await?,
            Err(error) if image.starts_with("sha256:") => return Err(error),
            Err(_) => self.ecr.tagged(&repository, image).await?,
        };
        let image = found.ok_or_else(|| Error::not_found(format!("image {image} in {repository}")))?;
        Ok(BTreeMap::from([(repository, image)]))
    }

    /// The request that the planner answers; `None` when the trigger carries none.
    async fn request(&self, policy: &ServicePolicy, trigger: &Trigger) -> Result<Option<request::Request>> {
        let Trigger::Request(asked) = trigger else { return Ok(None) };
        let (by, reason) = (asked.by.clone(), asked.reason.clone());
        Ok(match &asked.kind {
            RequestKind::Rollback(rollback) => {
                let deployment = rollback.deployment.clone();
                Some(request::Request::Rollback(request::Rollback { by, reason, deployment }))
            }
            RequestKind::Restart(restart) => {
                let cool_down = restart.cool_down_minutes.map(|minutes| SignedDuration::from_mins(minutes.into()));
                Some(request::Request::Restart(request::Restart { by, reason, cool_down }))
            }
            RequestKind::Retry(retry) => {
                let images = self.requested_images(policy, retry.image.as_deref(), retry.repository.as_deref()).await?;
                Some(request::Request::Retry(request::Retry { by, images }))
            }
            RequestKind::Freeze(_) | RequestKind::Unfreeze => None,
        })
    }
}

fn known<'a>(entry: &'a Entry, observed: &'a Observed, repository: &str, digest: &Digest) -> Option<&'a Image> {
    let record = &entry.record;
    let released = record.releases.iter().filter_map(|release| release.images.get(repository));
    let rolling = record
        .rollout
        .iter()
        .flat_map(|rollout| [rollout.images.get(repository), rollout.previous_images.get(repository)]);
    let refused = record.quarantine.iter().filter(|entry| entry.repository == *repository).map(|entry| &entry.image);
    let candidate = observed.candidates.get(repository).and_then(Option::as_ref);
    released.chain(rolling.flatten()).chain(refused).chain(candidate).find(|image| image.digest == *digest)
}
