//! Messages about requests that were carried out.

use planner::model::format_time;
use planner::rollout::{Freeze, Reason};
use shared::notify::{Notification, Severity};

use super::Messages;

impl Messages<'_> {
    /// Tasks are replaced by others of the same revision.
    pub fn restarted(&self, reason: &Reason, deployment: &str) -> Notification {
        Notification {
            summary: format!(
                "{}: {reason}. Its tasks are replaced one after the other by others of what runs.",
                self.policy.name
            ),
            facts: vec![("deployment".into(), deployment.into())],
            ..self.notification(
                Severity::Info,
                &format!("restarted/{deployment}"),
                deployment,
                &format!("{} is restarted", self.policy.name),
            )
        }
    }

    /// Pushes are held back from now on, or no longer.
    pub fn frozen(&self, freeze: Option<&Freeze>, by: &str) -> Notification {
        let thread = format!("freeze/{}", self.policy.id());
        let key = format!("{thread}/{}", self.now);
        let title = match freeze {
            Some(freeze) => format!("{}: pushes are held until {}", self.policy.name, format_time(freeze.until)),
            None => format!("{}: pushes are rolled again", self.policy.name),
        };
        let why =
            freeze.and_then(|freeze| freeze.reason.as_ref()).map(|reason| format!(": {reason}")).unwrap_or_default();
        let (summary, next_steps) = match freeze {
            Some(freeze) => {
                let summary = format!(
                    "{by} holds pushes of {} back until {}{why}. The newest is rolled when that ends; until then its capacity is \
                     left as it is, too.",
                    self.policy.name,
                    format_time(freeze.until)
                );
                (summary, vec![format!("To end it sooner: {}", self.request("unfreeze"))])
            }
            None => (format!("{by} ended the freeze of {}.", self.policy.name), Vec::new()),
        };
        Notification { summary, next_steps, ..self.notification(Severity::Info, &key, &thread, &title) }
    }
}
