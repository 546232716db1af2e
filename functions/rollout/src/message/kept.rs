//! Messages about decisions that change nothing: held, refused, overdue.

use planner::rollout::Reason;
use shared::notify::{Notification, Severity};

use super::Messages;
use crate::{Request, Trigger};

impl Messages<'_> {
    /// What is worth telling although nothing was done; each is told once.
    pub fn kept(&self, reason: &Reason, trigger: &Trigger) -> Option<Notification> {
        let say = |severity: Severity, key: String, title: String, next_steps: Vec<String>| Notification {
            summary: format!("{}: {reason}.", self.policy.name),
            next_steps,
            ..self.notification(severity, &key, &key, &format!("{}: {title}", self.policy.name))
        };
        match reason {
            Reason::Frozen { image, freeze } => {
                let step = format!("To release it now: {}", self.request("unfreeze"));
                Some(say(
                    Severity::Info,
                    format!("held/{}/{}", image.digest, freeze.until),
                    format!("{image} is held"),
                    vec![step],
                ))
            }
            Reason::ScanRefused { image, .. } => {
                let step = format!("To roll it all the same: {}", self.request("retry"));
                Some(say(
                    Severity::Warning,
                    format!("scan/{}", image.digest),
                    format!("{image} is refused"),
                    vec![step],
                ))
            }
            // Only a push that came after the quarantine is news; ticks and late copies of the first push are not.
            Reason::Quarantined { image, since, .. } => match trigger {
                Trigger::Push { at: Some(at), .. } if at > since => {
                    let step = format!("To try it again: {}", self.request("retry"));
                    let key = format!("refused/{}/{at}", image.digest);
                    Some(say(Severity::Warning, key, format!("{image} is refused"), vec![step]))
                }
                _ => None,
            },
            Reason::Overdue { what, .. } => {
                let step = format!("Look at the events of the service; to give up: {}", self.request("rollback"));
                Some(say(Severity::Warning, format!("overdue/{what}"), "the rollout is overdue".into(), vec![step]))
            }
            // Somebody asked and waits for an answer; what asks may be a function that hears none.
            Reason::OtherDeployment { requested, .. } => {
                let key = format!("refused/rollback/{requested}");
                Some(say(
                    Severity::Warning,
                    key,
                    "the rollback is refused".into(),
                    vec![format!("If what runs is bad too: {}", self.request("rollback"))],
                ))
            }
            Reason::ScaledToZero => {
                let key = format!("refused/restart/{}", self.now);
                Some(say(Severity::Warning, key, "the restart is refused".into(), Vec::new()))
            }
            Reason::DeploymentInProgress { deployment } => {
                let key = format!("refused/restart/{deployment}");
                Some(say(Severity::Warning, key, "the restart is refused".into(), Vec::new()))
            }
            // The same request once more, late or repeated after a crash, was answered by the restart itself.
            Reason::CoolingDown { by, .. } if requester(trigger) == Some(by.as_str()) => None,
            Reason::CoolingDown { at, .. } => {
                let key = format!("refused/restart/{at}/{}", requester(trigger).unwrap_or_default());
                let step = format!("To restart it all the same: {}", self.request("restart"));
                Some(say(Severity::Warning, key, "the restart is refused".into(), vec![step]))
            }
            Reason::Stuck { revision } => {
                let step = "Compare that revision with the one before: its environment, secrets, sizes.".to_owned();
                Some(say(
                    Severity::Critical,
                    format!("stuck/{revision}"),
                    "cannot be rolled forward".into(),
                    vec![step],
                ))
            }
            _ => None,
        }
    }
}

/// Who requested a restart.
fn requester(trigger: &Trigger) -> Option<&str> {
    match trigger {
        Trigger::Request(Request::Restart { by, .. }) => Some(by),
        _ => None,
    }
}
