//! Why a decision was made: the sentence an operator reads, and a stable name for logs and metrics.

use std::fmt;

use jiff::Timestamp;

use super::state::{Cause, Freeze};
use crate::model::{Image, format_time};

/// Why a decision was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The fleet names no repository for this service.
    NotFollowed,
    /// What should run runs.
    UpToDate,
    /// No image matches the tag policy yet.
    NoImage {
        /// The repository that has none.
        repository: String,
        /// The tag policy, as written.
        tag: String,
    },
    /// The image that matches is older than what runs or ran.
    Older {
        /// The image.
        image: Image,
        /// The push time that it would have to pass.
        than: Timestamp,
    },
    /// The image that matches has failed before.
    Quarantined {
        /// The image.
        image: Image,
        /// Why it is in quarantine.
        why: String,
        /// Since when.
        since: Timestamp,
    },
    /// Pushes are held back.
    Frozen {
        /// The image that waits.
        image: Image,
        /// The freeze.
        freeze: Freeze,
    },
    /// ECR has not finished the scan.
    AwaitingScan {
        /// The image.
        image: Image,
        /// When the wait ends.
        until: Timestamp,
    },
    /// The scan found too much, or gave no result in time.
    ScanRefused {
        /// The image.
        image: Image,
        /// What was found and what is allowed.
        finding: String,
    },
    /// Another invocation has this rollout in its hands.
    ClaimedElsewhere {
        /// When its claim ends.
        until: Timestamp,
    },
    /// The one-off task has not ended.
    AwaitingTask {
        /// Its ARN.
        task: String,
    },
    /// ECS replaces tasks.
    InFlight {
        /// The deployment.
        deployment: String,
    },
    /// ECS calls the deployment complete, but none of its tasks was seen running yet.
    AwaitingTasks {
        /// The deployment.
        deployment: String,
    },
    /// A deployment or one-off task reported nothing within its deadline.
    Overdue {
        /// What is overdue.
        what: String,
        /// When it should have ended.
        since: Timestamp,
    },
    /// The service runs no tasks: the image waits for it to wake.
    Staged {
        /// The deployment.
        deployment: String,
    },
    /// The former revision is being put back.
    RollingBack {
        /// The deployment that failed.
        failed: String,
    },
    /// A rollout is due.
    Due {
        /// Why.
        cause: Cause,
        /// What changes: `huskit/web: v1 (aaa) -> v2 (bbb)`.
        change: String,
    },
    /// What should run was tried from this revision and failed.
    Stuck {
        /// ARN of the revision.
        revision: String,
    },
    /// A rollback was asked for, and no earlier release is known to be good.
    NothingBefore,
    /// A rollback was asked for that is about another deployment than the one that runs.
    OtherDeployment {
        /// The deployment that was to be undone.
        asked: String,
        /// The one that runs.
        runs: String,
    },
    /// A restart was asked for while tasks are being replaced anyway.
    ReplacesTasks {
        /// The deployment that does.
        deployment: String,
    },
    /// A restart was asked for, and the last one is not done.
    Restarting {
        /// Who had asked for it.
        by: String,
    },
    /// A restart was asked for, and no task should run.
    NothingRuns,
    /// A restart was asked for too soon after the last one.
    CoolingDown {
        /// When the last one was.
        at: Timestamp,
        /// Who had asked for it.
        by: String,
        /// When another is not too soon.
        until: Timestamp,
    },
    /// Somebody asked for new tasks of what runs.
    RestartRequested {
        /// Who.
        by: String,
        /// Why, in their words.
        why: Option<String>,
    },
    /// An interrupted rollout is taken up again.
    Resumed {
        /// When it was claimed.
        since: Timestamp,
    },
    /// What should be rolled is already the service's deployment.
    Adopted {
        /// The deployment.
        deployment: String,
    },
    /// The one-off task ended well.
    TaskSucceeded,
    /// The new image runs.
    Verified {
        /// The deployment.
        deployment: String,
        /// Tasks of it that run.
        running: usize,
    },
    /// The new image failed.
    Failed {
        /// What failed: a deployment id or a task ARN.
        what: String,
        /// Why, in ECS's and the tasks' words.
        why: String,
    },
    /// The former revision runs again.
    Recovered {
        /// The deployment that had failed.
        failed: String,
    },
}

impl Reason {
    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Reason::NotFollowed => "not_followed",
            Reason::UpToDate => "up_to_date",
            Reason::NoImage { .. } => "no_image",
            Reason::Older { .. } => "older",
            Reason::Quarantined { .. } => "quarantined",
            Reason::Frozen { .. } => "frozen",
            Reason::AwaitingScan { .. } => "awaiting_scan",
            Reason::ScanRefused { .. } => "scan_refused",
            Reason::ClaimedElsewhere { .. } => "claimed_elsewhere",
            Reason::AwaitingTask { .. } => "awaiting_task",
            Reason::InFlight { .. } => "in_flight",
            Reason::AwaitingTasks { .. } => "awaiting_tasks",
            Reason::Overdue { .. } => "overdue",
            Reason::Staged { .. } => "staged",
            Reason::RollingBack { .. } => "rolling_back",
            Reason::Due { cause, .. } => match cause {
                Cause::FirstStart => "first_start",
                Cause::Push => "newer_image",
                Cause::Drift => "drift",
                Cause::Rollback { .. } => "rollback_requested",
                Cause::Retry { .. } => "retry_requested",
                Cause::FailedWake => "failed_wake",
            },
            Reason::Stuck { .. } => "stuck",
            Reason::NothingBefore => "nothing_before",
            Reason::OtherDeployment { .. } => "other_deployment",
            Reason::ReplacesTasks { .. } => "replaces_tasks",
            Reason::Restarting { .. } => "restarting",
            Reason::NothingRuns => "nothing_runs",
            Reason::CoolingDown { .. } => "cooling_down",
            Reason::RestartRequested { .. } => "restart_requested",
            Reason::Resumed { .. } => "resumed",
            Reason::Adopted { .. } => "adopted",
            Reason::TaskSucceeded => "task_succeeded",
            Reason::Verified { .. } => "verified",
            Reason::Failed { .. } => "failed",
            Reason::Recovered { .. } => "recovered",
        }
    }
}

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
            Reason::Quarantined { image, why, since } => {
                write!(
                    f,
                    "{image} is in quarantine since {} ({why}); push another image, or ask with `retry`",
                    format_time(*since)
                )
            }
            Reason::Frozen { image, freeze } => {
                write!(f, "{image} is held back until {} by {}", format_time(freeze.until), freeze.by)?;
                freeze.why.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
            }
            Reason::AwaitingScan { image, until } => {
                write!(f, "{image} waits for its scan result until {}", format_time(*until))
            }
            Reason::ScanRefused { image, finding } => write!(f, "{image} is refused: {finding}"),
            Reason::ClaimedElsewhere { until } => {
                write!(f, "another invocation has it in its hands; its claim ends at {}", format_time(*until))
            }
            Reason::AwaitingTask { task } => write!(f, "the task before the roll has not ended: {task}"),
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
            Reason::NothingBefore => {
                f.write_str("no earlier release of it is known to be good; push an image, or name one with `retry`")
            }
            Reason::OtherDeployment { asked, runs } => {
                write!(f, "{asked} does not run any more, {runs} does: a rollback now would undo something else")
            }
            Reason::ReplacesTasks { deployment } => {
                write!(f, "{deployment} replaces tasks already; ask again when it is done")
            }
            Reason::Restarting { by } => write!(f, "its tasks are being replaced already because {by} asked"),
            Reason::NothingRuns => f.write_str("it should run no tasks, so there is nothing to restart"),
            Reason::CoolingDown { at, by, until } => {
                write!(
                    f,
                    "it was restarted at {} because {by} asked, and is not again before {}",
                    format_time(*at),
                    format_time(*until)
                )
            }
            Reason::RestartRequested { by, why: Some(why) } => write!(f, "{by} asked for new tasks: {why}"),
            Reason::RestartRequested { by, why: None } => write!(f, "{by} asked for new tasks"),
            Reason::Resumed { since } => write!(f, "the rollout claimed at {} was interrupted", format_time(*since)),
            Reason::Adopted { deployment } => write!(f, "{deployment} already brings what should run"),
            Reason::TaskSucceeded => f.write_str("the task before the roll ended with exit code 0"),
            Reason::Verified { deployment, running } => {
                write!(f, "{deployment} is complete and {running} of its tasks run")
            }
            Reason::Failed { what, why } => write!(f, "{what} failed: {why}"),
            Reason::Recovered { failed } => write!(f, "the former revision runs again after {failed}"),
        }
    }
}
