//! Messages about requests that were carried out.

use planner::model::format_time;
use planner::rollout::{Freeze, Reason};
use shared::notify::{Notification, Severity};

use super::Messages;

impl Messages<'_> {
    /// Tasks are replaced by others of the same revision.
    pub fn restarted(&self, reason: &Reason, deployment: &str) -> Notification {
        let service = &self.policy.name;
        let key = format!("restarted/{deployment}");
        Notification {
            summary: format!("{service}: {reason}. Rolling restart in progress, same image."),
            facts: vec![("deployment".into(), deployment.into())],
            ..self.notification(Severity::Info, &key, deployment, &format!("Restart in progress: {service}"))
        }
    }

    /// A freeze begins, or is ended by `by`.
    pub fn frozen(&self, freeze: Option<&Freeze>, by: &str) -> Notification {
        let service = &self.policy.name;
        let thread = format!("freeze/{}", self.policy.id());
        let key = format!("{thread}/{}", self.now);
        let (title, summary, next_steps) = match freeze {
            Some(freeze) => {
                let reason = freeze.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                let until = format_time(freeze.until);
                let summary = format!(
                    "{by} has frozen {service} until {until}{reason}. Pushes wait and its capacity stays unchanged. When \
                     the freeze ends, the automation rolls out the newest image."
                );
                let step = format!("To end it sooner, send the request {}", self.request("unfreeze"));
                (format!("Freeze: {service} until {until}"), summary, vec![step])
            }
            None => {
                let summary = format!("{by} has ended the freeze of {service}. The automation rolls out pushes again.");
                (format!("Freeze ended: {service}"), summary, Vec::new())
            }
        };
        Notification { summary, next_steps, ..self.notification(Severity::Info, &key, &thread, &title) }
    }
}
