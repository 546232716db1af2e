//! Messages about rollouts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use planner::model::{Image, format_duration, format_time, image_names};
use planner::rollout::{Cause, FailedRollout, Outstanding, Reason, Record, Rollout, Work};
use shared::Error;
use shared::notify::{Notification, Severity};

use super::Messages;
use super::format::{changes, short_names};

/// How a rollout failed.
pub(crate) struct Failure<'a> {
    /// What failed, in the words of ECS and the tasks.
    pub reason: &'a str,
    /// What it leaves behind.
    pub failed: &'a FailedRollout,
    /// Has ECS begun to roll it back?
    pub begun: bool,
}

/// The service has left a failed deployment.
pub(crate) struct Recovered<'a> {
    /// Id of the failed deployment.
    pub failed: &'a str,
    /// The images that the service has again.
    pub images: &'a BTreeMap<String, Image>,
    /// Running tasks of them.
    pub running: u32,
    /// Was it to be rolled back from these images?
    pub undone: bool,
    /// When that is tried again.
    pub again: Option<Timestamp>,
}

impl Messages<'_> {
    /// The new images run.
    pub fn completed(
        &self,
        rollout: &Rollout,
        previous_images: &BTreeMap<String, Image>,
        deployment: &str,
    ) -> Notification {
        let (service, images) = (&self.policy.name, image_names(&rollout.images));
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
        let (service, images) = (&self.policy.name, image_names(&rollout.images));
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
        let (service, images) = (&self.policy.name, image_names(&rollout.images));
        let good = record.current().map_or(&rollout.previous_images, |release| &release.images);
        let FailedRollout { quarantine, recover, postponed, .. } = failure.failed;
        let outcome = match (recover, good.is_empty()) {
            (Some(_), _) if failure.begun => format!("ECS is rolling back to {}.", image_names(good)),
            (Some(_), _) => {
                format!("It is rolled back to {}: by ECS, or else by the automation within minutes.", image_names(good))
            }
            (None, false) => format!("{} is still running.", image_names(good)),
            (None, true) => "There is no earlier release to roll back to: the service is down.".into(),
        };
        // Correcting drift rolls out images that were verified before: none of them goes into quarantine.
        let quarantine = match (quarantine.len(), postponed) {
            // What a newer push brings takes its place.
            (_, Some(postponed)) if rollout.cause.is_rollback() => format!(
                " Nothing shows that the image is the cause. The next attempt is at {}; a newer push is rolled out instead.",
                format_time(postponed.until)
            ),
            (_, Some(postponed)) => format!(
                " Nothing shows that the image is the cause, so it is not in quarantine. The next attempt is at {}, or \
                 sooner after another push or with another task definition.",
                format_time(postponed.until)
            ),
            (0, None) => String::new(),
            (1, None) => " The digest is in quarantine.".into(),
            (_, None) => " The digests are in quarantine.".into(),
        };
        let mut facts = vec![("failure".into(), failure.reason.to_owned())];
        facts.extend(changes(self.policy, &rollout.images, good));
        facts.push(("rolled out because".into(), rollout.cause.to_string()));
        facts.push(("failed after".into(), format_duration(self.now.duration_since(rollout.started_at))));
        let thread = recover.as_ref().map_or(&rollout.id, |recover| &recover.failed);
        let title = format!("{} failed: {service} {}", kind(&rollout.cause), short_names(&rollout.images));
        Notification {
            summary: format!("{images} failed on {service}. {outcome}{quarantine}"),
            facts,
            next_steps: match postponed {
                Some(_) => {
                    let action = if rollout.cause.is_rollback() { "rollback" } else { "retry" };
                    vec![self.service_events(), "Correct the cause.".into(), self.step("To try again now", action)]
                }
                None => [format!("Read the logs of {service} around {}.", format_time(self.now))]
                    .into_iter()
                    .chain(self.after_a_failed_image())
                    .collect(),
            },
            ..self.notification(Severity::Critical, &format!("failed/{}/{thread}", rollout.id), thread, &title)
        }
    }

    /// ECS has rolled the failed deployment back.
    pub fn recovered(&self, recovered: &Recovered<'_>) -> Notification {
        let (service, &Recovered { failed, images, running, undone, again }) = (&self.policy.name, recovered);
        let (text, short) = match images.is_empty() {
            true => ("the previous image".to_owned(), String::new()),
            false => (image_names(images), format!(" {}", short_names(images))),
        };
        let state = if running == 0 { "has" } else { "is running" };
        let scaled = if running == 0 { " and is scaled to zero" } else { "" };
        let summary = format!("{service} {state} {text} again{scaled}. ECS has rolled back deployment {failed}");
        let key = format!("recovered/{failed}");
        if !undone {
            let title = format!("Rollback complete: {service}{short}");
            let summary = format!("{summary}.");
            return Notification { summary, ..self.notification(Severity::Info, &key, failed, &title) };
        }
        let again = again.map(|at| format!(" The next attempt is at {}.", format_time(at))).unwrap_or_default();
        let title = format!("Rollback failed: {service} has{short} again");
        Notification {
            summary: format!("{summary}, which was to replace this image.{again}"),
            next_steps: vec![self.service_events(), self.step("To try again now", "rollback")],
            ..self.notification(Severity::Warning, &key, failed, &title)
        }
    }

    /// The deployment that should have replaced the failed one failed as well.
    pub fn abandoned(&self, reason: &Reason, failed: &str, again: Option<Timestamp>) -> Notification {
        let service = &self.policy.name;
        let title = format!("Rollback failed: {service}");
        let outlook = match again {
            Some(at) => format!("The rollout that was prevented is tried again at {}.", format_time(at)),
            None => "Manual action required: no automatic remediation applies.".into(),
        };
        Notification {
            summary: format!("{service}: {reason}. {outlook}"),
            next_steps: vec![
                self.service_events(),
                format!("To roll back one release further, send the request {}", self.request("rollback")),
                "Or push a fixed image: the automation rolls it out.".into(),
            ],
            ..self.notification(Severity::Critical, &format!("abandoned/{failed}"), failed, &title)
        }
    }

    /// AWS refuses what a verified release still needs.
    pub fn outstanding(&self, outstanding: &Outstanding, error: &Error) -> Notification {
        let service = &self.policy.name;
        let (key, what, next) = match &outstanding.work {
            Work::MoveTags => (
                "tags",
                "its tags cannot be moved, so that a stack update would deploy an earlier image",
                "ImageTagAlreadyExistsException: let the tags of this repository move, with aws ecr \
                 put-image-tag-mutability --image-tag-mutability MUTABLE --repository-name <repository>",
            ),
            Work::Invalidate { .. } => (
                "invalidation",
                "the CDN cannot be invalidated, so that it may serve old pages",
                "NoSuchDistribution: correct `rollout.invalidate` in the fleet document, and deploy.",
            ),
        };
        let key = format!("outstanding/{key}/{}", outstanding.since);
        Notification {
            summary: format!("{service} is running, but {what}. The automation tries again every 5 minutes."),
            facts: vec![("error".into(), error.to_string())],
            next_steps: vec![
                next.into(),
                "AccessDeniedException: compare the function's policy with docs/reference/permissions.md, and deploy again.".into(),
            ],
            ..self.notification(Severity::Warning, &key, &key, &format!("Release incomplete: {service}"))
        }
    }
}

/// What a rollout is called in subjects.
fn kind(cause: &Cause) -> &'static str {
    match cause {
        Cause::FirstStart | Cause::Push | Cause::Retry { .. } => "Rollout",
        Cause::Rollback { .. } | Cause::FailedWake | Cause::AutomaticRollback { .. } => "Rollback",
        Cause::Drift => "Drift correction",
    }
}
