//! Reads what the verdict on the rollout or restart in progress needs, and nothing else.

use jiff::Timestamp;
use planner::capacity::{self, OverrideKind};
use planner::fleet::ServicePolicy;
use planner::model::{DeploymentState, ServiceDeployment, ServiceDeploymentStatus, ServiceId, Task};
use planner::rollout::{LEASE, Observed, Phase, Record, Restart};
use shared::Result;
use shared::ledger::Subject;
use shared::runtime::Context;

use crate::app::App;
use crate::observed::ObservedService;

impl App {
    /// Reads tasks, the deployment history where the service does not list the deployment in question, and the hold that
    /// would put off a restart.
    pub(crate) async fn observe_evidence(
        &self,
        policy: &ServicePolicy,
        service: &mut ObservedService,
        context: &Context,
        now: Timestamp,
    ) -> Result<()> {
        let ObservedService { entry, observed, .. } = service;
        if entry.record.due.is_open() || observed.service.given_up().is_some() {
            let hold = capacity_facts(policy, context).await?.override_at(now).cloned();
            let hold = hold.filter(|requested| requested.kind == OverrideKind::Hold);
            observed.hold = hold.map(|hold| hold.expiry);
        }
        let open = |restart: &&Restart| restart.is_open() && entry.record.rollout.is_none();
        if let Some(restart) = entry.record.restart.as_ref().filter(open) {
            self.observe_restart(observed, restart).await?;
        }
        if let Some(since) = unconfirmed_restart(&entry.record, now) {
            observed.history = self.history(&observed.service.id, since).await;
        }
        let Some(rollout) = &entry.record.rollout else { return Ok(()) };
        match &rollout.phase {
            Phase::Claimed { .. } => {}
            Phase::PreDeployTask { task, .. } => {
                observed.pre_deploy_task = self.ecs.task(&policy.cluster, task).await?
            }
            Phase::Deploying { deployment, since, .. } => {
                let overdue = *since + policy.rollout.deadline() < now;
                self.observe_deployment(observed, deployment, *since, overdue).await?;
                if observed.history.iter().any(|deployment| deployment.status == ServiceDeploymentStatus::Stopped) {
                    let last = capacity_facts(policy, context).await?.provider_move;
                    observed.moved_at = last.map(|last| last.since);
                }
            }
            Phase::Staged { .. } if observed.service.desired > 0 => {
                // Whichever deployment started them: a move to another capacity provider is one of its own.
                let revision = &observed.service.revision;
                let staged = |task: &Task| task.revision == *revision;
                observed.stopped_tasks = self.ecs.stopped_tasks(&observed.service.id, staged).await?;
                observed.running_tasks = self.ecs.running_tasks(&observed.service.id).await?;
            }
            Phase::Staged { .. } => {}
            Phase::RollingBack { since, .. } => {
                let begun = rollout.started_at.min(*since);
                observed.history = self.history(&observed.service.id, begun).await;
                let failed = observed.service.primary().filter(|primary| primary.state == DeploymentState::Failed);
                if let Some(primary) = failed {
                    observed.stopped_tasks =
                        self.ecs.stopped_tasks(&observed.service.id, |task| task.is_of(&primary.id)).await?;
                }
            }
        }
        Ok(())
    }

    /// What shows how a restart ended, where the service does not list it as what replaces the tasks.
    async fn observe_restart(&self, observed: &mut Observed, restart: &Restart) -> Result<()> {
        let Some(id) = &restart.deployment else { return Ok(()) };
        let service = &observed.service;
        let ours = service.deployment(id);
        if ours.is_some_and(|ours| ours.primary && ours.state != DeploymentState::Failed) {
            return Ok(());
        }
        if ours.is_none_or(|ours| ours.state != DeploymentState::Failed) {
            observed.history = self.history(&service.id, restart.begun()).await;
        }
        observed.stopped_tasks = self.ecs.stopped_tasks(&observed.service.id, |task| task.is_of(id)).await?;
        Ok(())
    }

    /// What shows how our deployment goes.
    async fn observe_deployment(
        &self,
        observed: &mut Observed,
        id: &str,
        since: Timestamp,
        overdue: bool,
    ) -> Result<()> {
        let service = &observed.service;
        match service.deployment(id).map(|ours| (&ours.state, ours.primary)) {
            Some((DeploymentState::Completed, true)) if service.desired > 0 => {
                observed.running_tasks = self.ecs.running_tasks(&service.id).await?;
                // Complete before a wake, and its tasks have ended since.
                if !observed.running_tasks.iter().any(|task| task.is_of(id)) {
                    observed.stopped_tasks = self.ecs.stopped_tasks(&service.id, |task| task.is_of(id)).await?;
                }
            }
            Some((DeploymentState::Failed, _)) => {
                observed.stopped_tasks = self.ecs.stopped_tasks(&service.id, |task| task.is_of(id)).await?;
            }
            Some((_, true)) if overdue => {
                observed.stopped_tasks = self.ecs.stopped_tasks(&service.id, |task| task.is_of(id)).await?
            }
            Some((_, true)) => {}
            _ => {
                observed.history = self.history(&service.id, since).await;
                observed.stopped_tasks = self.ecs.stopped_tasks(&service.id, |task| task.is_of(id)).await?;
            }
        }
        Ok(())
    }

    /// The deployment history; empty when it cannot be read. It only adds evidence, so that without it a verdict waits.
    async fn history(&self, id: &ServiceId, since: Timestamp) -> Vec<ServiceDeployment> {
        match self.ecs.deployments_since(id, since).await {
            Ok(history) => history,
            Err(error) => {
                tracing::warn!(error.kind = error.kind().label(), "{error}");
                Vec::new()
            }
        }
    }
}

/// What the capacity function knows of the service.
async fn capacity_facts(policy: &ServicePolicy, context: &Context) -> Result<capacity::Facts> {
    Ok(context.ledger.load::<capacity::Record>(&Subject::Service(policy.id())).await?.record.facts)
}

/// When a restart was claimed that no invocation confirmed.
fn unconfirmed_restart(record: &Record, now: Timestamp) -> Option<Timestamp> {
    let restart = record.restart.as_ref().filter(|restart| restart.deployment.is_none())?;
    (restart.at + LEASE <= now).then_some(restart.at)
}
