//! Ends a rollout that failed: quarantine, rollback, message.

use planner::model;
use planner::rollout::{Decision, FailedRollout, Freeze, Release, Rollout, Work};
use shared::{Error, Kind, Result};

use crate::message::{Failure, Recovered};
use crate::observed::Entry;
use crate::service::{Service, why};

/// Attempts after which a rollout has failed whose calls AWS refuses.
const REFUSALS: u32 = 3;

impl Service<'_> {
    pub(crate) async fn fail(
        &self,
        decision: &Decision,
        failed: &FailedRollout,
        entry: &mut Entry,
        service: &model::Service,
    ) -> Result<Vec<String>> {
        if let Some(task) = &failed.stop {
            self.app.ecs.stop_task(&self.policy.cluster, task, "its rollout failed").await?;
        }
        let left = |id: &String| service.primary().is_some_and(|primary| primary.id != *id);
        let begun = failed.recover.as_ref().is_some_and(|recover| left(&recover.failed));
        self.refuse(entry, failed, begun, why(&decision.reason)).await?;
        let digests = failed.quarantine.iter().map(|entry| format!("quarantined {}", entry.image));
        Ok(digests.collect())
    }

    /// Ends the rollout in progress, or waits for its rollback, which ECS may have `begun`: quarantine, history, message.
    pub(crate) async fn refuse(
        &self,
        entry: &mut Entry,
        failed: &FailedRollout,
        begun: bool,
        why: (&'static str, String),
    ) -> Result<()> {
        let mut next = entry.clone();
        if let Some(rollout) = &entry.record.rollout {
            // What the environment prevents again and again is announced once.
            if failed.postponed.as_ref().is_none_or(|postponed| postponed.attempts == 1) {
                let failure = Failure { reason: &why.1, failed, begun };
                next.announce(self.invocation.now, self.messages().failed(rollout, &entry.record, &failure));
            }
            next.record_event(self.invocation.now, failed, why);
            next.record.fail(failed.clone(), self.invocation.now);
        }
        self.save(entry, next).await
    }

    /// A call of the rollout was refused. Another attempt helps against a lost answer, and not against a missing
    /// permission or a wrong parameter: after a few the rollout is postponed, and the refusal announced.
    pub(crate) async fn refused(&self, error: Error, attempts: u32, entry: &mut Entry) -> Result<Vec<String>> {
        let Some(rollout) = entry.record.rollout.clone().filter(|_| is_permanent(&error) && attempts >= REFUSALS)
        else {
            return Err(error);
        };
        self.prevented(&rollout, "refused", format!("refused {attempts} times: {error}"), entry).await
    }

    /// The environment prevents a rollout that has not updated the service: it is postponed, and that is announced.
    pub(crate) async fn prevented(
        &self,
        rollout: &Rollout,
        label: &'static str,
        reason: String,
        entry: &mut Entry,
    ) -> Result<Vec<String>> {
        let failed =
            FailedRollout::prevented(entry.record.postponed.as_ref(), rollout, &reason, None, self.invocation.now);
        self.refuse(entry, &failed, false, (label, reason.clone())).await?;
        Ok(vec![reason])
    }

    pub(crate) async fn stop_task(
        &self,
        decision: &Decision,
        (task, reason): (&str, &str),
        held: &Option<Freeze>,
        entry: &mut Entry,
    ) -> Result<Vec<String>> {
        self.app.ecs.stop_task(&self.policy.cluster, task, reason).await?;
        let (messages, trigger, mut next) = (self.messages(), self.invocation.trigger, entry.clone());
        next.record.held.clone_from(held);
        for reason in decision.reason.each() {
            if let Some(message) = messages.kept(reason, trigger).or_else(|| messages.noted(reason, trigger)) {
                next.announce(self.invocation.now, message);
            }
        }
        if next != *entry {
            next.record_event(self.invocation.now, &decision.action, why(&decision.reason));
            self.save(entry, next).await?;
        }
        Ok(vec![format!("stopped the pre-deploy task: {reason}")])
    }

    pub(crate) async fn recover(
        &self,
        decision: &Decision,
        recovered: Recovered<'_>,
        release: Option<&Release>,
        entry: &mut Entry,
    ) -> Result<Vec<String>> {
        let mut next = entry.clone();
        next.record.rollout = None;
        if let Some(release) = release {
            next.record.add_release(release.clone());
            next.record.owe(Work::MoveTags, self.invocation.now);
        }
        if self.policy.rollout.invalidate.is_some() {
            // The restored deployment's id was the reference of an earlier invalidation, and CloudFront wants a new one.
            next.record.owe(Work::Invalidate { reference: recovered.failed.to_owned() }, self.invocation.now);
        }
        next.record_event(self.invocation.now, &decision.action, why(&decision.reason));
        if next.record.postponed.as_ref().is_none_or(|postponed| postponed.attempts == 1) {
            next.announce(self.invocation.now, self.messages().recovered(&recovered));
        }
        self.save(entry, next).await?;
        Ok(vec![decision.reason.to_string()])
    }

    pub(crate) async fn abandon(
        &self,
        decision: &Decision,
        failed: &str,
        entry: &mut Entry,
        service: &model::Service,
    ) -> Result<Vec<String>> {
        let mut next = entry.clone();
        next.record.abandon(&service.revision);
        next.record_event(self.invocation.now, &decision.action, why(&decision.reason));
        let again = next.record.postponed.as_ref().map(|postponed| postponed.until);
        next.announce(self.invocation.now, self.messages().abandoned(&decision.reason, failed, again));
        self.save(entry, next).await?;
        Ok(vec![decision.reason.to_string()])
    }
}

/// Does AWS refuse the same call again until an engineer changes something?
pub(crate) fn is_permanent(error: &Error) -> bool {
    match error.kind() {
        Kind::NotFound | Kind::Denied | Kind::Invalid => true,
        Kind::Conflict | Kind::Throttled | Kind::Unavailable => false,
    }
}
