//! Ends a rollout that failed: quarantine, rollback, message.

use planner::rollout::{Cause, Decision, Phase, Quarantine};
use shared::Result;

use crate::message::Failure;
use crate::observe::Entry;
use crate::service::{Service, set_phase};

impl Service<'_> {
    pub(crate) async fn fail(
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
    pub(crate) fn refuse(&self, next: &mut Entry, quarantine: Vec<Quarantine>, recover: Option<&str>, reason: &str) {
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

    pub(crate) async fn recover(&self, decision: &Decision, failed: &str, entry: &mut Entry) -> Result<Vec<String>> {
        // The restored deployment's id was the reference of an earlier invalidation, and CloudFront wants a new one.
        let changes = self.invalidate(failed).await?.into_iter().collect();
        let mut next = entry.clone();
        next.record.rollout = None;
        next.record_event(self.invocation.now, decision.action.label(), decision.reason.to_string());
        next.announce(self.invocation.now, self.messages().recovered(&next.record, failed));
        self.save(entry, next).await?;
        Ok(changes)
    }
}
