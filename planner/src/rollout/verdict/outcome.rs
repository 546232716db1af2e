//! The outcomes that several phases share.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::blame::Blame;
use super::ours::Ours;
use crate::model::{Image, Task};
use crate::rollout::decision::{Action, Decision};
use crate::rollout::inputs::Inputs;
use crate::rollout::observed::Observed;
use crate::rollout::reason::Reason;
use crate::rollout::record::{
    Cause, FailedRollout, Phase, Recovery, Release, Rollout, newly_quarantined, same_digests,
};

/// How long a task without a health check has to run until it proves something: the ECS scheduler itself waits 40 s,
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html>.
const PROVEN_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// What failed, and why.
pub(super) struct Failure<'a> {
    /// A deployment id or a task ARN.
    pub what: &'a str,
    /// In the words of ECS and the tasks.
    pub reason: String,
    /// The image, or not.
    pub blame: Blame,
    /// The failed deployment, when the service was updated to it.
    pub deployment: Option<Ours<'a>>,
}

/// The service's primary deployment already runs the rollout's images: it becomes the rollout's own.
pub(super) fn adopt(inputs: &Inputs<'_>) -> Decision {
    let deployment = inputs.observed.primary_id();
    let revision = inputs.observed.service.revision.clone();
    // A deployment that ECS rolls back to is older than the rollout that takes it as its own.
    let claimed = inputs.record.rollout.as_ref().map_or(inputs.now, |rollout| rollout.started_at);
    let since = inputs.observed.service.primary().map_or(inputs.now, |primary| primary.created_at.max(claimed));
    let action = Action::Adopt { revision, deployment: deployment.clone(), since };
    Decision { action, reason: Reason::Adopted { deployment } }
}

/// The decision to wait for the end of a freeze, which only a rollback does not.
pub(super) fn frozen(inputs: &Inputs<'_>, rollout: &Rollout) -> Option<Decision> {
    let freeze = inputs.record.freeze(inputs.now).filter(|_| !rollout.cause.is_rollback())?.clone();
    let image = rollout.images.values().next()?.clone();
    Some(Decision::keep(Reason::Frozen { image, freeze }))
}

/// The deployment of `revision` is complete and `running` of its tasks run.
pub(super) fn complete(
    inputs: &Inputs<'_>,
    rollout: &Rollout,
    (revision, deployment): (&str, &str),
    running: usize,
) -> Decision {
    let release = |images: &BTreeMap<String, Image>, revision: &str, deployment: &str| Release {
        images: images.clone(),
        revision: revision.to_owned(),
        deployment: deployment.to_owned(),
        started_at: rollout.started_at,
        at: inputs.now,
    };
    let mut releases = vec![release(&rollout.images, revision, deployment)];
    if inputs.record.releases.is_empty() && ran_before_us(inputs, rollout) {
        // The images that ran before the first record of this service are the first release to roll back to.
        releases.insert(0, release(&rollout.previous_images, &rollout.previous_revision, ""));
    }
    let (revision, deployment) = (revision.to_owned(), deployment.to_owned());
    let reason = Reason::Verified { deployment: deployment.clone(), running };
    Decision { action: Action::Complete { revision, deployment, releases }, reason }
}

/// Were the images before the first rollout deployed by others, for tasks? What the automation itself has rolled out and no
/// task has verified is no release.
fn ran_before_us(inputs: &Inputs<'_>, rollout: &Rollout) -> bool {
    let record = inputs.record;
    let ours = |(repository, image): (&String, &Image)| {
        let prevented = record.postponed.as_ref().and_then(|postponed| postponed.images.get(repository));
        record.is_quarantined(repository, &image.digest)
            || prevented.is_some_and(|prevented| prevented.digest == image.digest)
    };
    let starts = rollout.cause == Cause::FirstStart || rollout.superseded.is_some();
    !rollout.previous_images.is_empty()
        && !rollout.cause.is_rollback()
        && !starts
        && !rollout.previous_images.iter().any(ours)
}

/// The images to roll back to: those of the current release, else those that ran before the rollout and have not failed.
pub(super) fn good<'a>(inputs: &Inputs<'a>, rollout: &'a Rollout) -> &'a BTreeMap<String, Image> {
    static NONE: BTreeMap<String, Image> = BTreeMap::new();
    let before = &rollout.previous_images;
    let failed = before.iter().any(|(repository, image)| inputs.record.is_quarantined(repository, &image.digest));
    inputs.record.current().map_or(if failed { &NONE } else { before }, |release| &release.images)
}

/// The rollout failed: the images that it introduced go into quarantine, unless they are not to blame.
pub(super) fn fail(inputs: &Inputs<'_>, rollout: &Rollout, failure: Failure<'_>) -> Decision {
    let Failure { what, reason, blame, deployment } = failure;
    let failed = Reason::Failed { what: what.to_owned(), reason: reason.clone() };
    if let Cause::AutomaticRollback { failed: first } = &rollout.cause {
        return abandon(first, &failed.to_string());
    }
    let good = good(inputs, rollout);
    let recover = deployment.filter(|_| !good.is_empty());
    let recover = recover.map(|ours| Recovery { failed: ours.id.to_owned(), revision: ours.revision.to_owned() });
    let mut outcome = match blame {
        Blame::Image => {
            let quarantine = newly_quarantined(&rollout.images, good, &reason, inputs.now);
            FailedRollout::new(rollout, quarantine, recover)
        }
        Blame::Environment | Blame::Unknown => {
            FailedRollout::prevented(inputs.record.postponed.as_ref(), rollout, &reason, recover, inputs.now)
        }
    };
    // What is not listed may run, and the next attempt would run a second one beside it.
    outcome.stop = match &rollout.phase {
        Phase::PreDeployTask { task, .. } if inputs.observed.pre_deploy_task.is_none() => Some(task.clone()),
        _ => None,
    };
    Decision { action: Action::Fail(outcome), reason: failed }
}

/// What should have replaced the failed deployment `first` failed as well.
pub(super) fn abandon(first: &str, why: &str) -> Decision {
    let action = Action::Abandon { failed: first.to_owned() };
    Decision { action, reason: Reason::BothFailed { failed: first.to_owned(), why: why.to_owned() } }
}

/// Are there other images to roll back to than those that failed?
pub(super) fn has_other(good: &BTreeMap<String, Image>, rollout: &Rollout) -> bool {
    !good.is_empty() && !same_digests(good, &rollout.images)
}

/// Running tasks of `revision` that no health check reports as unhealthy.
pub(super) fn healthy_tasks(observed: &Observed, revision: &str) -> usize {
    let counts = |task: &&Task| task.revision == revision && task.status == "RUNNING" && task.health != "UNHEALTHY";
    observed.running_tasks.iter().filter(counts).count()
}

/// Running tasks of `revision` that a health check reports as healthy, or that have run for a while without one.
pub(super) fn proven_tasks(observed: &Observed, revision: &str, now: Timestamp) -> usize {
    let runs_long = |task: &Task| task.started_at.is_some_and(|at| at + PROVEN_AFTER <= now);
    let is_proven = |task: &&Task| {
        let is_unchecked = task.health == "UNKNOWN" && !observed.health_check;
        let is_well = task.health == "HEALTHY" || is_unchecked && runs_long(task);
        task.revision == revision && task.status == "RUNNING" && is_well
    };
    observed.running_tasks.iter().filter(is_proven).count()
}
