//! Replaces the tasks of a service by others of the same revision.

use planner::rollout::{Decision, Observed, Restart};
use shared::Result;

use crate::observed::Entry;
use crate::service::{Service, why};

impl Service<'_> {
    /// Forces a new deployment of the same revision; the record of the images stays as it is.
    pub(crate) async fn restart(
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

    pub(crate) async fn confirm_restart(
        &self,
        decision: &Decision,
        deployment: &str,
        entry: &mut Entry,
    ) -> Result<Vec<String>> {
        let mut next = entry.clone();
        if let Some(restart) = &mut next.record.restart {
            restart.deployment = Some(deployment.to_owned());
        }
        next.record_event(self.invocation.now, &decision.action, why(&decision.reason));
        if let Some(message) = self.messages().restarted(&decision.reason, deployment) {
            next.announce(self.invocation.now, message);
        }
        self.save(entry, next).await?;
        Ok(vec![format!("confirmed the restart: {deployment}")])
    }
}
