//! What a verified release leaves behind: record and message, then tags and CDN.

use planner::rollout::{Decision, Release};
use shared::Result;

use crate::observed::Entry;
use crate::service::Service;

impl Service<'_> {
    /// The release is recorded first, with what is outstanding: tags and CDN follow, and no refusal of them delays it.
    pub(crate) async fn complete(
        &self,
        decision: &Decision,
        deployment: &str,
        releases: &[Release],
        entry: &mut Entry,
    ) -> Result<Vec<String>> {
        let Some(rollout) = entry.record.rollout.clone() else { return Ok(Vec::new()) };
        let now = self.invocation.now;
        let mut next = entry.clone();
        let previous_images =
            next.record.current().map_or(rollout.previous_images.clone(), |release| release.images.clone());
        next.record.complete(releases.to_vec());
        self.owe(&mut next.record, deployment);
        let (messages, hold) = (self.messages(), entry.record.hold(now));
        let message = messages.with_hold(messages.completed(&rollout, &previous_images, deployment), hold);
        let why = format!("{}: {}", message.title, decision.reason);
        next.record_event(now, &decision.action, (decision.reason.label(), why));
        next.announce(now, message);
        self.save(entry, next).await?;
        Ok(vec![decision.reason.to_string()])
    }
}
