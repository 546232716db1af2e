//! The order of the rules.

use jiff::{SignedDuration, Timestamp};

use super::choose::{Choice, choose};
use super::decision::{Action, Decision};
use super::inputs::Inputs;
use super::observed::Observed;
use super::policy::Policy;
use super::reason::Reason;
use super::record::{Cause, Phase, Record};
use super::request::{Request, restart};
use super::roll::roll;
use super::verdict::verdict;

/// How long one invocation holds a claimed rollout or restart; afterwards another may resume it. Longer than the
/// function's timeout.
pub const LEASE: SignedDuration = SignedDuration::from_secs(90);

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
        return Decision::keep(Reason::NotFollowed);
    }
    if let Some(until) = leased_until(inputs) {
        return Decision::keep(Reason::ClaimedElsewhere { until });
    }
    if let Some(decision) = request.and_then(|request| request.decide(inputs)) {
        return decision;
    }
    let choice = choose(inputs);
    if !matches!(choice, Choice::Newer(_))
        && let Some(decision) = restart::resume(inputs)
    {
        return decision;
    }
    match (&record.rollout, choice) {
        // A newer image replaces whatever rollout is in progress.
        (_, Choice::Newer(images)) => {
            let cause = if inputs.never_ran() { Cause::FirstStart } else { Cause::Push };
            roll(inputs, images, cause).due()
        }
        (_, Choice::Note(noted, reason)) => Decision { action: Action::Note(noted), reason },
        (Some(rollout), Choice::Drift(_) | Choice::Stay(_)) => verdict(inputs, rollout),
        (None, Choice::Drift(_)) if record.stuck_at.as_ref() == Some(&observed.service.revision) => {
            Decision::keep(Reason::Stuck { revision: observed.service.revision.clone() })
        }
        (None, Choice::Drift(images)) => roll(inputs, images, Cause::Drift).due(),
        (None, Choice::Stay(reason)) => Decision::keep(reason),
    }
}

/// When the lease of another invocation on this service expires, if one holds it.
fn leased_until(inputs: &Inputs<'_>) -> Option<Timestamp> {
    let Inputs { record, now, .. } = inputs;
    let rollout = record.rollout.as_ref().filter(|rollout| matches!(rollout.phase, Phase::Claimed { .. }));
    let restart = record.restart.as_ref().filter(|restart| restart.deployment.is_none());
    let claimed = [rollout.map(|rollout| rollout.started_at), restart.map(|restart| restart.at)];
    claimed.into_iter().flatten().map(|at| at + LEASE).find(|until| until > now)
}
