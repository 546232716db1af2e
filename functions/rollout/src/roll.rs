//! Rolls a service to other images: claim, revision, pre-deploy task, deployment.

use planner::model::{Digest, ImageSource, Revision};
use planner::rollout::{Action, Cause, Decision, FailedRollout, ImagePolicy, Observed, Phase, Roll, RunningImage};
use shared::aws::{Launch, OneOff};
use shared::{Error, Kind, Result};

use crate::failure::is_permanent;
use crate::observed::Entry;
use crate::service::{Service, why};
use crate::trigger::{STARTED_BY, Trigger};

impl Service<'_> {
    pub(crate) async fn roll(
        &self,
        decision: &Decision,
        roll: &Roll,
        entry: &mut Entry,
        observed: &mut Observed,
        current: &Revision,
    ) -> Result<Vec<String>> {
        if let Some(task) = &roll.stop {
            self.app.ecs.stop_task(&self.policy.cluster, task, "the service is rolled back").await?;
        }
        let mut next = entry.clone();
        next.record.rollout = Some(roll.rollout.clone());
        for quarantine in &roll.quarantine {
            next.record.add_quarantine(quarantine.clone());
        }
        for (repository, digest) in &roll.unquarantine {
            next.record.unquarantine(repository, digest);
        }
        next.record.orders.extend(roll.orders.clone());
        next.record.held.clone_from(&roll.held);
        next.record_event(self.invocation.now, &decision.action, why(&decision.reason));
        if matches!(roll.rollout.cause, Cause::Retry { .. }) {
            next.record.postponed = None;
        }
        // The claim: from here on no other invocation rolls this service until the lease expires.
        self.save(entry, next).await?;
        let deployed = async {
            let (revision, mut changes) = self.register(roll, entry, current).await?;
            changes.extend(match roll.run_pre_deploy_task {
                true => self.run_pre_deploy_task(roll, &revision, entry, observed).await?,
                false => self.update(decision, &revision, roll.initial_tasks, entry, observed).await?,
            });
            Ok(changes)
        };
        match deployed.await {
            Err(error) => self.refused(error, roll.rollout.attempts, entry).await,
            changes => changes,
        }
    }

    /// Updates the service after its pre-deploy task; a refusal counts as one of the rollout's attempts.
    pub(crate) async fn update_after_task(
        &self,
        decision: &Decision,
        (revision, initial_tasks): (&str, Option<u32>),
        entry: &mut Entry,
        observed: &mut Observed,
    ) -> Result<Vec<String>> {
        let error = match self.update(decision, revision, initial_tasks, entry, observed).await {
            Err(error) => error,
            changes => return changes,
        };
        let attempts = entry.record.rollout.as_ref().map_or(0, |rollout| rollout.attempts).saturating_add(1);
        if is_permanent(&error) {
            let mut next = entry.clone();
            if let Some(rollout) = &mut next.record.rollout {
                rollout.attempts = attempts;
            }
            self.save(entry, next).await?;
        }
        self.refused(error, attempts, entry).await
    }

    /// Registers a copy of the current revision, or of the one that the rollout names, with other images; returns its ARN.
    /// An interrupted rollout may have registered it already.
    async fn register(&self, roll: &Roll, entry: &mut Entry, current: &Revision) -> Result<(String, Vec<String>)> {
        let base = match (&roll.rollout.revision, self.invocation.trigger) {
            (Some(arn), _) => &self.app.ecs.revision(arn).await?,
            // It may have been read long ago, and its tags can change.
            (None, Trigger::Everything) => &self.app.ecs.revision(current.arn()).await?,
            (None, _) => current,
        };
        let image =
            |image: &ImagePolicy| Some((image.image_source(), roll.rollout.images.get(&image.key())?.digest.clone()));
        let images: Vec<(ImageSource, Digest)> = self.policy.images.iter().filter_map(image).collect();
        let request = base.with_images(&images);
        if roll.resumed {
            let latest = self.app.ecs.revision(base.family()).await?;
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
            short(base.arn()),
            differences.join(", ")
        );
        self.refuse(
            entry,
            &FailedRollout::unlike(&roll.rollout, &reason, self.invocation.now),
            false,
            ("unlike", reason.clone()),
        )
        .await?;
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
        let task = match self.app.ecs.run_task(&task).await? {
            Launch::Started(task) => task,
            // The same token is answered the same for up to 24 hours: the next attempt is another rollout, with its own.
            Launch::Failed(error) => return self.prevented(&roll.rollout, "unplaced", error.to_string(), entry).await,
        };
        let phase = Phase::PreDeployTask {
            revision: revision.to_owned(),
            task: task.clone(),
            since: self.invocation.now,
            initial_tasks: roll.initial_tasks,
        };
        self.reach(entry, phase, |_| {}).await?;
        Ok(vec![format!("started the pre-deploy task: {}", short(&task))])
    }

    pub(crate) async fn update(
        &self,
        decision: &Decision,
        revision: &str,
        initial_tasks: Option<u32>,
        entry: &mut Entry,
        observed: &mut Observed,
    ) -> Result<Vec<String>> {
        let service = self.app.ecs.roll(&self.policy.id(), revision, initial_tasks).await?;
        let ours = service.deployments.iter().find(|deployment| deployment.revision == revision && deployment.primary);
        let (deployment, since) = ours.map(|ours| (ours.id.clone(), ours.created_at)).ok_or_else(|| {
            Error::new(
                Kind::Unavailable,
                format!("update service {}: no deployment of {revision} in the answer", service.id),
            )
        })?;
        let mut changes = vec![format!("updated the service to {}: {deployment}", short(revision))];
        changes.extend(initial_tasks.map(|count| format!("desired count {count}")));
        let phase = Phase::Deploying { revision: revision.to_owned(), deployment, since };
        let note = |entry: &mut Entry| {
            if matches!(decision.action, Action::Update { .. }) {
                entry.record_event(self.invocation.now, &decision.action, why(&decision.reason));
            }
        };
        self.reach(entry, phase, note).await?;
        let images = entry.record.rollout.iter().flat_map(|rollout| &rollout.images);
        observed.running =
            images.map(|(repository, image)| (repository.clone(), RunningImage::Known(image.clone()))).collect();
        observed.service = service;
        Ok(changes)
    }
}

/// The part of an ARN after the last `/`.
fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
