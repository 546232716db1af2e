//! The outcomes that several phases share.

use std::collections::BTreeMap;

use crate::model::{Image, Task, endings};
use crate::rollout::decision::{Action, Decision};
use crate::rollout::inputs::Inputs;
use crate::rollout::observed::Observed;
use crate::rollout::reason::Reason;
use crate::rollout::record::{FailedRollout, Release, Rollout, newly_quarantined};

/// What failed, and why.
pub(super) struct Failure<'a> {
    /// A deployment id or a task ARN.
    pub what: &'a str,
    /// In the words of ECS and the tasks.
    pub reason: String,
    /// Id of the failed deployment when ECS rolls it back.
    pub deployment: Option<&'a str>,
}

/// The service's primary deployment already runs the rollout's images: it becomes the rollout's own.
pub(super) fn adopt(inputs: &Inputs<'_>) -> Decision {
    let deployment = inputs.observed.primary_id();
    let revision = inputs.observed.service.revision.clone();
    let action = Action::Adopt { revision, deployment: deployment.clone() };
    Decision { action, reason: Reason::Adopted { deployment } }
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
    if inputs.record.releases.is_empty() && !rollout.previous_images.is_empty() {
        // The images that ran before the first record of this service are the first release to roll back to.
        releases.insert(0, release(&rollout.previous_images, &rollout.previous_revision, ""));
    }
    let (revision, deployment) = (revision.to_owned(), deployment.to_owned());
    let reason = Reason::Verified { deployment: deployment.clone(), running };
    Decision { action: Action::Complete { revision, deployment, releases }, reason }
}

/// The rollout failed: the images that it introduced go into quarantine.
pub(super) fn fail(inputs: &Inputs<'_>, rollout: &Rollout, failure: Failure<'_>) -> Decision {
    let good = inputs.record.current().map_or(&rollout.previous_images, |release| &release.images);
    let recover = failure.deployment.filter(|_| !good.is_empty()).map(str::to_owned);
    let quarantine = newly_quarantined(&rollout.images, good, &failure.reason, inputs.now);
    let reason = Reason::Failed { what: failure.what.to_owned(), reason: failure.reason };
    Decision { action: Action::Fail(FailedRollout::new(rollout, quarantine, recover)), reason }
}

/// Running tasks of `revision` that no health check reports as unhealthy.
pub(super) fn healthy_tasks(observed: &Observed, revision: &str) -> usize {
    let counts = |task: &&Task| task.revision == revision && task.status == "RUNNING" && task.health != "UNHEALTHY";
    observed.running_tasks.iter().filter(counts).count()
}

/// The stopped tasks' own reasons, then the sentence of ECS: that of the circuit breaker alone says nothing.
pub(super) fn failure_reason(sentence: Option<&str>, stopped: &[Task]) -> String {
    let parts: Vec<String> = endings(stopped).into_iter().chain(sentence.map(str::to_owned)).collect();
    match parts.is_empty() {
        true => "ECS rolled the deployment back and gave no reason".into(),
        false => parts.join("; "),
    }
}
