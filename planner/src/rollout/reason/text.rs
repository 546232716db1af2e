//! Reasons as an engineer reads them.

use std::fmt;

use super::Reason;
use crate::model::format_time;

/// A lower-case sentence without the service's name and without a full stop.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NotFollowed => f.write_str("the fleet names no repository for this service"),
            Reason::UpToDate => f.write_str("already up to date"),
            Reason::NoImage { repository, tag } => write!(f, "{repository} has no image tagged {tag} yet"),
            Reason::Older { image, than } => {
                write!(f, "{image} is selected only because {than} has lost its tag; ")?;
                f.write_str("request `retry` to roll it out")
            }
            Reason::TagSettles { image, until } => {
                write!(
                    f,
                    "{image} is older than the last order, a moment ago: it is rolled out if the tag still names "
                )?;
                write!(f, "it at {}", format_time(*until))
            }
            Reason::PassedOver { image, selected, tag, .. } => {
                write!(f, "{image}, pushed at {}, is not rolled out: ", format_time(image.pushed_at))?;
                write!(f, "the tag policy {tag} selects {selected}; a `retry` with this image rolls it out")
            }
            Reason::Unread { repository, error } => {
                write!(f, "ECR could not be read, so what to run of {repository} is unknown: {error}")
            }
            Reason::Unidentified { repository } => {
                write!(f, "the running image of {repository} is unknown: its tag has moved since the deployment; ")?;
                f.write_str("the next push is rolled out")
            }
            Reason::FirstLook { images: Some(images) } => {
                write!(
                    f,
                    "first look: {images} is recorded as the first release; nothing is rolled out before the next push"
                )
            }
            Reason::FirstLook { images: None } => f.write_str("first look: nothing is rolled out before the next push"),
            Reason::DeployedByHand { deployment, images, replaced } => {
                write!(f, "deployment {deployment}, made outside of the automation, has rolled back to {images}; ")?;
                write!(f, "{replaced} does not come back until its tag moves or `retry` requests it")
            }
            Reason::Several(reasons) => {
                for (i, reason) in reasons.iter().enumerate() {
                    write!(f, "{}{reason}", if i == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
            Reason::Quarantined { image, reason, since } => {
                write!(f, "{image} has been in quarantine since {} ({reason})", format_time(*since))
            }
            Reason::Frozen { image, freeze } => {
                let (until, by) = (format_time(freeze.until), &freeze.by);
                write!(f, "{image} is waiting (freeze): frozen by {by} until {until}")?;
                freeze.reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
            Reason::Held { image, hold } => {
                let (until, by) = (format_time(hold.until), &hold.by);
                write!(f, "{image} is waiting (hold): the running release is held by {by} until {until}")?;
                hold.reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
            Reason::ReleaseHeld { hold } => {
                let (until, by) = (format_time(hold.until), &hold.by);
                write!(f, "the restored release is held by {by} until {until}: newer images wait")
            }
            Reason::AwaitingScan { image, until } => {
                write!(f, "{image} is waiting for its scan result until {}", format_time(*until))
            }
            Reason::ScanRefused { image, finding } => write!(f, "the scan gate refused {image}: {finding}"),
            Reason::AwaitingSignature { image, profile, until } => {
                write!(f, "{image} is waiting until {} for its signature with {profile}", format_time(*until))
            }
            Reason::SignatureRefused { image, finding } => write!(f, "the signature gate refused {image}: {finding}"),
            Reason::ClaimedElsewhere { until } => {
                let until = format_time(*until);
                write!(f, "another invocation is handling this service; its lease expires at {until}")
            }
            Reason::AwaitingPreDeployTask { task } => write!(f, "pre-deploy task {task} is running"),
            Reason::InFlight { deployment } => write!(f, "deployment {deployment} is in progress"),
            Reason::AwaitingTasks { deployment } => {
                write!(f, "deployment {deployment} is complete, but none of its tasks has been seen running yet")
            }
            Reason::Overdue { what, since } => {
                // A deployment id is `ecs-svc/<number>`; a task is named by its ARN.
                let kind = if what.starts_with("arn:") { "pre-deploy task" } else { "deployment" };
                let since = format_time(*since);
                write!(f, "{kind} {what} has neither completed nor failed; its deadline passed at {since}")
            }
            Reason::Staged { deployment } => {
                write!(f, "scaled to zero; deployment {deployment} is staged and will be verified at the next wake")
            }
            Reason::RollingBack { failed } => write!(f, "deployment {failed} failed and is being rolled back"),
            Reason::UnknownResult { deployment } => {
                write!(f, "deployment {deployment} is listed neither by the service nor in its deployment history; ")?;
                f.write_str("its result is unknown")
            }
            Reason::OtherController { controller } => {
                write!(f, "the deployment controller is {controller}; the automation updates only those of ECS")
            }
            Reason::Postponed { image, reason, until } => {
                write!(f, "the rollout of {image} was prevented ({reason}); next attempt at {}", format_time(*until))
            }
            Reason::Prevented { what, reason } => write!(f, "deployment {what} cannot run its tasks: {reason}"),
            Reason::BothFailed { failed, why } => write!(f, "deployment {failed} failed, and {why}"),
            Reason::RollbackInProgress { since } => {
                write!(f, "a rollback has been in progress since {}", format_time(*since))
            }
            Reason::Aborted { by } => write!(f, "rollback requested by {by}: the pre-deploy task is stopped"),
            Reason::Due { cause, change } => write!(f, "{cause}: {change}"),
            Reason::Stuck { revision } => {
                write!(f, "rolling out the current release on {revision} failed; ")?;
                f.write_str("deploy another revision, push another image, or request `retry`")
            }
            Reason::NoEarlierRelease => {
                f.write_str("no earlier release to roll back to; push an image, or name one with `retry`")
            }
            Reason::AlreadyRolledBack { image, at, current } => {
                write!(f, "{image} was rolled back at {} to the release before it; ", format_time(*at))?;
                write!(f, "to roll that back as well, name its deployment {current}")
            }
            Reason::OtherDeployment { requested, current } => {
                write!(f, "deployment {requested} is not the current one, {current} is; ")?;
                f.write_str("a rollback now would undo another change")
            }
            Reason::TooLate { by, at } => {
                write!(f, "requested by {by} at {} and delivered too late: ", format_time(*at))?;
                f.write_str("what it is about may be over")
            }
            Reason::DeploymentInProgress { deployment } => {
                write!(f, "deployment {deployment} is in progress; request the restart again when it is complete")
            }
            Reason::RestartInProgress { by } => write!(f, "a restart requested by {by} is in progress"),
            Reason::ScaledToZero => f.write_str("scaled to zero; there are no tasks to restart"),
            Reason::CoolingDown { at, by, until } => {
                let (at, until) = (format_time(*at), format_time(*until));
                write!(f, "last restarted at {at} (requested by {by}); the cool-down ends at {until}")
            }
            Reason::RestartRequested { by, reason: Some(reason) } => write!(f, "restart requested by {by}: {reason}"),
            Reason::RestartRequested { by, reason: None } => write!(f, "restart requested by {by}"),
            Reason::RestartDue { cause } => write!(f, "restarted because {cause}"),
            Reason::RestartWaits { cause, obstacle } => write!(f, "a restart is due and waits ({obstacle}): {cause}"),
            Reason::RestartFailed { cause, deployment } => {
                write!(f, "its restart, deployment {deployment}, failed and is not repeated while tasks run; {cause}")
            }
            Reason::RestartEnded(end) => end.fmt(f),
            Reason::TasksReplaced { cause } => write!(f, "its tasks have been replaced since: {cause}"),
            Reason::RetirementAnnounced { starts_at, handling } => {
                let starts_at = format_time(*starts_at);
                write!(f, "AWS replaces its running tasks from {starts_at} on, to patch the platform: {handling}")
            }
            Reason::RetirementMissed { starts_at, obstacle } => {
                write!(f, "its tasks were not replaced before {}, when AWS begins to do so", format_time(*starts_at))?;
                obstacle.as_ref().map_or(Ok(()), |obstacle| write!(f, ": {obstacle}"))
            }
            Reason::RetirementOver { starts_at } => {
                write!(f, "nothing is to be done about the retirement of {}", format_time(*starts_at))
            }
            Reason::SecretChanged { name, restart, retry } => {
                write!(f, "{name} has changed since its tasks read it")?;
                f.write_str(if *restart { "; a restart follows" } else { "" })?;
                f.write_str(if *retry { "; the release that waits is tried again" } else { "" })
            }
            Reason::Resumed { since } => {
                write!(f, "resuming the rollout claimed at {}, which was interrupted", format_time(*since))
            }
            Reason::Adopted { deployment } => write!(f, "deployment {deployment} already has the images to roll out"),
            Reason::PreDeployTaskSucceeded => f.write_str("the pre-deploy task succeeded"),
            Reason::Verified { deployment, running: 1 } => {
                write!(f, "deployment {deployment} is complete, 1 task running")
            }
            Reason::Verified { deployment, running } => {
                write!(f, "deployment {deployment} is complete, {running} tasks running")
            }
            Reason::Failed { what, reason } => write!(f, "{what} failed: {reason}"),
            Reason::Recovered { failed } => write!(f, "ECS has rolled back deployment {failed}"),
        }
    }
}
