//! How a rollout starts.

use std::collections::BTreeMap;

use super::choose;
use super::decision::{Action, Decision, Roll};
use super::inputs::Inputs;
use super::reason::Reason;
use super::record::{Cause, Phase, Rollout};
use crate::model::Image;

/// A rollout of `images`, which name every repository that the service follows.
pub(super) fn roll(inputs: &Inputs<'_>, images: BTreeMap<String, Image>, cause: Cause) -> Roll {
    let first_start = inputs.never_ran() && matches!(cause, Cause::FirstStart | Cause::Retry { .. });
    let initial_tasks = first_start.then_some(inputs.policy.initial_tasks);
    let run_pre_deploy_task = inputs.policy.rollout.pre_deploy_task.is_some() && cause.introduces_images();
    let orders = choose::carried_out(inputs, &images);
    let newest = images.values().map(|image| image.digest.short()).next().unwrap_or("none");
    // What is rolled back from does not.
    let goes_on = |before: &Rollout| !cause.is_rollback() || matches!(before.phase, Phase::Staged { .. });
    let rollout = Rollout {
        id: format!("{newest}-{}", inputs.now.as_millisecond()),
        phase: Phase::Claimed { initial_tasks },
        previous_revision: inputs.observed.service.revision.clone(),
        revision: None,
        started_at: inputs.now,
        attempts: 1,
        previous_images: inputs.observed.running_images(),
        images,
        ran_at: None,
        migrated: false,
        superseded: inputs.record.rollout.as_ref().and_then(Rollout::at_the_service).filter(|before| goes_on(before)),
        cause,
    };
    let (quarantine, unquarantine) = (Vec::new(), Vec::new());
    let held = inputs.record.held.clone();
    Roll {
        rollout,
        initial_tasks,
        run_pre_deploy_task,
        quarantine,
        unquarantine,
        orders,
        stop: None,
        resumed: false,
        held,
    }
}

impl Roll {
    /// The decision to start it, with what it changes as the reason.
    pub(super) fn due(self) -> Decision {
        let rollout = &self.rollout;
        let change = change(&rollout.previous_images, &rollout.images);
        let reason = Reason::Due { cause: rollout.cause.clone(), change };
        Decision { action: Action::Roll(Box::new(self)), reason }
    }
}

/// `acme/web: v1 (aaa) -> v2 (bbb)`, for each repository that changes.
fn change(previous: &BTreeMap<String, Image>, next: &BTreeMap<String, Image>) -> String {
    let same = |repository: &String, image: &Image| previous.get(repository).is_some_and(|p| p.digest == image.digest);
    let line = |(repository, image): (&String, &Image)| match previous.get(repository) {
        Some(previous) => format!("{repository}: {previous} -> {image}"),
        None => format!("{repository}: {image}"),
    };
    next.iter().filter(|(repository, image)| !same(repository, image)).map(line).collect::<Vec<_>>().join(", ")
}
