//! Which capacity provider strategy a service should have. A change replaces every task, so most of this says when none
//! is made.

use jiff::{SignedDuration, Timestamp};

use super::facts::Facts;
use super::observed::Observed;
use super::policy::{CapacityPolicy, SpotMode};
use super::sleep::Downtime;
use crate::model::Strategy;

/// A move that stops every task first waits for the end of scheduled downtime that begins within this.
const NEXT_DOWNTIME: SignedDuration = SignedDuration::from_hours(24);

/// The strategy that policy, budget and Spot ask for; `None` where the policy says nothing.
fn wanted(policy: &CapacityPolicy, facts: &Facts, now: Timestamp) -> Option<Strategy> {
    let spot = policy.spot?;
    Some(match spot.mode {
        SpotMode::Off => Strategy::OnDemand,
        SpotMode::Only => Strategy::Spot { base: 0 },
        SpotMode::Prefer if stays_on_spot(policy, facts, now) => Strategy::Spot { base: 0 },
        SpotMode::Prefer if facts.spot.available(now) => Strategy::Spot { base: spot.base },
        SpotMode::Prefer => Strategy::OnDemand,
    })
}

/// Do tasks that run on Spot stay there whether it has capacity or not?
pub(super) fn stays_on_spot(policy: &CapacityPolicy, facts: &Facts, now: Timestamp) -> bool {
    let restricted = facts.restriction_at(now).is_some_and(|restriction| restriction.spot_only);
    policy.spot.is_some_and(|spot| match spot.mode {
        SpotMode::Only => true,
        SpotMode::Prefer => restricted,
        SpotMode::Off => false,
    })
}

/// The strategy that the service should have at `now`, when it should run so many tasks.
pub(super) fn strategy(
    policy: &CapacityPolicy,
    facts: &Facts,
    observed: &Observed,
    (tasks, downtime): (u32, Downtime),
    now: Timestamp,
) -> Strategy {
    let wanted = wanted(policy, facts, now).filter(|wanted| *wanted != observed.strategy);
    let may_change = |wanted: &Strategy| {
        let runs = observed.desired > 0;
        let to_spot = wanted.is_spot();
        // A service without tasks keeps its strategy until it runs again.
        tasks > 0
            && !facts.provider_move.as_ref().is_some_and(|last| last.blocks(wanted, &observed.images, now))
            // Tasks that run do not move to a Spot that is known to have no capacity.
            && !(to_spot && runs && !facts.spot.available(now))
            && !(to_spot && runs && observed.stops_tasks_first && sleeps_soon(downtime, now))
            && (!observed.rollout_in_flight || lacks_spot(facts, observed, wanted, now))
    };
    wanted.filter(may_change).unwrap_or_else(|| observed.strategy.clone())
}

/// A rollout is not disturbed, unless Spot has no capacity for its own tasks: then it could not end well.
///
/// While ECS rolls back, it is left alone: another deployment would end the rollback.
fn lacks_spot(facts: &Facts, observed: &Observed, wanted: &Strategy, now: Timestamp) -> bool {
    *wanted == Strategy::OnDemand && !facts.spot.available(now) && observed.lacks_tasks && !observed.rolls_back
}

/// Is there scheduled downtime now, although an override is stronger, or soon? The service wakes after it without a gap.
fn sleeps_soon(downtime: Downtime, now: Timestamp) -> bool {
    downtime.in_force || downtime.until.is_some_and(|begins| begins <= now + NEXT_DOWNTIME)
}
