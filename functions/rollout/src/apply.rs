//! Applies a decision exactly. Every step is idempotent, and only this file knows dry runs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use planner::fleet::ServicePolicy;
use planner::model::{Digest, Image, Revision};
use planner::rollout::{
    Action, Cause, Decision, Observed, Phase, Quarantine, Record, Release, Restart, Roll, Rollout, RunningImage,
};
use shared::aws::{OneOff, TagMove};
use shared::error::Context;
use shared::notify::Notification;
use shared::report::Outcome;
use shared::{Error, Kind, Result};

use crate::event::STARTED_BY;
use crate::message::{Failure, Messages};
use crate::observe::ObservedService;
use crate::{App, Entry, Mode, Trigger};

/// What applying a decision about one service needs.
pub(crate) struct Step<'a> {
    pub app: &'a App,
    pub policy: &'a ServicePolicy,
    pub mode: Mode,
    pub now: Timestamp,
    pub trigger: &'a Trigger,
}

impl Step<'_> {
    /// Applies `decision`; afterwards `service` has the state that it left.
    pub async fn apply(&self, decision: &Decision, service: &mut ObservedService) -> Outcome {
        let ObservedService { entry, observed, revision } = service;
        if self.mode == Mode::DryRun {
            return match &decision.action {
                Action::Keep => Outcome::Unchanged,
                action => Outcome::Planned(vec![format!("would {}: {}", action.label(), decision.reason)]),
            };
        }
        let result = match &decision.action {
            Action::Keep => return self.keep(decision, entry).await,
            Action::Roll(roll) => self.roll(decision, roll, entry, observed, revision).await,
            Action::Update { revision, initial_tasks } => {
                self.update(decision, revision, *initial_tasks, entry, observed).await
            }
            Action::Restart(claim) => self.restart(decision, claim, entry, observed).await,
            Action::ConfirmRestart { deployment } => self.confirm_restart(decision, deployment, entry).await,
            Action::Adopt { revision, deployment } => {
                let phase = Phase::Deploying { revision: revision.clone(), deployment: deployment.clone() };
                self.advance(decision, entry, phase, None).await
            }
            Action::Stage { revision, deployment } => {
                let phase = Phase::Staged { revision: revision.clone(), deployment: deployment.clone() };
                let message = entry.record.rollout.as_ref().map(|rollout| self.messages().staged(rollout, deployment));
                self.advance(decision, entry, phase, message).await
            }
            Action::Complete { revision, deployment } => self.complete(decision, revision, deployment, entry).await,
            Action::Fail { quarantine, recover } => self.fail(decision, quarantine, recover.as_deref(), entry).await,
            Action::Recover { failed } => self.recover(decision, failed, entry).await,
        };
        match result {
            Ok(changes) => Outcome::Changed(changes),
            Err(error) => Outcome::Failed(error),
        }
    }

    /// Nothing changes, but what is held, refused or overdue is announced once.
    async fn keep(&self, decision: &Decision, entry: &mut Entry) -> Outcome {
        let message = self.messages().kept(&decision.reason, self.trigger);
        let mut next = entry.clone();
        if !message.is_some_and(|message| next.tell(self.now, message)) {
            return Outcome::Unchanged;
        }
        next.note(self.now, decision.reason.label(), decision.reason.to_string());
        match self.save(entry, next).await {
            Ok(()) => Outcome::Changed(vec![format!("announced: {}", decision.reason.label())]),
            Err(error) => Outcome::Failed(error),
        }
    }

    async fn roll(
        &self,
        decision: &Decision,
        roll: &Roll,
        entry: &mut Entry,
        observed: &mut Observed,
        current: &Revision,
    ) -> Result<Vec<String>> {
        let mut next = entry.clone();
        next.record.rollout = Some(roll.rollout.clone());
        for quarantine in &roll.quarantine {
            next.record.add_quarantine(quarantine.clone());
        }
        for (repository, digest) in &roll.unquarantine {
            next.record.unquarantine(repository, digest);
        }
        next.note(self.now, decision.action.label(), decision.reason.to_string());
        // The claim: from here on no other invocation rolls this service until the lease expires.
        self.save(entry, next).await?;

        let (revision, mut changes) = self.register(roll, entry, current).await?;
        if roll.run_pre_deploy_task {
            changes.extend(self.run_pre_deploy_task(roll, &revision, entry, observed).await?);
            return Ok(changes);
        }
        changes.extend(self.update(decision, &revision, roll.initial_tasks, entry, observed).await?);
        Ok(changes)
    }

    /// Registers a copy of the current revision with other images; returns its ARN. An interrupted rollout may have
    /// registered it already.
    async fn register(&self, roll: &Roll, entry: &mut Entry, current: &Revision) -> Result<(String, Vec<String>)> {
        let digests: BTreeMap<String, Digest> =
            roll.rollout.images.iter().map(|(repository, image)| (repository.clone(), image.digest.clone())).collect();
        let request = current.with_images(&digests);
        if roll.resumed {
            let latest = self.app.ecs.revision(current.family()).await?;
            if latest.arn() != roll.rollout.previous_revision && latest.differences(&request).is_empty() {
                let found = format!("{} was registered already", short(latest.arn()));
                return Ok((latest.arn().to_owned(), vec![found]));
            }
        }
        let registered = self.app.ecs.register(&request).await?;
        let differences = registered.differences(&request);
        if differences.is_empty() {
            return Ok((registered.arn().to_owned(), vec![format!("registered {}", short(registered.arn()))]));
        }
        let reason = format!(
            "{} differs from {} in more than the image: {}",
            short(registered.arn()),
            short(current.arn()),
            differences.join(", ")
        );
        // Without this every tick would register another revision like it.
        let mut next = entry.clone();
        let quarantine =
            changed(&roll.rollout).map(|(repository, image)| self.quarantine(repository, image, &reason)).collect();
        self.refuse(&mut next, quarantine, None, &reason);
        self.save(entry, next).await?;
        Err(Error::invalid(reason))
    }

    async fn run_pre_deploy_task(
        &self,
        roll: &Roll,
        revision: &str,
        entry: &mut Entry,
        observed: &Observed,
    ) -> Result<Vec<String>> {
        let policy = self.policy.rollout.pre_deploy_task.as_ref();
        let policy = policy.ok_or_else(|| Error::invalid("rollout.pre_deploy_task: not set"))?;
        let network = observed.service.network.as_ref();
        let network = network.ok_or_else(|| {
            Error::invalid(format!("network of service {}: not set, expected awsvpc", self.policy.id()))
        })?;
        let task = OneOff {
            cluster: &self.policy.cluster,
            revision,
            container: &policy.container,
            command: &policy.command,
            network,
            started_by: &format!("{STARTED_BY}{}", roll.rollout.id),
            // The same rollout, resumed, gets the task that it has already started.
            client_token: &roll.rollout.id,
        };
        let task = self.app.ecs.run_task(&task).await?;
        let phase = Phase::PreDeployTask {
            revision: revision.to_owned(),
            task: task.clone(),
            initial_tasks: roll.initial_tasks,
        };
        let mut next = entry.clone();
        set_phase(&mut next, phase);
        self.save(entry, next).await?;
        Ok(vec![format!("started the pre-deploy task: {}", short(&task))])
    }

    async fn update(
        &self,
        decision: &Decision,
        revision: &str,
        initial_tasks: Option<u32>,
        entry: &mut Entry,
        observed: &mut Observed,
    ) -> Result<Vec<String>> {
        let service = self.app.ecs.roll(&self.policy.id(), revision, initial_tasks).await?;
        let ours = service.deployments.iter().find(|deployment| deployment.revision == revision && deployment.primary);
        let deployment = ours.map(|deployment| deployment.id.clone()).ok_or_else(|| {
            Error::new(
                Kind::Unavailable,
                format!("update service {}: no deployment of {revision} in the answer", service.id),
            )
        })?;
        let mut changes = vec![format!("updated the service to {}: {deployment}", short(revision))];
        changes.extend(initial_tasks.map(|count| format!("desired count {count}")));
        let phase = Phase::Deploying { revision: revision.to_owned(), deployment };
        let mut next = entry.clone();
        set_phase(&mut next, phase);
        if matches!(decision.action, Action::Update { .. }) {
            next.note(self.now, decision.action.label(), decision.reason.to_string());
        }
        self.save(entry, next).await?;
        let images = entry.record.rollout.iter().flat_map(|rollout| &rollout.images);
        observed.running =
            images.map(|(repository, image)| (repository.clone(), RunningImage::Known(image.clone()))).collect();
        observed.service = service;
        Ok(changes)
    }

    /// Forces a new deployment of the same revision; the record of the images stays as it is.
    async fn restart(
        &self,
        decision: &Decision,
        claim: &Restart,
        entry: &mut Entry,
        observed: &mut Observed,
    ) -> Result<Vec<String>> {
        let mut next = entry.clone();
        next.record.restart = Some(claim.clone());
        // The claim: from here on no other invocation restarts or rolls this service until the lease expires.
        self.save(entry, next).await?;
        let service = self.app.ecs.restart(&self.policy.id()).await?;
        let deployment = service.primary().map(|primary| primary.id.clone()).unwrap_or_default();
        observed.service = service;
        self.confirm_restart(decision, &deployment, entry).await?;
        Ok(vec![format!("forced a new deployment: {deployment}")])
    }

    async fn confirm_restart(&self, decision: &Decision, deployment: &str, entry: &mut Entry) -> Result<Vec<String>> {
        let mut next = entry.clone();
        if let Some(restart) = &mut next.record.restart {
            restart.deployment = Some(deployment.to_owned());
        }
        next.note(self.now, "restart", decision.reason.to_string());
        next.tell(self.now, self.messages().restarted(&decision.reason, deployment));
        self.save(entry, next).await?;
        Ok(vec![format!("confirmed the restart: {deployment}")])
    }

    /// Tags, CDN, ledger, message: in this order, so that a crash anywhere is repaired by a repetition.
    async fn complete(
        &self,
        decision: &Decision,
        revision: &str,
        deployment: &str,
        entry: &mut Entry,
    ) -> Result<Vec<String>> {
        let Some(rollout) = entry.record.rollout.clone() else { return Ok(Vec::new()) };
        let mut next = entry.clone();
        let previous_images =
            next.record.current().map_or(rollout.previous_images.clone(), |release| release.images.clone());
        if next.record.releases.is_empty() && !rollout.previous_images.is_empty() {
            // The images that ran before the first record of this service are the first release to roll back to.
            next.record.add_release(self.release(&rollout, &rollout.previous_images, &rollout.previous_revision, ""));
        }
        next.record.add_release(self.release(&rollout, &rollout.images, revision, deployment));
        next.record.rollout = None;
        next.record.stuck_at = None;

        let mut changes = self.move_tags(&next.record).await?;
        changes.extend(self.invalidate(deployment).await?);
        let message = self.messages().completed(&rollout, &previous_images, deployment);
        next.note(self.now, decision.action.label(), format!("{}: {}", message.title, decision.reason));
        next.tell(self.now, message);
        self.save(entry, next).await?;
        Ok(changes)
    }

    async fn fail(
        &self,
        decision: &Decision,
        quarantine: &[Quarantine],
        recover: Option<&str>,
        entry: &mut Entry,
    ) -> Result<Vec<String>> {
        let mut next = entry.clone();
        self.refuse(&mut next, quarantine.to_vec(), recover, &decision.reason.to_string());
        self.save(entry, next).await?;
        let digests = quarantine.iter().map(|entry| format!("quarantined {}", entry.image));
        Ok(digests.collect())
    }

    /// Ends the rollout in progress, or waits for its rollback: quarantine, history, message.
    fn refuse(&self, next: &mut Entry, quarantine: Vec<Quarantine>, recover: Option<&str>, reason: &str) {
        let Some(rollout) = next.record.rollout.clone() else { return };
        let failure = Failure { reason, recover, quarantined: quarantine.len() };
        next.tell(self.now, self.messages().failed(&rollout, &next.record, &failure));
        next.note(self.now, "fail", reason);
        if quarantine.is_empty() && rollout.cause == Cause::Drift {
            next.record.stuck_at = Some(rollout.previous_revision);
        }
        for entry in quarantine {
            next.record.add_quarantine(entry);
        }
        match recover {
            Some(failed) => set_phase(next, Phase::RollingBack { failed: failed.to_owned(), since: self.now }),
            None => next.record.rollout = None,
        }
    }

    async fn recover(&self, decision: &Decision, failed: &str, entry: &mut Entry) -> Result<Vec<String>> {
        // The restored deployment's id was the reference of an earlier invalidation, and CloudFront wants a new one.
        let changes = self.invalidate(failed).await?.into_iter().collect();
        let mut next = entry.clone();
        next.record.rollout = None;
        next.note(self.now, decision.action.label(), decision.reason.to_string());
        next.tell(self.now, self.messages().recovered(&next.record, failed));
        self.save(entry, next).await?;
        Ok(changes)
    }

    async fn advance(
        &self,
        decision: &Decision,
        entry: &mut Entry,
        phase: Phase,
        message: Option<Notification>,
    ) -> Result<Vec<String>> {
        let mut next = entry.clone();
        set_phase(&mut next, phase);
        next.note(self.now, decision.action.label(), decision.reason.to_string());
        if let Some(message) = message {
            next.tell(self.now, message);
        }
        self.save(entry, next).await?;
        Ok(vec![decision.reason.to_string()])
    }

    /// `previous` first: between the two moves both tags name images that may run.
    async fn move_tags(&self, record: &Record) -> Result<Vec<String>> {
        let mut changes = Vec::new();
        for policy in &self.policy.images {
            let image =
                |release: Option<&Release>| release.and_then(|release| release.images.get(&policy.repository).cloned());
            let moves = [(&policy.previous, image(record.previous())), (&policy.live, image(record.current()))];
            for (tag, image) in moves {
                let Some(image) = image else { continue };
                match self.app.ecr.tag(&policy.repository, &image.digest, tag).await {
                    Ok(TagMove::Moved) => {
                        changes.push(format!("moved tag {}:{tag} to {}", policy.repository, image.digest.short()))
                    }
                    Ok(TagMove::AlreadyThere) => {}
                    // A deleted image cannot be tagged, and is no reason to hold the release back.
                    Err(error) if error.kind() == Kind::NotFound && *tag == policy.previous => {
                        changes.push(format!("left tag {}:{tag} unchanged: {error}", policy.repository));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(changes)
    }

    async fn invalidate(&self, reference: &str) -> Result<Option<String>> {
        let Some(invalidate) = &self.policy.rollout.invalidate else { return Ok(None) };
        let paths = &invalidate.paths;
        self.app.cloudfront.invalidate(&invalidate.distribution, paths, reference).await?;
        Ok(Some(format!("invalidated {} of {}", paths.join(" "), invalidate.distribution)))
    }

    async fn save(&self, entry: &mut Entry, mut next: Entry) -> Result<()> {
        self.app.save(&self.policy.id(), &mut next).await.context(|| "save the record")?;
        *entry = next;
        Ok(())
    }

    fn release(
        &self,
        rollout: &Rollout,
        images: &BTreeMap<String, Image>,
        revision: &str,
        deployment: &str,
    ) -> Release {
        let (revision, deployment) = (revision.into(), deployment.into());
        Release { images: images.clone(), revision, deployment, started_at: rollout.started_at, at: self.now }
    }

    fn quarantine(&self, repository: &str, image: &Image, reason: &str) -> Quarantine {
        Quarantine { repository: repository.into(), image: image.clone(), reason: reason.into(), at: self.now }
    }

    fn messages(&self) -> Messages<'_> {
        Messages { fleet: &self.app.config.fleet, policy: self.policy, now: self.now }
    }
}

fn set_phase(entry: &mut Entry, phase: Phase) {
    if let Some(rollout) = &mut entry.record.rollout {
        rollout.phase = phase;
    }
}

/// The images that a rollout changes.
fn changed(rollout: &Rollout) -> impl Iterator<Item = (&String, &Image)> {
    rollout
        .images
        .iter()
        .filter(|(repository, image)| rollout.previous_images.get(*repository).is_none_or(|b| b.digest != image.digest))
}

/// The part of an ARN after the last `/`.
fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
