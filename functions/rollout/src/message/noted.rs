//! Messages about what was seen where no image changes.

use planner::model::{Image, format_time};
use planner::rollout::{Reason, RestartCause};
use shared::notify::{Notification, Severity};

use super::Messages;
use crate::trigger::Trigger;

impl Messages<'_> {
    /// What is worth a message when it is recorded: an order that is refused, images that no rollout brought.
    pub fn noted(&self, reason: &Reason, trigger: &Trigger) -> Option<Notification> {
        let service = &self.policy.name;
        let refused = |title: &str, image: &Image, steps: Vec<String>| {
            // The key of `kept`: the push that moved the tag is announced by one of them.
            let at = match trigger {
                Trigger::Push { at: Some(at), .. } => *at,
                _ => self.now,
            };
            let key = format!("refused/{}/{at}", image.digest);
            Notification {
                summary: format!("{service}: {reason}."),
                next_steps: steps,
                ..self.notification(Severity::Warning, &key, &key, &format!("{title}: {service} {}", image.short()))
            }
        };
        let found = |key: String, title: String| Notification {
            summary: format!("{service}: {reason}."),
            ..self.notification(Severity::Info, &key, &key, &title)
        };
        match reason {
            Reason::Quarantined { image, .. } => {
                Some(refused("Push refused", image, self.after_a_failed_image().into()))
            }
            Reason::Older { image, .. } => {
                Some(refused("Image not rolled out", image, vec![self.step("To roll it out", "retry")]))
            }
            Reason::FirstLook { .. } => {
                let key = format!("first-look/{}", self.policy.id());
                Some(found(key, format!("Service adopted: {service}")))
            }
            Reason::DeployedByHand { deployment, .. } => {
                let key = format!("by-hand/{deployment}");
                let again = self.step("To roll out again what it replaced", "retry");
                let title = format!("Rollback outside of the automation: {service}");
                Some(Notification { next_steps: vec![again], ..found(key, title) })
            }
            Reason::RetirementAnnounced { starts_at, .. } => {
                let title = format!("Task retirement announced: {service} from {}", format_time(*starts_at));
                Some(found(format!("retirement/{starts_at}"), title))
            }
            Reason::RetirementMissed { starts_at, .. } => {
                let key = format!("retirement-missed/{starts_at}");
                Some(Notification {
                    severity: Severity::Warning,
                    next_steps: vec![
                        "Nothing has to be done: AWS replaces the tasks, as its deployment settings allow.".into(),
                        self.step("To replace them at a time of your own", "restart"),
                    ],
                    ..found(key, format!("Tasks not replaced before their retirement: {service}"))
                })
            }
            Reason::RestartFailed { cause, deployment } => {
                let step = match cause {
                    RestartCause::Retirement { .. } => {
                        "Correct what the service events say, before AWS replaces the tasks."
                    }
                    RestartCause::Secrets { .. } => "Compare the secret with what the service expects of it.",
                    RestartCause::GivenUp { .. } => "Correct what the service events say.",
                };
                Some(Notification {
                    severity: Severity::Warning,
                    next_steps: vec![self.service_events(), step.into(), self.step("To restart it again", "restart")],
                    ..found(format!("restart-failed/{deployment}"), format!("Restart failed: {service}"))
                })
            }
            Reason::ReleaseHeld { hold } => {
                let key = format!("release-held/{}/{}", hold.by, hold.until);
                let step = self.step("To end the hold sooner", "unfreeze");
                let title = format!("Release held: {service} until {}", format_time(hold.until));
                Some(Notification { next_steps: vec![step], ..found(key, title) })
            }
            Reason::RestartEnded(end) => self.restart_ended(end),
            _ => None,
        }
    }
}
