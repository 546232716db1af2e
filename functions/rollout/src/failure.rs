//! Ends a rollout that failed: quarantine, rollback, message.

use planner::rollout::{Decision, FailedRollout};
use shared::Result;

use crate::message::Failure;
use crate::observed::Entry;
use crate::service::{Service, why};

impl Service<'_> {
    pub(crate) async fn fail(
        &self,
        decision: &Decision,
        failed: &FailedRollout,
        entry: &mut Entry,
    ) -> Result<Vec<String>> {
        self.refuse(entry, failed, why(&decision.reason)).await?;
        let digests = failed.quarantine.iter().map(|entry| format!("quarantined {}", entry.image));
        Ok(digests.collect())
    }

    /// Ends the rollout in progress, or waits for its rollback: quarantine, history, message.
    pub(crate) async fn refuse(
        &self,
        entry: &mut Entry,
        failed: &FailedRollout,
        why: (&'static str, String),
    ) -> Result<()> {
        let mut next = entry.clone();
        if let Some(rollout) = &entry.record.rollout {
            let failure =
                Failure { reason: &why.1, recover: failed.recover.as_deref(), quarantined: failed.quarantine.len() };
            next.announce(self.invocation.now, self.messages().failed(rollout, &entry.record, &failure));
            next.record_event(self.invocation.now, failed, why);
            next.record.fail(failed.clone(), self.invocation.now);
        }
        self.save(entry, next).await
    }

    pub(crate) async fn recover(&self, decision: &Decision, failed: &str, entry: &mut Entry) -> Result<Vec<String>> {
        // The restored deployment's id was the reference of an earlier invalidation, and CloudFront wants a new one.
        let changes = self.invalidate(failed).await?.into_iter().collect();
        let mut next = entry.clone();
        next.record.rollout = None;
        next.record_event(self.invocation.now, &decision.action, why(&decision.reason));
        next.announce(self.invocation.now, self.messages().recovered(&next.record, failed));
        self.save(entry, next).await?;
        Ok(changes)
    }
}
