//! Messages about what was seen where no image changes.

use planner::model::Image;
use planner::rollout::Reason;
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
            _ => None,
        }
    }
}
