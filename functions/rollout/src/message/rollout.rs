//! Messages about rollouts.

use std::collections::BTreeMap;

use planner::model::{Image, format_duration, format_time};
use planner::rollout::{Record, Rollout};
use shared::notify::{Notification, Severity};

use super::Messages;
use super::format::{changes, names};

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
        let mut facts = changes(&rollout.images, previous_images);
        facts.push(("why".into(), rollout.cause.to_string()));
        facts.push(("took".into(), format_duration(self.now.duration_since(rollout.started_at))));
        facts.push(("deployment".into(), deployment.into()));
        Notification {
            summary: format!(
                "{} runs {} now, verified by its running tasks.",
                self.policy.name,
                names(&rollout.images)
            ),
            facts,
            next_steps: vec![format!("To go back: {}", self.request("rollback"))],
            ..self.notification(
                Severity::Info,
                &format!("completed/{deployment}"),
                deployment,
                &format!("{} runs {}", self.policy.name, names(&rollout.images)),
            )
        }
    }

    /// The service runs no tasks; the image waits.
    pub fn staged(&self, rollout: &Rollout, deployment: &str) -> Notification {
        let images = names(&rollout.images);
        Notification {
            summary: format!(
                "{} runs no tasks, so {images} is deployed but not proven. It is verified when the service wakes.",
                self.policy.name
            ),
            facts: vec![("why".into(), rollout.cause.to_string()), ("deployment".into(), deployment.into())],
            ..self.notification(
                Severity::Info,
                &format!("staged/{deployment}"),
                deployment,
                &format!("{}: {images} is staged", self.policy.name),
            )
        }
    }

    /// The new images failed.
    pub fn failed(&self, rollout: &Rollout, record: &Record, failure: &Failure<'_>) -> Notification {
        let images = names(&rollout.images);
        let good = record.current().map_or(&rollout.previous_images, |release| &release.images);
        let outcome = match (failure.recover, good.is_empty()) {
            (Some(_), _) => format!("ECS puts {} back.", names(good)),
            (None, false) => format!("{} still runs.", names(good)),
            (None, true) => "Nothing ran before, so nothing can be put back: the service is down.".into(),
        };
        let thread = failure.recover.unwrap_or(&rollout.id);
        let facts = vec![
            ("reason".into(), failure.reason.to_owned()),
            ("why it was rolled".into(), rollout.cause.to_string()),
            ("after".into(), format_duration(self.now.duration_since(rollout.started_at))),
        ];
        // A roll forward of images that were verified before puts none of them into quarantine.
        let refused = match failure.quarantined {
            0 => "",
            1 => " The digest is in quarantine and is not rolled again by itself.",
            _ => " The digests are in quarantine and are not rolled again by themselves.",
        };
        Notification {
            summary: format!("{images} failed on {}. {outcome}{refused}", self.policy.name),
            facts,
            next_steps: vec![
                format!("Read the logs of {} around {}.", self.policy.name, format_time(self.now)),
                "Push a fixed image: it is rolled by itself.".into(),
                format!("To try the same image again: {}", self.request("retry")),
            ],
            ..self.notification(
                Severity::Critical,
                &format!("failed/{}/{thread}", rollout.id),
                thread,
                &format!("{}: {images} failed", self.policy.name),
            )
        }
    }

    /// The former images run again.
    pub fn recovered(&self, record: &Record, failed: &str) -> Notification {
        let images = record.current().map_or_else(|| "what ran before".into(), |release| names(&release.images));
        Notification {
            summary: format!("{} runs {images} again. The rollback after {failed} is complete.", self.policy.name),
            ..self.notification(
                Severity::Info,
                &format!("recovered/{failed}"),
                failed,
                &format!("{} runs {images} again", self.policy.name),
            )
        }
    }
}
