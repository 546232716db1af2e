//! Records what was seen where no image changes: an order that is answered, a release that a person deployed.

use planner::rollout::{Decision, Noted, Reason};
use shared::Result;

use crate::observed::Entry;
use crate::service::{Service, why};

impl Service<'_> {
    /// Records it and announces what is worth it. Tags and CDN follow a release that a person deployed.
    pub(crate) async fn note(&self, decision: &Decision, noted: &Noted, entry: &mut Entry) -> Result<Vec<String>> {
        let mut next = entry.clone();
        next.record.note(noted.clone());
        if let (Some(release), Reason::DeployedByHand { .. }) = (&noted.release, &decision.reason) {
            self.owe(&mut next.record, &release.deployment);
        }
        for reason in decision.reason.each() {
            if let Some(message) = self.messages().noted(reason, self.invocation.trigger) {
                next.announce(self.invocation.now, message);
            }
        }
        // A task that runs on is no change.
        if noted.ran_at.is_none() {
            next.record_event(self.invocation.now, &decision.action, why(&decision.reason));
        }
        self.save(entry, next).await?;
        Ok(vec![decision.reason.to_string()])
    }
}
