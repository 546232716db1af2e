//! Messages about requests that were carried out.

use planner::model::format_time;
use planner::rollout::{Freeze, Reason, RestartCause, RestartEnd};
use shared::notify::{Notification, Severity};

use super::Messages;

impl Messages<'_> {
    /// Tasks are replaced by others of the same revision.
    pub fn restarted(&self, reason: &Reason, deployment: &str) -> Option<Notification> {
        // What fails again and again is announced once.
        if matches!(reason, Reason::RestartDue { cause: RestartCause::GivenUp { attempt: 2.., .. } }) {
            return None;
        }
        let service = &self.policy.name;
        let key = format!("restarted/{deployment}");
        Some(Notification {
            summary: format!("{service}: {reason}. Rolling restart in progress, same image."),
            facts: vec![("deployment".into(), deployment.into())],
            ..self.notification(Severity::Info, &key, deployment, &format!("Restart in progress: {service}"))
        })
    }

    /// What became of a restart that was requested. Where an alarm's remedy was carried out, the alarm's own messages say it.
    pub fn restart_ended(&self, end: &RestartEnd) -> Option<Notification> {
        let claimed = match end {
            RestartEnd::NotBegun { at, .. } => at.to_string(),
            _ => String::new(),
        };
        let (key, deployment, title) = match end {
            RestartEnd::Complete { remedy: true, .. } | RestartEnd::Superseded { remedy: true, .. } => {
                return None;
            }
            RestartEnd::Complete { deployment, .. } => ("complete", deployment, "Restart complete"),
            RestartEnd::Superseded { deployment, .. } => ("superseded", deployment, "Restart superseded"),
            RestartEnd::Failed { deployment, .. } => ("failed", deployment, "Restart failed"),
            RestartEnd::NotBegun { .. } => ("not-begun", &claimed, "Restart failed"),
            // What fails again and again is announced once.
            RestartEnd::StillDown { attempt: 2.., .. } => return None,
            RestartEnd::StillDown { deployment, .. } => ("down", deployment, "No task runs"),
            RestartEnd::Overdue { deployment, .. } => ("overdue", deployment, "Restart overdue"),
        };
        let service = &self.policy.name;
        let (severity, next_steps) = match key {
            "failed" | "not-begun" => {
                (Severity::Warning, vec![self.service_events(), self.step("To restart it again", "restart")])
            }
            "down" => {
                let next = vec![
                    self.service_events(),
                    "Correct what they say; the automation restarts the service until tasks run.".into(),
                    self.step("To restart it at once", "restart"),
                ];
                (Severity::Critical, next)
            }
            "overdue" => (Severity::Warning, vec![self.service_events()]),
            _ => (Severity::Info, Vec::new()),
        };
        let key = format!("restart-{key}/{deployment}");
        Some(Notification {
            summary: format!("{service}: {end}."),
            next_steps,
            ..self.notification(severity, &key, deployment, &format!("{title}: {service}"))
        })
    }

    /// What it says of a release, and that the release is held.
    pub fn with_hold(&self, message: Notification, hold: Option<&Freeze>) -> Notification {
        let Some(Freeze { until, by, .. }) = hold else { return message };
        let held = format!("{by} holds this release until {}: newer images wait until then.", format_time(*until));
        let step = self.step("To end the hold sooner", "unfreeze");
        Notification {
            summary: format!("{} {held}", message.summary),
            next_steps: message.next_steps.into_iter().chain([step]).collect(),
            ..message
        }
    }

    /// The hold of a release is ended by `by`.
    pub fn hold_ended(&self, by: &str) -> Notification {
        let service = &self.policy.name;
        let (thread, title) = (format!("hold/{}", self.policy.id()), format!("Hold ended: {service}"));
        Notification {
            summary: format!("{by} has ended the hold of {service}. The automation rolls out the newest image."),
            ..self.notification(Severity::Info, &format!("{thread}/{}", self.now), &thread, &title)
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
