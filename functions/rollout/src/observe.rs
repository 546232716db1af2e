//! Reads AWS and the ledger: what is independent at once, the rest only when a decision needs it.

use std::collections::BTreeMap;

use futures_util::future::join3;
use jiff::SignedDuration;
use planner::fleet::ServicePolicy;
use planner::model::{Digest, Image, Service, ServiceId};
use planner::rollout::{ImagePolicy, Observed, Record, request};
use shared::ledger::Subject;
use shared::runtime::Invocation;
use shared::{Error, Result, many};

use crate::app::App;
use crate::images::Candidates;
use crate::observed::{Entry, ObservedService};
use crate::trigger::{RequestKind, Trigger};

/// Of so many services a tick reads the tags.
const IN_TURN: usize = 50;
/// From tick to tick.
const TICK: SignedDuration = SignedDuration::from_mins(5);

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
        let entries = invocation.context.ledger.load_all(&subjects);
        let read = self.in_turn(scope, invocation);
        let (mut services, entries, mut candidates) =
            join3(self.ecs.services(&ids), entries, self.candidates(&read)).await;
        let active = scope.iter().zip(&entries).filter(|(policy, entry)| {
            let rests = entry.as_ref().is_ok_and(|entry| rests(policy, &entry.record));
            !rests && !read.iter().any(|own| std::ptr::eq(*own, **policy))
        });
        let active: Vec<&ServicePolicy> = active.map(|(policy, _)| *policy).collect();
        candidates.extend(self.candidates(&active).await);
        let each = scope.iter().zip(entries).map(|(policy, entry)| {
            let not_found = || Err(Error::not_found(format!("service {} not found", policy.id())));
            let service = services.remove(&policy.id()).unwrap_or_else(not_found);
            self.observe_service(policy, service, entry, &candidates, invocation)
        });
        many::all(each).await
    }

    /// The services whose tags are read. A tick over a large fleet reads those of a part, another one each time: they move with an
    /// event, and a tick only makes up for one that was lost. Everything else reads what it is about.
    fn in_turn<'d>(&self, scope: &[&'d ServicePolicy], invocation: &Invocation<'d, App>) -> Vec<&'d ServicePolicy> {
        let services = &invocation.documents.services;
        let turns = services.len().div_ceil(IN_TURN).max(1);
        if *invocation.trigger != Trigger::Everything || turns == 1 {
            return scope.to_vec();
        }
        let turn = usize::try_from(invocation.now.as_second() / TICK.as_secs()).unwrap_or(0) % turns;
        let mine = services.iter().enumerate().filter(|(at, _)| at % turns == turn).map(|(_, policy)| policy);
        mine.filter(|policy| scope.iter().any(|own| std::ptr::eq(*own, *policy))).collect()
    }

    async fn observe_service(
        &self,
        policy: &ServicePolicy,
        service: Result<Service>,
        entry: Result<Entry>,
        candidates: &Candidates,
        invocation: &Invocation<'_, App>,
    ) -> Result<ObservedService> {
        let (service, entry) = (service?, entry?);
        if !service.is_active() {
            return Err(Error::not_found(format!("service {} is {}", service.id, service.status)));
        }
        let revision = match invocation.trigger {
            Trigger::Everything => self.ecs.known_revision(&service.revision).await?,
            _ => self.ecs.revision(&service.revision).await?,
        };
        let observed = Observed {
            candidates: BTreeMap::new(),
            unread: BTreeMap::new(),
            pushed: None,
            running: BTreeMap::new(),
            pinned: false,
            health_check: revision.has_health_check(),
            deleted: Vec::new(),
            running_tasks: Vec::new(),
            stopped_tasks: Vec::new(),
            history: Vec::new(),
            pre_deploy_task: None,
            hold: None,
            moved_at: None,
            signatures: BTreeMap::new(),
            service,
        };
        let mut service = ObservedService { entry, observed, revision, request: None, unread: Vec::new() };
        self.observe_images(policy, candidates, invocation.trigger, &mut service).await?;
        service.request = self.request(policy, invocation).await?;
        self.observe_evidence(policy, &mut service, invocation.context, invocation.now).await?;
        Ok(service)
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
        let followed = match (repository, policy.images.as_slice()) {
            (Some(repository), _) if policy.image(repository).is_some() => policy.image(repository),
            (None, [only]) => Some(only),
            (Some(_) | None, _) => None,
        };
        let followed = match followed {
            Some(followed) => followed,
            None => {
                let known: Vec<String> = policy.images.iter().map(ImagePolicy::key).collect();
                let expected = format!("one of {}", known.join(", "));
                return Err(Error::bad_field("repository", repository.unwrap_or_default(), &expected));
            }
        };
        let (ecr, repository) = (self.ecr.of(&followed.registry()), &followed.repository);
        let found = match image.parse::<Digest>() {
            Ok(digest) => ecr.by_digest(repository, &digest).await?,
            Err(error) if image.starts_with("sha256:") => return Err(error),
            Err(_) => ecr.tagged(repository, image).await?,
        };
        let image = found.ok_or_else(|| Error::not_found(format!("image {image} in {repository}")))?;
        Ok(BTreeMap::from([(followed.key(), image)]))
    }

    /// The request that the planner answers; `None` when the trigger carries none.
    ///
    /// # Errors
    /// `Invalid` when what it asks for would end in the past, or names an image that there is not.
    async fn request(
        &self,
        policy: &ServicePolicy,
        invocation: &Invocation<'_, App>,
    ) -> Result<Option<request::Request>> {
        let Trigger::Request(asked) = invocation.trigger else { return Ok(None) };
        let (by, reason, asked_at) = (asked.by.clone(), asked.reason.clone(), asked.at);
        Ok(match &asked.kind {
            RequestKind::Rollback(rollback) => {
                let (deployment, environment) = (rollback.deployment.clone(), rollback.environment);
                let hold = rollback.hold_until.as_ref().map(|until| until.end_of("hold_until", invocation.now));
                let hold_until = hold.transpose()?;
                let rollback = request::Rollback { by, reason, deployment, environment, hold_until, asked_at };
                Some(request::Request::Rollback(rollback))
            }
            RequestKind::Restart(restart) => {
                let cool_down = restart.cool_down_minutes.map(|minutes| SignedDuration::from_mins(minutes.into()));
                Some(request::Request::Restart(request::Restart { by, reason, cool_down, asked_at }))
            }
            RequestKind::Retry(retry) => {
                let images = self.requested_images(policy, retry.image.as_deref(), retry.repository.as_deref()).await?;
                Some(request::Request::Retry(request::Retry { by, images }))
            }
            RequestKind::Freeze(_) | RequestKind::Unfreeze => None,
        })
    }
}

/// Is a release verified, nothing in progress, and known what every tag named at the last look?
fn rests(policy: &ServicePolicy, record: &Record) -> bool {
    let known = |image: &ImagePolicy| record.orders.contains_key(&image.key());
    record.rollout.is_none() && record.current().is_some() && policy.images.iter().all(known)
}
