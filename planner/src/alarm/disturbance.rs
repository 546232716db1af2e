//! What replaces or takes away tasks of a service although its release is good: a move between capacity providers, a
//! Spot interruption, a restart.

use jiff::{SignedDuration, Timestamp};

use super::explanation::Explanation;
use super::observed::ObservedService;
use crate::capacity::ActivityKind;
use crate::rollout::Restart;

/// For so long after it, at least, a rollback would undo a release that is not the cause.
pub(super) const NOT_THE_RELEASE: SignedDuration = SignedDuration::from_mins(15);
/// The tick of the capacity function, by which a service is back on Spot after its hold-down.
const TICK: SignedDuration = SignedDuration::from_mins(5);

/// The disturbance whose consequences last longest, if any last at `now`; each lasts `grace`.
pub(super) fn disturbance(
    service: &ObservedService<'_>,
    grace: SignedDuration,
    now: Timestamp,
) -> Option<(Explanation, Timestamp)> {
    let observed = service.observed;
    let spot = &observed.capacity.facts.spot;
    let activities = observed.capacity.activities();
    let last = |of: fn(&ActivityKind) -> bool| activities.iter().find(|one| of(&one.kind)).map(|one| one.until);
    // A shortage moves the service to on-demand, the end of the hold-down moves it back; a move lasts until it is known how it ended.
    let moved = [
        spot.shortage_at,
        spot.retry_at.map(|at| at + TICK).filter(|at| *at <= now + TICK),
        last(|kind| matches!(kind, ActivityKind::Moved { .. })).map(|until| until.min(now)),
    ];
    let interrupted = last(|kind| *kind == ActivityKind::Interrupted).max(spot.interruptions.values().copied().max());
    // One that is claimed again and again, and that ECS refuses, replaces nothing.
    let replaces = |restart: &&Restart| restart.deployment.is_some() || restart.resumed == 0;
    let restarted = observed.rollout.restart.as_ref().filter(replaces).map(|restart| restart.at);
    let each = [
        (moved.into_iter().flatten().max(), Explanation::moved as fn(Timestamp) -> Explanation),
        (interrupted, Explanation::interrupted),
        (restarted, Explanation::restarted),
    ];
    let lasting = each.into_iter().filter_map(|(at, explain)| Some((at? + grace, explain)));
    let (until, explain) = lasting.filter(|(until, _)| *until > now).max_by_key(|(until, _)| *until)?;
    Some((explain(until), until))
}
