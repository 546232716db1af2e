//! Messages about rollouts.

use std::collections::BTreeMap;

use planner::model::{Image, format_duration, format_time};
use planner::rollout::{Cause, Record, Rollout};
use shared::notify::{Notification, Severity};

use super::Messages;
use super::format::{changes, names, short_names};

/// What became of a failed rollout.
pub(crate) struct Failure<'a> {
    /// What failed, in the words of ECS and the tasks.
    pub reason: &'a str,
    /// Id of the failed deployment when ECS rolls it back.
    pub recover: Option<&'a str>,
    /// How many images went into quarantine.
    pub quarantined: usize,
}

impl Messages<'_> {
    /// The new images run.
    pub fn completed(
        &self,
        rollout: &Rollout,
        previous_images: &BTreeMap<String, Image>,
        deployment: &str,
    ) -> Notification {
        let (service, images) = (&self.policy.name, names(&rollout.images));
        let mut facts = changes(self.policy, &rollout.images, previous_images);
        facts.push(("reason".into(), rollout.cause.to_string()));
        facts.push(("duration".into(), format_duration(self.now.duration_since(rollout.started_at))));
        facts.push(("deployment".into(), deployment.into()));
        let title = format!("{} complete: {service} {}", kind(&rollout.cause), short_names(&rollout.images));
        Notification {
            summary: format!(
                "{service} is running {images}. ECS has completed the deployment and its tasks are running."
            ),
            facts,
            next_steps: vec![format!("To roll back, send the request {}", self.request("rollback"))],
            ..self.notification(Severity::Info, &format!("completed/{deployment}"), deployment, &title)
        }
    }

    /// The service has no tasks; the image waits.
    pub fn staged(&self, rollout: &Rollout, deployment: &str) -> Notification {
        let (service, images) = (&self.policy.name, names(&rollout.images));
        let title = format!("{} staged: {service} {}", kind(&rollout.cause), short_names(&rollout.images));
        Notification {
            summary: format!(
                "{service} is scaled to zero, so {images} is deployed but not verified. The automation verifies it when \
                 the service wakes, and rolls back if its tasks fail."
            ),
            facts: vec![("reason".into(), rollout.cause.to_string()), ("deployment".into(), deployment.into())],
            ..self.notification(Severity::Info, &format!("staged/{deployment}"), deployment, &title)
        }
    }

    /// The new images failed.
    pub fn failed(&self, rollout: &Rollout, record: &Record, failure: &Failure<'_>) -> Notification {
        let (service, images) = (&self.policy.name, names(&rollout.images));
        let good = record.current().map_or(&rollout.previous_images, |release| &release.images);
        let outcome = match (failure.recover, good.is_empty()) {
            (Some(_), _) => format!("ECS is rolling back to {}.", names(good)),
            (None, false) => format!("{} is still running.", names(good)),
            (None, true) => "There is no earlier release to roll back to: the service is down.".into(),
        };
        // Correcting drift rolls out images that were verified before: none of them goes into quarantine.
        let quarantine = match failure.quarantined {
            0 => "",
            1 => " The digest is in quarantine.",
            _ => " The digests are in quarantine.",
        };
        let mut facts = vec![("failure".into(), failure.reason.to_owned())];
        facts.extend(changes(self.policy, &rollout.images, good));
        facts.push(("rolled out because".into(), rollout.cause.to_string()));
        facts.push(("failed after".into(), format_duration(self.now.duration_since(rollout.started_at))));
        let thread = failure.recover.unwrap_or(&rollout.id);
        let title = format!("{} failed: {service} {}", kind(&rollout.cause), short_names(&rollout.images));
        Notification {
            summary: format!("{images} failed on {service}. {outcome}{quarantine}"),
            facts,
            next_steps: [format!("Read the logs of {service} around {}.", format_time(self.now))]
                .into_iter()
                .chain(self.after_a_failed_image())
                .collect(),
            ..self.notification(Severity::Critical, &format!("failed/{}/{thread}", rollout.id), thread, &title)
        }
    }

    /// ECS has rolled the failed deployment back.
    pub fn recovered(&self, record: &Record, failed: &str) -> Notification {
        let service = &self.policy.name;
        let release = record.current();
        let images = release.map_or_else(|| "the previous image".into(), |release| names(&release.images));
        let short = release.map(|release| format!(" {}", short_names(&release.images))).unwrap_or_default();
        let title = format!("Rollback complete: {service}{short}");
        Notification {
            summary: format!("{service} is running {images} again. ECS has rolled back deployment {failed}."),
            ..self.notification(Severity::Info, &format!("recovered/{failed}"), failed, &title)
        }
    }
}

/// What a rollout is called in subjects.
fn kind(cause: &Cause) -> &'static str {
    match cause {
        Cause::FirstStart | Cause::Push | Cause::Retry { .. } => "Rollout",
        Cause::Rollback { .. } | Cause::FailedWake => "Rollback",
        Cause::Drift => "Drift correction",
    }
}
