//! The order of the rules.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::choose::{self, ByHand, Choice, choose};
use super::decision::{Action, Decision};
use super::due;
use super::inputs::Inputs;
use super::observed::Observed;
use super::policy::Policy;
use super::reason::Reason;
use super::record::{Cause, Noted, Phase, Postponed, Record, same_digests};
use super::request::{Request, restart};
use super::roll::roll;
use super::verdict::{self, verdict};
use super::visibility::LEASE;
use crate::model::Image;

/// Decides what to do next about the images of one service.
pub fn plan(
    policy: Policy<'_>,
    record: &Record,
    observed: &Observed,
    request: Option<&Request>,
    now: Timestamp,
) -> Decision {
    let inputs = &Inputs { policy, record, observed, now };
    if policy.images.is_empty() {
        return not_followed(inputs);
    }
    // `UpdateService` takes a task definition for the controller ECS only:
    // <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>.
    if observed.service.controller != "ECS" {
        return Decision::keep(Reason::OtherController { controller: observed.service.controller.clone() });
    }
    if let Some(until) = leased_until(inputs) {
        return Decision::keep(Reason::ClaimedElsewhere { until });
    }
    if let Some(decision) = request.and_then(|request| request.decide(inputs)) {
        return decision;
    }
    if let Some(decision) = due::settle(inputs).or_else(|| verdict::restart(inputs)) {
        return decision;
    }
    let choice = or_wait(inputs, choose(inputs));
    if !matches!(choice, Choice::Newer(_))
        && let Some(decision) = restart::resume(inputs)
        && decision.action != Action::Keep
    {
        return decision;
    }
    match (&record.rollout, choice) {
        // A newer image replaces whatever rollout is in progress, and waits only for a pre-deploy task: two of them may
        // harm each other.
        (Some(rollout), Choice::Newer(images)) if inputs.occupied(rollout) => match verdict(inputs, rollout) {
            Decision { action: Action::Update { .. }, .. } => newer(inputs, images),
            decision => decision,
        },
        // What the environment prevented does not interrupt its own rollback.
        (Some(rollout), Choice::Newer(images)) if rollout.is_rollback() && was_prevented(record, &images) => {
            verdict(inputs, rollout)
        }
        (_, Choice::Newer(images)) => newer(inputs, images),
        (_, Choice::Note(noted, reason)) => Decision { action: Action::Note(*noted), reason },
        (Some(rollout), Choice::Drift(_) | Choice::Stay(_)) => verdict(inputs, rollout),
        (None, Choice::Drift(_) | Choice::Stay(_)) if let Some(decision) = again(inputs) => decision,
        (None, Choice::Drift(_)) if record.stuck_at.as_ref() == Some(&observed.service.revision) => {
            Decision::keep(Reason::Stuck { revision: observed.service.revision.clone() })
        }
        (None, Choice::Drift(images)) => roll(inputs, images, Cause::Drift).due(),
        (None, Choice::Stay(reason)) => stay(inputs, reason),
    }
}

/// A service whose images are left alone has tasks that may have to be replaced, too.
fn not_followed(inputs: &Inputs<'_>) -> Decision {
    let keep = Decision::keep(Reason::NotFollowed);
    if inputs.observed.service.controller != "ECS" || leased_until(inputs).is_some() {
        return keep;
    }
    let resumed = restart::resume(inputs).or_else(|| due::settle(inputs)).or_else(|| verdict::restart(inputs));
    resumed.or_else(|| due::restart(inputs)).unwrap_or(keep)
}

/// No image changes: a restart may be due.
fn stay(inputs: &Inputs<'_>, reason: Reason) -> Decision {
    match due::restart(inputs) {
        None => Decision::keep(reason),
        Some(decision) if decision.action != Action::Keep || reason == Reason::UpToDate => decision,
        Some(waits) => Decision::keep(Reason::of(vec![reason, waits.reason])),
    }
}

fn newer(inputs: &Inputs<'_>, images: BTreeMap<String, Image>) -> Decision {
    let cause = if inputs.never_ran() { Cause::FirstStart } else { Cause::Push };
    roll(inputs, images, cause).due()
}

fn was_prevented(record: &Record, images: &BTreeMap<String, Image>) -> bool {
    record.postponed.as_ref().is_some_and(|postponed| same_digests(&postponed.images, images))
}

/// What the environment has prevented waits for the end of its hold-down, and nothing else waits for it.
fn or_wait(inputs: &Inputs<'_>, choice: Choice) -> Choice {
    let Inputs { record, observed, now, .. } = inputs;
    let (Choice::Newer(images) | Choice::Drift(images)) = &choice else { return choice };
    let holds = |postponed: &&Postponed| postponed.holds(images, &observed.service.revision, *now);
    let postponed = record.postponed.as_ref().filter(holds);
    // What a person deploys meanwhile is the release, and the newer image waits on.
    if postponed.is_some()
        && let Some(ByHand::Complete(complete)) = choose::deployed(inputs)
    {
        return Choice::Note(Box::new(Noted { orders: BTreeMap::new(), ..complete.0 }), complete.1);
    }
    let reason = postponed.zip(images.values().next()).map(|(postponed, image)| Reason::Postponed {
        image: image.clone(),
        reason: postponed.reason.clone(),
        until: postponed.until,
    });
    reason.map_or(choice, Choice::Stay)
}

/// What a person requested and the environment prevented, once more: a rollback, or a `retry` of an image that no tag names.
fn again(inputs: &Inputs<'_>) -> Option<Decision> {
    let Inputs { record, observed, now, .. } = inputs;
    let postponed = record.postponed.as_ref().filter(|postponed| !observed.runs(&postponed.images))?;
    let cause = postponed.cause.clone()?;
    if !matches!(cause, Cause::Rollback { .. } | Cause::Retry { .. }) {
        return None;
    }
    let image = postponed.images.values().next()?.clone();
    if let Some(freeze) = record.freeze(*now).filter(|_| !cause.is_rollback()) {
        return Some(Decision::keep(Reason::Frozen { image, freeze: freeze.clone() }));
    }
    if postponed.holds(&postponed.images, &observed.service.revision, *now) {
        let (reason, until) = (postponed.reason.clone(), postponed.until);
        return Some(Decision::keep(Reason::Postponed { image, reason, until }));
    }
    let mut roll = roll(inputs, postponed.images.clone(), cause);
    roll.rollout.revision.clone_from(&postponed.copies);
    Some(roll.due())
}

/// When the lease of another invocation on this service expires, if one holds it.
fn leased_until(inputs: &Inputs<'_>) -> Option<Timestamp> {
    let Inputs { record, now, .. } = inputs;
    let rollout = record.rollout.as_ref().filter(|rollout| matches!(rollout.phase, Phase::Claimed { .. }));
    let restart = record.restart.as_ref().filter(|restart| restart.deployment.is_none());
    let claimed = [rollout.map(|rollout| rollout.started_at), restart.map(|restart| restart.at)];
    claimed.into_iter().flatten().map(|at| at + LEASE).find(|until| until > now)
}
