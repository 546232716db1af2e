//! What an engineer has to put right: a service that is missing, bounds that two parties set.

use jiff::Timestamp;
use planner::capacity::Bounds;
use planner::model::format_time;
use shared::notify::{Notification, Severity};

use super::ServiceMessages;

impl ServiceMessages<'_> {
    /// ECS does not know the service.
    pub fn missing(&self, since: Timestamp, error: &str) -> Notification {
        let name = self.name();
        Notification {
            summary: format!(
                "The fleet document names {name}, and ECS has not known it since {}: {error}.",
                format_time(since)
            ),
            next_steps: vec![format!(
                "Create {name} in cluster {}, or remove it from the fleet document.",
                self.policy.cluster
            )],
            ..self.message(Severity::Warning, "missing", &format!("Service not found: {name}"))
        }
    }

    /// Another caller sets the bounds of the scalable target again and again; `found` are theirs.
    pub fn bounds_conflict(&self, found: Bounds) -> Notification {
        let (name, id) = (self.name(), self.policy.id());
        Notification {
            summary: format!(
                "The bounds of the scalable target of {name} have been changed three times within two days, most recently to {} \
                 to {}. The automation has set them back to the baseline each time.",
                found.min, found.max
            ),
            next_steps: vec![
                format!(
                    "Find who changes them. Scheduled actions: aws application-autoscaling describe-scheduled-actions \
                     --service-namespace ecs --resource-id service/{id}"
                ),
                "Callers: aws cloudtrail lookup-events --lookup-attributes \
                 AttributeKey=EventName,AttributeValue=RegisterScalableTarget"
                    .into(),
                "To let your own scheduled scaling set them: `bounds: leave` in the service's `baseline` in the fleet document."
                    .into(),
                "To keep the baseline: delete the scheduled actions.".into(),
            ],
            ..self.message(Severity::Warning, "bounds-conflict", &format!("Scaling bounds changed repeatedly: {name}"))
        }
    }
}
