//! How tasks ended, and whether the image is the cause.
//!
//! Codes and texts: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html> and
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html>.

use std::fmt;

use jiff::Timestamp;

/// How a task ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoppedTask {
    /// ECS's code: `TaskFailedToStart`, `EssentialContainerExited` and so on.
    pub code: Option<String>,
    /// ECS's sentence.
    pub reason: Option<String>,
    /// Container, exit code, and the container's own reason (`OutOfMemoryError: ...`).
    pub containers: Vec<(String, Option<i32>, Option<String>)>,
    /// `stoppedAt`.
    pub at: Option<Timestamp>,
}

/// What an ended task says about its image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It failed.
    Failure,
    /// The environment failed: capacity, network, role, secret, platform. The image may be good.
    Environment,
    /// Nothing: ECS scaled the service in or replaced the task, or a caller stopped it.
    Stopped,
}

/// Phrases in the reasons of ECS that name the environment.
const ENVIRONMENT: [&str; 11] = [
    "ResourceInitializationError",
    "CannotCreateVolumeError",
    "CannotInspectContainerError",
    "ContainerRuntimeTimeoutError",
    "unable to assume the role",
    "Capacity is unavailable",
    "RESOURCE:",
    "network interface provisioning",
    "Unexpected EC2 error",
    "InternalError",
    "unable to pull secrets",
];
/// Phrases that blame the image when it cannot be pulled: it, its manifest or its platform does not exist.
const NO_SUCH_IMAGE: [&str; 5] =
    ["not found", "manifest unknown", "does not exist", "no match for platform", "descriptor matching platform"];

impl StoppedTask {
    /// The exit code of `container`, when it ran and ended.
    pub fn exit_code(&self, container: &str) -> Option<i32> {
        self.containers.iter().find(|(name, ..)| name == container).and_then(|(_, code, _)| *code)
    }

    /// Was it stopped before its containers had ended? One that obeys SIGTERM exits with code 0 then.
    pub fn interrupted(&self) -> bool {
        let by_others = ["UserInitiated", "SpotInterruption", "TerminationNotice", "InfrastructureHealth"];
        self.code.as_deref().is_some_and(|code| by_others.contains(&code))
    }

    /// What it says about its image.
    pub fn ending(&self) -> Ending {
        let reason = self.reason.as_deref().unwrap_or_default();
        match self.code.as_deref() {
            Some("UserInitiated") => Ending::Stopped,
            Some("SpotInterruption" | "TerminationNotice" | "InfrastructureHealth") => Ending::Environment,
            // One code for health checks, scale-in and replaced tasks; only the sentence distinguishes them:
            // <https://github.com/aws/containers-roadmap/issues/612>.
            Some("ServiceSchedulerInitiated") if reason.contains("health check") => Ending::Failure,
            Some("ServiceSchedulerInitiated") => Ending::Stopped,
            _ => {
                let own = self.containers.iter().filter_map(|(_, _, reason)| reason.as_deref());
                match own.chain([reason]).any(is_environment) {
                    true => Ending::Environment,
                    false => Ending::Failure,
                }
            }
        }
    }

    /// Was the task stopped from outside? Then its containers' exit codes are the consequence.
    fn was_stopped(&self) -> bool {
        let stops = [
            "UserInitiated",
            "SpotInterruption",
            "TerminationNotice",
            "InfrastructureHealth",
            "ServiceSchedulerInitiated",
        ];
        self.code.as_deref().is_some_and(|code| stops.contains(&code))
    }
}

/// Does a sentence of ECS name the environment as the cause?
pub fn is_environment(text: &str) -> bool {
    match text.contains("CannotPull") {
        true => !NO_SUCH_IMAGE.iter().any(|phrase| text.contains(phrase)),
        false => ENVIRONMENT.iter().any(|phrase| text.contains(phrase)),
    }
}

impl fmt::Display for StoppedTask {
    /// What an operator wants to read first: why ECS stopped the task, else the container that failed, its exit code,
    /// its reason. Exit codes 137 and 143 follow SIGKILL and SIGTERM, so another container comes first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = self.reason.as_ref().filter(|_| self.was_stopped()) {
            return f.write_str(reason);
        }
        let failed = |followed: bool| {
            self.containers.iter().find(|(_, code, reason)| {
                reason.is_some() || code.is_some_and(|code| code != 0 && (followed || ![137, 143].contains(&code)))
            })
        };
        let text = match failed(false).or_else(|| failed(true)) {
            Some((name, Some(code), Some(reason))) => format!("container {name} exited with code {code}: {reason}"),
            Some((name, Some(code), None)) => format!("container {name} exited with code {code}"),
            Some((name, None, Some(reason))) => format!("container {name}: {reason}"),
            _ => self.reason.clone().or_else(|| self.code.clone()).unwrap_or_else(|| "stopped without a reason".into()),
        };
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: &str, reason: &str) -> StoppedTask {
        StoppedTask { code: Some(code.into()), reason: Some(reason.into()), ..StoppedTask::default() }
    }

    #[test]
    fn a_stopped_task_names_the_container_before_the_platitude() {
        let mut task = StoppedTask {
            containers: vec![
                ("proxy".into(), Some(143), None),
                ("api".into(), Some(137), Some("OutOfMemoryError: killed".into())),
            ],
            ..ended("EssentialContainerExited", "Essential container in task exited")
        };
        assert_eq!(task.to_string(), "container api exited with code 137: OutOfMemoryError: killed");
        assert_eq!(task.exit_code("proxy"), Some(143));
        task.containers[1] = ("api".into(), Some(3), None);
        assert_eq!(task.to_string(), "container api exited with code 3");
        task.containers.pop();
        assert_eq!(task.to_string(), "container proxy exited with code 143");
        task.containers.clear();
        assert_eq!(task.to_string(), "Essential container in task exited");
    }

    #[test]
    fn a_failed_health_check_is_the_cause_and_the_exit_code_after_it_is_not() {
        let mut task = ended("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group web)");
        task.containers.push(("api".into(), Some(137), None));
        assert_eq!(task.ending(), Ending::Failure);
        assert_eq!(task.to_string(), "Task failed ELB health checks in (target-group web)");
        assert_eq!(ended("ServiceSchedulerInitiated", "Task failed container health checks").ending(), Ending::Failure);
    }

    #[test]
    fn failures_of_the_environment_are_not_the_images() {
        for (code, reason, ending) in [
            ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/1)", Ending::Stopped),
            ("UserInitiated", "Task stopped by user", Ending::Stopped),
            ("SpotInterruption", "Your Spot Task was interrupted.", Ending::Environment),
            ("TerminationNotice", "Your Spot Task was interrupted.", Ending::Environment),
            (
                "TaskFailedToStart",
                "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException",
                Ending::Environment,
            ),
            ("TaskFailedToStart", "ECS was unable to assume the role 'arn:aws:iam::1:role/x'", Ending::Environment),
            ("TaskFailedToStart", "Capacity is unavailable at this time. Please try again later", Ending::Environment),
            (
                "TaskFailedToStart",
                "CannotPullContainerError: ref pull has been retried 5 time(s): dial tcp: i/o timeout",
                Ending::Environment,
            ),
            (
                "TaskFailedToStart",
                "CannotPullContainerError: failed to copy: unexpected status code 403 Forbidden",
                Ending::Environment,
            ),
            (
                "TaskFailedToStart",
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): web:v2: not found",
                Ending::Failure,
            ),
            (
                "TaskFailedToStart",
                "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
                Ending::Failure,
            ),
            ("TaskFailedToStart", "CannotStartContainerError: exec: \"/app\": no such file", Ending::Failure),
            ("EssentialContainerExited", "Essential container in task exited", Ending::Failure),
        ] {
            assert_eq!(ended(code, reason).ending(), ending, "{code}: {reason}");
        }
        let mut in_a_container = ended("TaskFailedToStart", "Task failed to start");
        in_a_container.containers.push(("api".into(), None, Some("CannotPullContainerError: i/o timeout".into())));
        assert_eq!(in_a_container.ending(), Ending::Environment);
    }
}
