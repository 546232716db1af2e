//! Reasons as an engineer reads them.

use std::fmt;

use super::Reason;
use crate::model::format_time;

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NotFollowed => f.write_str("the fleet names no repository for it"),
            Reason::UpToDate => f.write_str("what should run runs"),
            Reason::NoImage { repository, tag } => write!(f, "{repository} has no image tagged {tag} yet"),
            Reason::Older { image, than } => {
                write!(
                    f,
                    "{image} was pushed at {}, before the newest that ran or failed here ({}); ask with `retry` to roll it all the same",
                    format_time(image.pushed_at),
                    format_time(*than)
                )
            }
            Reason::Quarantined { image, reason, since } => {
                write!(
                    f,
                    "{image} is in quarantine since {} ({reason}); push another image, or ask with `retry`",
                    format_time(*since)
                )
            }
            Reason::Frozen { image, freeze } => {
                write!(f, "{image} is held back until {} by {}", format_time(freeze.until), freeze.by)?;
                freeze.reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
            Reason::AwaitingScan { image, until } => {
                write!(f, "{image} waits for its scan result until {}", format_time(*until))
            }
            Reason::ScanRefused { image, finding } => write!(f, "{image} is refused: {finding}"),
            Reason::ClaimedElsewhere { until } => {
                write!(f, "another invocation has it in its hands; its claim ends at {}", format_time(*until))
            }
            Reason::AwaitingPreDeployTask { task } => write!(f, "the task before the roll has not ended: {task}"),
            Reason::InFlight { deployment } => write!(f, "{deployment} replaces tasks"),
            Reason::AwaitingTasks { deployment } => {
                write!(f, "{deployment} is complete, but none of its tasks was seen running yet")
            }
            Reason::Overdue { what, since } => {
                write!(f, "{what} should have ended by {} and reported nothing", format_time(*since))
            }
            Reason::Staged { deployment } => {
                write!(f, "the service runs no tasks; {deployment} is staged and verified when it wakes")
            }
            Reason::RollingBack { failed } => write!(f, "{failed} failed; ECS puts the former revision back"),
            Reason::Due { cause, change } => write!(f, "{cause}: {change}"),
            Reason::Stuck { revision } => {
                write!(
                    f,
                    "the image that should run was tried on {revision} and failed; deploy another revision, push an image, or ask with `retry`"
                )
            }
            Reason::NoEarlierRelease => {
                f.write_str("no earlier release of it is known to be good; push an image, or name one with `retry`")
            }
            Reason::OtherDeployment { requested, current } => {
                write!(f, "{requested} does not run any more, {current} does: a rollback now would undo something else")
            }
            Reason::DeploymentInProgress { deployment } => {
                write!(f, "{deployment} replaces tasks already; ask again when it is done")
            }
            Reason::RestartInProgress { by } => write!(f, "its tasks are being replaced already because {by} asked"),
            Reason::ScaledToZero => f.write_str("it should run no tasks, so there is nothing to restart"),
            Reason::CoolingDown { at, by, until } => {
                write!(
                    f,
                    "it was restarted at {} because {by} asked, and is not again before {}",
                    format_time(*at),
                    format_time(*until)
                )
            }
            Reason::RestartRequested { by, reason: Some(reason) } => write!(f, "{by} asked for new tasks: {reason}"),
            Reason::RestartRequested { by, reason: None } => write!(f, "{by} asked for new tasks"),
            Reason::Resumed { since } => write!(f, "the rollout claimed at {} was interrupted", format_time(*since)),
            Reason::Adopted { deployment } => write!(f, "{deployment} already brings what should run"),
            Reason::PreDeployTaskSucceeded => f.write_str("the task before the roll ended with exit code 0"),
            Reason::Verified { deployment, running } => {
                write!(f, "{deployment} is complete and {running} of its tasks run")
            }
            Reason::Failed { what, reason } => write!(f, "{what} failed: {reason}"),
            Reason::Recovered { failed } => write!(f, "the former revision runs again after {failed}"),
        }
    }
}
