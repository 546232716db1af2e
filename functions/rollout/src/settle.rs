//! What a verified release still needs after it is recorded: its tags, and an invalidation of the CDN.

use jiff::SignedDuration;
use planner::rollout::{Record, Release, Work};
use shared::aws::TagMove;
use shared::{Kind, Result};

use crate::failure::is_permanent;
use crate::observed::Entry;
use crate::service::Service;

/// How long a call may fail for a reason that passes until it is announced.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

impl Service<'_> {
    /// Notes what a release needs that is current from now on; `reference` is that of its invalidation.
    pub(crate) fn owe(&self, record: &mut Record, reference: &str) {
        record.owe(Work::MoveTags, self.invocation.now);
        if self.policy.rollout.invalidate.is_some() {
            record.owe(Work::Invalidate { reference: reference.to_owned() }, self.invocation.now);
        }
    }

    /// Does what is outstanding. What AWS refuses stays outstanding for the next look, and is announced once: the release
    /// does not depend on it.
    pub(crate) async fn settle(&self, entry: &mut Entry) -> Result<Vec<String>> {
        let (mut next, mut changes) = (entry.clone(), Vec::new());
        for outstanding in &entry.record.outstanding {
            let done = match &outstanding.work {
                Work::MoveTags => self.move_tags(&entry.record).await,
                Work::Invalidate { reference } => self.invalidate(reference).await.map(Vec::from_iter),
            };
            match done {
                Ok(done) => {
                    changes.extend(done);
                    next.record.outstanding.retain(|other| other != outstanding);
                }
                Err(error) => {
                    tracing::warn!(error.kind = error.kind().label(), "{}: {error}", self.policy.id());
                    if is_permanent(&error) || outstanding.since + PATIENCE < self.invocation.now {
                        next.announce(self.invocation.now, self.messages().outstanding(outstanding, &error));
                    }
                }
            }
        }
        if next != *entry {
            self.save(entry, next).await?;
        }
        Ok(changes)
    }

    /// `previous` first: between the two moves both tags name images that may run.
    async fn move_tags(&self, record: &Record) -> Result<Vec<String>> {
        let mut changes = Vec::new();
        for policy in &self.policy.images {
            let image =
                |release: Option<&Release>| release.and_then(|release| release.images.get(&policy.key()).cloned());
            let moves = [(&policy.previous, image(record.previous())), (&policy.live, image(record.current()))];
            let ecr = self.app.ecr.of(&policy.registry());
            for (tag, image) in moves {
                let Some(image) = image else { continue };
                match ecr.tag(&policy.repository, &image.digest, tag).await {
                    Ok(TagMove::Moved) => {
                        changes.push(format!("moved tag {}:{tag} to {}", policy.repository, image.digest.short()))
                    }
                    Ok(TagMove::AlreadyThere) => {}
                    // A deleted image cannot be tagged, and is no reason to try again.
                    Err(error) if error.kind() == Kind::NotFound && *tag == policy.previous => {
                        changes.push(format!("left tag {}:{tag} unchanged: {error}", policy.repository));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(changes)
    }

    async fn invalidate(&self, reference: &str) -> Result<Option<String>> {
        let Some(invalidate) = &self.policy.rollout.invalidate else { return Ok(None) };
        let paths = &invalidate.paths;
        self.app.cloudfront.invalidate(&invalidate.distribution, paths, reference).await?;
        Ok(Some(format!("invalidated {} of {}", paths.join(" "), invalidate.distribution)))
    }
}
