//! `retry`: roll out images that were refused.

use std::collections::BTreeMap;

use crate::model::Image;
use crate::rollout::choose;
use crate::rollout::decision::{Decision, Roll};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Cause, Phase, same_digests};
use crate::rollout::roll::roll;

/// Roll images although they were refused; they leave quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Who requested it.
    pub by: String,
    /// Image by repository; empty for the images that the tag policies select.
    pub images: BTreeMap<String, Image>,
}

impl Retry {
    /// `None` when the images run already or are being rolled out.
    pub(super) fn decide(&self, inputs: &Inputs<'_>) -> Option<Decision> {
        let Inputs { record, observed, now, .. } = inputs;
        let mut target = choose::current(inputs);
        let candidates =
            observed.candidates.iter().filter_map(|(repository, image)| Some((repository.clone(), image.clone()?)));
        match self.images.is_empty() {
            true => target.extend(candidates),
            false => target.extend(self.images.clone()),
        }
        let image = target.values().next()?.clone();
        if let Some(freeze) = record.freeze(*now) {
            return Some(Decision::keep(Reason::Frozen { image, freeze: freeze.clone() }));
        }
        let in_progress = record.rollout.as_ref().is_some_and(|rollout| same_digests(&rollout.images, &target));
        // What the environment kept from being rolled back runs, and is in quarantine.
        let is_bad = |(repository, image): (&String, &Image)| record.is_quarantined(repository, &image.digest);
        let runs = observed.runs(&target) && !target.iter().any(is_bad);
        if in_progress || runs || target.len() < inputs.policy.images.len() {
            return None;
        }
        if let Some(Phase::PreDeployTask { task, .. }) = record.rollout.as_ref().map(|rollout| &rollout.phase) {
            // Two pre-deploy tasks may harm each other.
            return Some(Decision::keep(Reason::AwaitingPreDeployTask { task: task.clone() }));
        }
        // One that an interrupted invocation may have started is found first.
        if record.rollout.as_ref().is_some_and(|rollout| inputs.occupied(rollout)) {
            return None;
        }
        let digests = target.iter().map(|(repository, image)| (repository.clone(), image.digest.clone())).collect();
        let cause = Cause::Retry { by: self.by.clone() };
        // A person's word is the newest order: what the tags name now does not replace it.
        let orders = choose::answered(inputs);
        Some(Roll { unquarantine: digests, orders, held: None, ..roll(inputs, target, cause) }.due())
    }
}
