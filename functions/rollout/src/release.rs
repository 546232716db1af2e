//! What a verified release leaves behind: tags, CDN, record, message.

use planner::rollout::{Decision, Record, Release};
use shared::aws::TagMove;
use shared::{Kind, Result};

use crate::observed::Entry;
use crate::service::Service;

impl Service<'_> {
    /// Tags, CDN, ledger, message: in this order, so that a crash anywhere is repaired by a repetition.
    pub(crate) async fn complete(
        &self,
        decision: &Decision,
        deployment: &str,
        releases: &[Release],
        entry: &mut Entry,
    ) -> Result<Vec<String>> {
        let Some(rollout) = entry.record.rollout.clone() else { return Ok(Vec::new()) };
        let mut next = entry.clone();
        let previous_images =
            next.record.current().map_or(rollout.previous_images.clone(), |release| release.images.clone());
        next.record.complete(releases.to_vec());

        let mut changes = self.move_tags(&next.record).await?;
        changes.extend(self.invalidate(deployment).await?);
        let message = self.messages().completed(&rollout, &previous_images, deployment);
        next.record_event(
            self.invocation.now,
            &decision.action,
            (decision.reason.label(), format!("{}: {}", message.title, decision.reason)),
        );
        next.announce(self.invocation.now, message);
        self.save(entry, next).await?;
        Ok(changes)
    }

    /// `previous` first: between the two moves both tags name images that may run.
    pub(crate) async fn move_tags(&self, record: &Record) -> Result<Vec<String>> {
        let mut changes = Vec::new();
        for policy in &self.policy.images {
            let image =
                |release: Option<&Release>| release.and_then(|release| release.images.get(&policy.key()).cloned());
            let moves = [(&policy.previous, image(record.previous())), (&policy.live, image(record.current()))];
            for (tag, image) in moves {
                let Some(image) = image else { continue };
                match self.app.ecr.of(&policy.registry()).tag(&policy.repository, &image.digest, tag).await {
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

    pub(crate) async fn invalidate(&self, reference: &str) -> Result<Option<String>> {
        let Some(invalidate) = &self.policy.rollout.invalidate else { return Ok(None) };
        let paths = &invalidate.paths;
        self.app.cloudfront.invalidate(&invalidate.distribution, paths, reference).await?;
        Ok(Some(format!("invalidated {} of {}", paths.join(" "), invalidate.distribution)))
    }
}
