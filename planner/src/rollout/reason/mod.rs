//! Why a decision was made: the sentence an engineer reads, and a stable name for logs and metrics.

mod label;
mod restart;
mod several;
mod text;

use jiff::Timestamp;

use super::handling::Handling;
use super::obstacle::Obstacle;
use super::record::{Cause, Freeze, RestartCause};
use crate::model::Image;

pub use restart::RestartEnd;

/// Why a decision was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The fleet names no repository for this service.
    NotFollowed,
    /// The service runs the images that it should run.
    UpToDate,
    /// No image matches the tag policy yet.
    NoImage {
        /// Repository name in this registry: `acme/web`.
        repository: String,
        /// The tag policy, as written.
        tag: String,
    },
    /// The tag policy selects another image only because the one before lost its tag.
    Older {
        /// The image that the tag policy selects.
        image: Image,
        /// The one before.
        than: Image,
    },
    /// A tag names an image that is older than the last order, which was moments ago.
    TagSettles {
        /// The image that the tag policy selects.
        image: Image,
        /// When the wait ends.
        until: Timestamp,
    },
    /// An image was pushed under a followed tag, and the tag policy prefers another one.
    PassedOver {
        /// Key of the fleet's entry.
        key: String,
        /// The image that was pushed.
        image: Image,
        /// The one that the policy selects.
        selected: Image,
        /// The tag policy, as written.
        tag: String,
    },
    /// ECR could not be read.
    Unread {
        /// The repository.
        repository: String,
        /// Why.
        error: String,
    },
    /// The running image is not known: the revision names a tag that moved after the deployment.
    Unidentified {
        /// The repository.
        repository: String,
    },
    /// The first look at a service: what it runs is its first release.
    FirstLook {
        /// What it runs, where that is known and its deployment is complete.
        images: Option<String>,
    },
    /// A person deployed an earlier release.
    DeployedByHand {
        /// Id of the deployment.
        deployment: String,
        /// The images that run now.
        images: String,
        /// The images that ran before.
        replaced: String,
    },
    /// Several reasons, one for each repository.
    Several(Vec<Reason>),
    /// The image that matches is in quarantine.
    Quarantined {
        /// The image that the tag policy selects.
        image: Image,
        /// What failed.
        reason: String,
        /// When the digest failed.
        since: Timestamp,
    },
    /// A push waits for the end of a freeze.
    Frozen {
        /// The image that waits.
        image: Image,
        /// Its requester, end and reason.
        freeze: Freeze,
    },
    /// A push waits for the end of the hold of the running release.
    Held {
        /// The image that waits.
        image: Image,
        /// Its requester, end and reason.
        hold: Freeze,
    },
    /// The release that a rollback restores is held from now on.
    ReleaseHeld {
        /// Its requester, end and reason.
        hold: Freeze,
    },
    /// The scan gate waits for ECR's result.
    AwaitingScan {
        /// The image that the tag policy selects.
        image: Image,
        /// When the wait ends.
        until: Timestamp,
    },
    /// The scan gate refused the image.
    ScanRefused {
        /// The image that the tag policy selects.
        image: Image,
        /// What was found and what is allowed.
        finding: String,
    },
    /// The signature gate waits for ECR.
    AwaitingSignature {
        /// The image that the tag policy selects.
        image: Image,
        /// Name of the signing profile.
        profile: String,
        /// When the wait ends.
        until: Timestamp,
    },
    /// The signature gate refused the image.
    SignatureRefused {
        /// The image that the tag policy selects.
        image: Image,
        /// What was found and what is expected.
        finding: String,
    },
    /// Another invocation is handling this service.
    ClaimedElsewhere {
        /// When its lease expires.
        until: Timestamp,
    },
    /// The pre-deploy task has not ended.
    AwaitingPreDeployTask {
        /// Its ARN.
        task: String,
    },
    /// ECS replaces tasks.
    InFlight {
        /// Id of the deployment.
        deployment: String,
    },
    /// The deployment is complete, and none of its tasks was seen running yet.
    AwaitingTasks {
        /// Id of the deployment.
        deployment: String,
    },
    /// A deployment or pre-deploy task has no result, and its deadline has passed.
    Overdue {
        /// A deployment id or a task ARN.
        what: String,
        /// The deadline.
        since: Timestamp,
    },
    /// The service has no tasks: the image is verified when it wakes.
    Staged {
        /// Id of the deployment.
        deployment: String,
    },
    /// ECS rolls a failed deployment back.
    RollingBack {
        /// Id of the failed deployment.
        failed: String,
    },
    /// Neither the service nor its deployment history lists the deployment.
    UnknownResult {
        /// Id of the deployment.
        deployment: String,
    },
    /// Another deployment controller than ECS creates the service's deployments.
    OtherController {
        /// `CODE_DEPLOY` or `EXTERNAL`.
        controller: String,
    },
    /// The environment prevented the rollout; it is tried again later.
    Postponed {
        /// The image that waits.
        image: Image,
        /// What prevented it.
        reason: String,
        /// When it is tried again.
        until: Timestamp,
    },
    /// The environment keeps tasks of a woken service from running.
    Prevented {
        /// Id of the deployment.
        what: String,
        /// In the words of ECS and the tasks.
        reason: String,
    },
    /// The deployment failed, and so did what should have replaced it.
    BothFailed {
        /// Id of the deployment that failed first.
        failed: String,
        /// What happened to its rollback.
        why: String,
    },
    /// A rollback was requested while one is in progress.
    RollbackInProgress {
        /// Since when.
        since: Timestamp,
    },
    /// A rollback was requested while the pre-deploy task runs: that is stopped, and the service stays as it is.
    Aborted {
        /// Who requested it.
        by: String,
    },
    /// A rollout is due.
    Due {
        /// Why.
        cause: Cause,
        /// What changes: `acme/web: v1 (aaa) -> v2 (bbb)`.
        change: String,
    },
    /// Correcting drift from this revision failed.
    Stuck {
        /// ARN of the revision.
        revision: String,
    },
    /// A rollback was requested, and no earlier release is out of quarantine.
    NoEarlierRelease,
    /// A rollback was requested that names no deployment, a moment after the service was rolled back.
    AlreadyRolledBack {
        /// The image that failed, in short.
        image: String,
        /// When it failed.
        at: Timestamp,
        /// Id of the current deployment.
        current: String,
    },
    /// A rollback was requested of a deployment that is not the current one.
    OtherDeployment {
        /// Id of the deployment to undo.
        requested: String,
        /// Id of the current deployment.
        current: String,
    },
    /// A request was delivered long after it was asked.
    TooLate {
        /// Who asked.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// A restart was requested while another deployment replaces tasks.
    DeploymentInProgress {
        /// Id of that deployment.
        deployment: String,
    },
    /// A restart was requested while the last one is in progress.
    RestartInProgress {
        /// Who requested the last one.
        by: String,
    },
    /// A restart was requested of a service that is scaled to zero.
    ScaledToZero,
    /// A restart was requested within the requester's cool-down after the last one.
    CoolingDown {
        /// When the last one was.
        at: Timestamp,
        /// Who requested the last one.
        by: String,
        /// When the cool-down ends.
        until: Timestamp,
    },
    /// An engineer or an alarm's remedy has requested a restart.
    RestartRequested {
        /// Who requested it.
        by: String,
        /// Why, in the requester's words.
        reason: Option<String>,
    },
    /// What happens at AWS requires other tasks.
    RestartDue {
        /// What it is.
        cause: RestartCause,
    },
    /// A restart is due, and something puts it off.
    RestartWaits {
        /// Why it is due.
        cause: RestartCause,
        /// What puts it off.
        obstacle: Obstacle,
    },
    /// The deployment that should have replaced the tasks failed.
    RestartFailed {
        /// Why they had to be replaced.
        cause: RestartCause,
        /// Id of the deployment.
        deployment: String,
    },
    /// The deployment of the last restart has ended, or is overdue.
    RestartEnded(RestartEnd),
    /// The tasks that had to be replaced run no more.
    TasksReplaced {
        /// Why they had to be.
        cause: RestartCause,
    },
    /// AWS has announced that it replaces the tasks.
    RetirementAnnounced {
        /// From when on.
        starts_at: Timestamp,
        /// What happens before.
        handling: Handling,
    },
    /// AWS replaces the tasks, and the announced restart did not take place.
    RetirementMissed {
        /// Since when.
        starts_at: Timestamp,
        /// What puts it off at the moment.
        obstacle: Option<Obstacle>,
    },
    /// Nothing is to be done about a retirement: it is closed, AWS carries it out, or the tasks are newer.
    RetirementOver {
        /// From when on AWS replaces tasks.
        starts_at: Timestamp,
    },
    /// A secret that the tasks read has changed.
    SecretChanged {
        /// Its name.
        name: String,
        /// Does a restart follow?
        restart: bool,
        /// Is a rollout that the environment prevented tried again?
        retry: bool,
    },
    /// An interrupted rollout is resumed.
    Resumed {
        /// When it was claimed.
        since: Timestamp,
    },
    /// The service's deployment already has the rollout's images.
    Adopted {
        /// Id of the deployment.
        deployment: String,
    },
    /// The pre-deploy task ended with exit code 0.
    PreDeployTaskSucceeded,
    /// The new images run.
    Verified {
        /// Id of the deployment.
        deployment: String,
        /// Running tasks of it.
        running: usize,
    },
    /// The new images failed.
    Failed {
        /// A deployment id or a task ARN.
        what: String,
        /// In the words of ECS and the tasks.
        reason: String,
    },
    /// The rollback by ECS is complete.
    Recovered {
        /// Id of the failed deployment.
        failed: String,
    },
}
