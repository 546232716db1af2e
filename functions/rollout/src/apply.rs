//! Applies a decision exactly. Every step is idempotent, and only this file knows dry runs.

use std::collections::BTreeMap;

use planner::fleet::ServicePolicy;
use planner::model::{Digest, Image, Revision};
use planner::rollout::{
    Action, Cause, Decision, Freeze, Observed, Phase, Quarantine, Restart, Roll, Rollout, RunningImage,
};
use shared::aws::OneOff;
use shared::error::Context;
use shared::ledger::Subject;
use shared::notify::Notification;
use shared::runtime::{Done, Invocation, Line, Mode, Next, Outcome};
use shared::{Error, Kind, Result};

use crate::App;
use crate::message::{Failure, Messages};
use crate::observe::{Entry, ObservedService};
use crate::trigger::STARTED_BY;

/// One service whose plan is carried out.
pub(crate) struct Service<'a> {
    pub app: &'a App,
    pub policy: &'a ServicePolicy,
    pub invocation: &'a Invocation<'a, App>,
}

impl Service<'_> {
    /// Records a freeze, or its end.
    pub async fn freeze(&self, frozen: Option<Freeze>, by: &str, entry: &mut Entry, done: &mut Done) -> Result<Next> {
        let message = self.messages().frozen(frozen.as_ref(), by);
        let (label, why) = (if frozen.is_some() { "freeze" } else { "unfreeze" }, message.summary.clone());
        let mut next = entry.clone();
        next.record.frozen = frozen;
        next.record_event(self.invocation.now, label, why.clone());
        next.announce(self.invocation.now, message);
        let changes = vec![why.clone()];
        let outcome = match self.invocation.mode {
            Mode::Act => {
                self.save(entry, next).await?;
                Outcome::Changed(changes)
            }
            Mode::DryRun | Mode::Plan => {
                // What would hold is what the rest is planned from.
                *entry = next;
                Outcome::Planned(changes)
            }
        };
        done.decided((label, "requested"), why, outcome);
        Ok(Next::Again)
    }

    /// Applies `decision`; afterwards `service` has the state that it left.
    pub async fn apply(&self, decision: &Decision, service: &mut ObservedService, done: &mut Done) -> Result<Next> {
        let image = in_question(decision, &service.entry);
        let outcome = match self.carry_out(decision, service).await {
            // Another invocation wrote first.
            Outcome::Failed(error) if error.kind() == Kind::Conflict => return Err(error),
            outcome => outcome,
        };
        let changed = matches!(outcome, Outcome::Changed(_));
        let next = if changed && decision.action != Action::Keep { Next::Again } else { Next::Done };
        if changed {
            match decision.action {
                Action::Roll(_) | Action::Update { .. } => done.count("Rolled"),
                Action::Complete { .. } => done.count("Completed"),
                Action::Fail { .. } => done.count("RolledBack"),
                _ => {}
            }
        }
        let labels = (decision.action.label(), decision.reason.label());
        let mut line = Line::new(done.subject().clone(), labels, decision.reason.to_string(), outcome);
        line.image = image;
        done.push(line);
        Ok(next)
    }

    async fn carry_out(&self, decision: &Decision, service: &mut ObservedService) -> Outcome {
        let ObservedService { entry, observed, revision, .. } = service;
        if self.invocation.mode != Mode::Act {
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
        let message = self.messages().kept(&decision.reason, self.invocation.trigger);
        let mut next = entry.clone();
        if !message.is_some_and(|message| next.announce(self.invocation.now, message)) {
            return Outcome::Unchanged;
        }
        next.record_event(self.invocation.now, decision.reason.label(), decision.reason.to_string());
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
        next.record_event(self.invocation.now, decision.action.label(), decision.reason.to_string());
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
            next.record_event(self.invocation.now, decision.action.label(), decision.reason.to_string());
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
        next.record_event(self.invocation.now, "restart", decision.reason.to_string());
        next.announce(self.invocation.now, self.messages().restarted(&decision.reason, deployment));
        self.save(entry, next).await?;
        Ok(vec![format!("confirmed the restart: {deployment}")])
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
        next.announce(self.invocation.now, self.messages().failed(&rollout, &next.record, &failure));
        next.record_event(self.invocation.now, "fail", reason);
        if quarantine.is_empty() && rollout.cause == Cause::Drift {
            next.record.stuck_at = Some(rollout.previous_revision);
        }
        for entry in quarantine {
            next.record.add_quarantine(entry);
        }
        match recover {
            Some(failed) => {
                set_phase(next, Phase::RollingBack { failed: failed.to_owned(), since: self.invocation.now })
            }
            None => next.record.rollout = None,
        }
    }

    async fn recover(&self, decision: &Decision, failed: &str, entry: &mut Entry) -> Result<Vec<String>> {
        // The restored deployment's id was the reference of an earlier invalidation, and CloudFront wants a new one.
        let changes = self.invalidate(failed).await?.into_iter().collect();
        let mut next = entry.clone();
        next.record.rollout = None;
        next.record_event(self.invocation.now, decision.action.label(), decision.reason.to_string());
        next.announce(self.invocation.now, self.messages().recovered(&next.record, failed));
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
        next.record_event(self.invocation.now, decision.action.label(), decision.reason.to_string());
        if let Some(message) = message {
            next.announce(self.invocation.now, message);
        }
        self.save(entry, next).await?;
        Ok(vec![decision.reason.to_string()])
    }

    pub(crate) async fn save(&self, entry: &mut Entry, mut next: Entry) -> Result<()> {
        let subject = Subject::Service(self.policy.id());
        self.invocation.context.ledger.save(&subject, &mut next).await.context(|| "save the record")?;
        *entry = next;
        Ok(())
    }

    fn quarantine(&self, repository: &str, image: &Image, reason: &str) -> Quarantine {
        Quarantine {
            repository: repository.into(),
            image: image.clone(),
            reason: reason.into(),
            at: self.invocation.now,
        }
    }

    pub(crate) fn messages(&self) -> Messages<'_> {
        Messages { fleet: self.invocation.documents, policy: self.policy, now: self.invocation.now }
    }
}

fn set_phase(entry: &mut Entry, phase: Phase) {
    if let Some(rollout) = &mut entry.record.rollout {
        rollout.phase = phase;
    }
}

/// The image that a decision is about: the one to be rolled, or the one in progress.
fn in_question(decision: &Decision, entry: &Entry) -> Option<(String, Image)> {
    let rollout = match &decision.action {
        Action::Roll(roll) => Some(&roll.rollout),
        _ => entry.record.rollout.as_ref(),
    };
    let images = rollout.map(|rollout| &rollout.images)?;
    images.iter().next().map(|(repository, image)| (repository.clone(), image.clone()))
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
