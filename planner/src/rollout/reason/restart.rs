//! How the deployment of a restart ended.

use std::fmt;

use jiff::Timestamp;

use crate::model::format_time;

/// How the deployment of the last restart ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestartEnd {
    /// The deployment of the last restart has replaced all tasks.
    Complete {
        /// Who requested it.
        by: String,
        /// Id of the deployment.
        deployment: String,
        /// Is it an alarm's remedy?
        remedy: bool,
    },
    /// The deployment of a restart that was requested failed.
    Failed {
        /// Who requested it.
        by: String,
        /// Id of the deployment.
        deployment: String,
        /// In the words of ECS and the tasks.
        reason: String,
    },
    /// No task runs, and the deployment of the restart that should have changed that failed.
    StillDown {
        /// Id of the deployment.
        deployment: String,
        /// In the words of ECS and the tasks.
        reason: String,
        /// Which restart it was since tasks last ran.
        attempt: u32,
        /// When the next one is due.
        until: Timestamp,
    },
    /// The deployment of the last restart has neither completed nor failed by its deadline.
    Overdue {
        /// Who requested it.
        by: String,
        /// Id of the deployment.
        deployment: String,
        /// The deadline.
        since: Timestamp,
    },
    /// ECS has shown no deployment of the last restart for as long as it was resumed.
    NotBegun {
        /// Who requested it.
        by: String,
        /// When it was claimed last.
        at: Timestamp,
    },
    /// Another deployment has come in place of the one of the last restart.
    Superseded {
        /// Who requested it.
        by: String,
        /// Id of its deployment.
        deployment: String,
        /// Id of the other deployment.
        newer: String,
        /// Is it an alarm's remedy?
        remedy: bool,
    },
}

impl RestartEnd {
    /// Stable name for logs, metrics and responses.
    pub(super) fn label(&self) -> &'static str {
        match self {
            RestartEnd::Complete { .. } => "restart_complete",
            RestartEnd::Failed { .. } => "restart_not_done",
            RestartEnd::StillDown { .. } => "still_down",
            RestartEnd::Overdue { .. } => "restart_overdue",
            RestartEnd::NotBegun { .. } => "restart_not_begun",
            RestartEnd::Superseded { .. } => "restart_superseded",
        }
    }
}

impl fmt::Display for RestartEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestartEnd::Complete { by, deployment, .. } => {
                write!(f, "the restart requested by {by} is complete: deployment {deployment} has replaced all tasks")
            }
            RestartEnd::Failed { by, deployment, reason } => {
                write!(
                    f,
                    "the restart requested by {by}, deployment {deployment}, failed and is not repeated while tasks run: {reason}"
                )
            }
            RestartEnd::StillDown { deployment, reason, attempt, until } => {
                let until = format_time(*until);
                write!(f, "still no task runs: restart {attempt}, deployment {deployment}, failed: {reason}; ")?;
                write!(f, "another follows after {until}")
            }
            RestartEnd::Overdue { by, deployment, since } => {
                write!(
                    f,
                    "the restart requested by {by}, deployment {deployment}, has neither completed nor failed; "
                )?;
                write!(f, "its deadline passed at {}", format_time(*since))
            }
            RestartEnd::NotBegun { by, at } => {
                write!(
                    f,
                    "the restart requested by {by} did not take place: ECS has shown no deployment of it since "
                )?;
                f.write_str(&format_time(*at))
            }
            RestartEnd::Superseded { by, deployment, newer, .. } => {
                write!(
                    f,
                    "deployment {newer} replaces the tasks instead of {deployment}, the restart requested by {by}"
                )
            }
        }
    }
}
