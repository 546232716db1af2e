//! Messages about decisions that change nothing: waiting, refused, overdue.

use planner::rollout::Reason;
use shared::notify::{Notification, Severity, request};

use super::Messages;
use crate::trigger::{RequestKind, RolloutRequest, Trigger};

impl Messages<'_> {
    /// What is worth a message although nothing was changed; each is sent once.
    pub fn kept(&self, reason: &Reason, trigger: &Trigger) -> Option<Notification> {
        let service = &self.policy.name;
        let message = |severity: Severity, key: String, title: String, next_steps: Vec<String>| Notification {
            summary: format!("{service}: {reason}."),
            next_steps,
            ..self.notification(severity, &key, &key, &title)
        };
        let warning = |key: String, title: String, steps: Vec<String>| message(Severity::Warning, key, title, steps);
        let restart_refused = |key: String, steps: Vec<String>| {
            warning(format!("refused/restart/{key}"), format!("Restart refused: {service}"), steps)
        };
        match reason {
            Reason::Frozen { image, freeze } => {
                let key = format!("held/{}/{}", image.digest, freeze.until);
                let title = format!("Push waiting (freeze): {service} {}", image.short());
                Some(message(Severity::Info, key, title, vec![self.step("To roll it out now", "unfreeze")]))
            }
            Reason::Held { image, hold } => {
                let key = format!("held-release/{}/{}", image.digest, hold.until);
                let title = format!("Push waiting (hold): {service} {}", image.short());
                Some(message(Severity::Info, key, title, vec![self.step("To roll it out now", "unfreeze")]))
            }
            Reason::ScanRefused { image, .. } => {
                let title = format!("Push refused: {service} {}", image.short());
                let step = self.step("To roll it out despite the findings", "retry");
                Some(warning(format!("scan/{}", image.digest), title, vec![step]))
            }
            Reason::SignatureRefused { image, .. } => {
                let title = format!("Push refused: {service} {}", image.short());
                let profile =
                    "It is rolled out when ECR has signed it with the profile that the fleet names.".to_owned();
                let step = self.step("To roll it out without that signature", "retry");
                Some(warning(format!("signature/{}", image.digest), title, vec![profile, step]))
            }
            // Only a push after the quarantine is announced; ticks and late copies of the first push are not.
            Reason::Quarantined { image, since, .. } => match trigger {
                Trigger::Push { at: Some(at), .. } if at > since => {
                    let title = format!("Push refused: {service} {}", image.short());
                    let key = format!("refused/{}/{at}", image.digest);
                    Some(warning(key, title, self.after_a_failed_image().into()))
                }
                _ => None,
            },
            Reason::PassedOver { key, image, selected, .. } => {
                // Without its name, `retry` rolls out what the policy selects.
                let repository = (self.policy.images.len() > 1).then_some(("repository", key.as_str()));
                let named = [("service", service.as_str()), ("image", image.digest.as_str())];
                let retry = request("retry", &named.into_iter().chain(repository).collect::<Vec<_>>());
                let key = format!("passed-over/{}/{}", image.digest, selected.digest);
                let title = format!("Push not rolled out: {service} {}", image.short());
                Some(message(Severity::Info, key, title, vec![format!("To roll it out, send the request {retry}")]))
            }
            Reason::Overdue { what, .. } => {
                let steps = vec![self.service_events(), self.step("To roll back", "rollback")];
                Some(warning(format!("overdue/{what}"), format!("Rollout overdue: {service}"), steps))
            }
            // The requester waits for an answer, and may be a function that receives none.
            Reason::OtherDeployment { requested, .. } => {
                let key = format!("refused/rollback/{requested}");
                let step = self.step("To roll back the current deployment", "rollback");
                Some(warning(key, format!("Rollback refused: {service}"), vec![step]))
            }
            Reason::AlreadyRolledBack { at, current, .. } => {
                let named = request("rollback", &[("service", service.as_str()), ("deployment", current.as_str())]);
                let step = format!("To roll back one release further, send the request {named}");
                Some(warning(format!("refused/rollback/{at}"), format!("Rollback refused: {service}"), vec![step]))
            }
            Reason::TooLate { by, at } => {
                let (what, step) = match trigger {
                    Trigger::Request(RolloutRequest { kind: RequestKind::Rollback(_), .. }) => {
                        ("Rollback", self.step("To roll back now", "rollback"))
                    }
                    _ => ("Restart", self.step("To restart it now", "restart")),
                };
                Some(warning(format!("refused/late/{by}/{at}"), format!("{what} refused: {service}"), vec![step]))
            }
            Reason::ScaledToZero => Some(restart_refused(self.now.to_string(), Vec::new())),
            Reason::DeploymentInProgress { deployment } => Some(restart_refused(deployment.clone(), Vec::new())),
            // The same request once more, late or repeated after a crash, was answered by the restart itself.
            Reason::CoolingDown { by, .. } if requester(trigger) == Some(by.as_str()) => None,
            Reason::CoolingDown { at, .. } => {
                let key = format!("{at}/{}", requester(trigger).unwrap_or_default());
                Some(restart_refused(key, vec![self.step("To restart it now", "restart")]))
            }
            Reason::Stuck { revision } => {
                let title = format!("Drift correction failed: {service}");
                let step = "Compare this revision with the previous one: environment, secrets, CPU, memory.".to_owned();
                Some(message(Severity::Critical, format!("stuck/{revision}"), title, vec![step, self.service_events()]))
            }
            Reason::UnknownResult { deployment } => {
                let steps = vec![self.service_events(), self.step("To roll back", "rollback")];
                Some(warning(format!("unknown/{deployment}"), format!("Rollout result unknown: {service}"), steps))
            }
            Reason::Prevented { what, .. } => {
                let key = format!("prevented/{what}");
                let wait =
                    "Correct the cause: ECS starts the tasks as soon as it can, and the release is verified then.";
                let steps = vec![self.service_events(), wait.to_owned()];
                Some(warning(key, format!("Tasks cannot start: {service}"), steps))
            }
            Reason::OtherController { controller } => {
                let step =
                    "Give the service the deployment controller ECS, or remove its images from the fleet.".into();
                let key = format!("controller/{controller}");
                Some(warning(key, format!("Service not updated: {service}"), vec![step]))
            }
            Reason::RollbackInProgress { since } => {
                let (key, title) = (format!("rollback-in-progress/{since}"), "Rollback already in progress");
                Some(message(Severity::Info, key, format!("{title}: {service}"), Vec::new()))
            }
            Reason::AwaitingPreDeployTask { task } if is_retry(trigger) => {
                let step = self.step("To stop the task", "rollback");
                Some(warning(format!("refused/retry/{task}"), format!("Retry refused: {service}"), vec![step]))
            }
            Reason::NotFollowed
            | Reason::UpToDate
            | Reason::NoImage { .. }
            | Reason::Older { .. }
            | Reason::TagSettles { .. }
            | Reason::Unread { .. }
            | Reason::Unidentified { .. }
            | Reason::FirstLook { .. }
            | Reason::DeployedByHand { .. }
            | Reason::Several(_)
            | Reason::AwaitingScan { .. }
            | Reason::AwaitingSignature { .. }
            | Reason::ClaimedElsewhere { .. }
            | Reason::AwaitingPreDeployTask { .. }
            | Reason::InFlight { .. }
            | Reason::AwaitingTasks { .. }
            | Reason::Staged { .. }
            | Reason::RollingBack { .. }
            | Reason::Due { .. }
            | Reason::NoEarlierRelease
            | Reason::RestartInProgress { .. }
            | Reason::RestartRequested { .. }
            | Reason::RestartDue { .. }
            | Reason::RestartWaits { .. }
            | Reason::RestartFailed { .. }
            | Reason::ReleaseHeld { .. }
            | Reason::RestartEnded(_)
            | Reason::TasksReplaced { .. }
            | Reason::RetirementAnnounced { .. }
            | Reason::RetirementMissed { .. }
            | Reason::RetirementOver { .. }
            | Reason::SecretChanged { .. }
            | Reason::Resumed { .. }
            | Reason::Adopted { .. }
            | Reason::PreDeployTaskSucceeded
            | Reason::Verified { .. }
            | Reason::Failed { .. }
            | Reason::Recovered { .. }
            | Reason::Postponed { .. }
            | Reason::BothFailed { .. }
            | Reason::Aborted { .. } => None,
        }
    }

    pub(super) fn step(&self, purpose: &str, action: &str) -> String {
        format!("{purpose}, send the request {}", self.request(action))
    }

    /// The command that shows what ECS says of the service.
    pub(super) fn service_events(&self) -> String {
        format!(
            "Read the service events: aws ecs describe-services --cluster {} --services {} --query \
             'services[0].events[:10].message'",
            self.policy.cluster, self.policy.name
        )
    }
}

fn is_retry(trigger: &Trigger) -> bool {
    matches!(trigger, Trigger::Request(RolloutRequest { kind: RequestKind::Retry(_), .. }))
}

/// Who requested a restart.
fn requester(trigger: &Trigger) -> Option<&str> {
    match trigger {
        Trigger::Request(RolloutRequest { kind: RequestKind::Restart(_), by, .. }) => Some(by),
        _ => None,
    }
}
