//! Desired count and bounds of a service: the baseline, what the facts make of it, and what another caller has set.

use jiff::{SignedDuration, Timestamp};

use super::decision::{Capacity, Target};
use super::facts::{BudgetRestriction, Facts, OverrideKind};
use super::observed::{Bounds, Observed, Scaling};
use super::policy::{BoundsPolicy, CapacityPolicy};
use super::provider_move::STALE;
use super::written::{Raised, WrittenRange};

/// So many changes by another caller within [`CONFLICT_SPAN`] are a conflict: scheduled scaling makes two a day, a stack
/// update a single one.
const CONFLICTING: usize = 3;
const CONFLICT_SPAN: SignedDuration = SignedDuration::from_hours(48);

/// Desired count and bounds at `now`.
pub(super) fn range(
    policy: &CapacityPolicy,
    facts: &Facts,
    observed: &Observed,
    target: Target,
    now: Timestamp,
) -> (u32, Bounds) {
    if target == Target::ScaledToZero {
        return (0, Bounds::SCALED_TO_ZERO);
    }
    let own = own_bounds(policy, facts, observed);
    let bounds = running_bounds(policy, facts, own, now);
    // A service that wakes runs a task, whatever its minimum is: scaling acts on the metrics of tasks.
    let floor = if observed.asleep { bounds.min.max(1).min(bounds.max) } else { bounds.min };
    let desired = match facts.range.raised {
        Some(raised) if facts.boost(now).is_none() && observed.desired == raised.to => raised.from,
        _ => observed.desired,
    };
    let desired = match observed.bounds_unknown {
        // The maximum may be another caller's.
        true => desired.max(floor),
        false => desired.clamp(floor, bounds.max),
    };
    (desired, bounds)
}

/// The bounds that apply when no fact is in force.
fn own_bounds(policy: &CapacityPolicy, facts: &Facts, observed: &Observed) -> Bounds {
    let baseline = Bounds { min: policy.baseline.min, max: policy.baseline.max, scaling: Scaling::Active };
    match policy.baseline.bounds {
        BoundsPolicy::Set => baseline,
        BoundsPolicy::Leave => {
            let written = facts.range.written.map(|(bounds, _)| bounds);
            let running = |bounds: &Bounds| *bounds != Bounds::SCALED_TO_ZERO;
            // What was put back a moment ago may not show yet.
            let found = observed.bounds.filter(running).or(written.filter(running));
            facts.range.replaced.or(found).unwrap_or(baseline)
        }
    }
}

/// `own`, its maximum lowered by the budget, its minimum raised by an alarm or by a request to wake, within both.
fn running_bounds(policy: &CapacityPolicy, facts: &Facts, own: Bounds, now: Timestamp) -> Bounds {
    let floor = policy.floor.unwrap_or(own.min);
    let max = match restriction_unless_overridden(facts, now).and_then(|restriction| restriction.max_tasks) {
        Some(max_tasks) => max_tasks.max(floor).min(own.max),
        None => own.max,
    };
    let boost = facts.boost(now).map_or(0, |boost| boost.min);
    let woken = facts.override_at(now).is_some_and(|requested| requested.kind == OverrideKind::Wake);
    let least = own.min.max(boost).max(u32::from(woken));
    Bounds { min: least.min(max), max, scaling: own.scaling }
}

/// The budget restriction that lowers the maximum: an override is stronger.
fn restriction_unless_overridden(facts: &Facts, now: Timestamp) -> Option<&BudgetRestriction> {
    facts.restriction_at(now).filter(|_| facts.override_at(now).is_none())
}

/// The maximum number of tasks at `now` while the service runs.
pub fn max_tasks(policy: &CapacityPolicy, facts: &Facts, now: Timestamp) -> u32 {
    running_bounds(policy, facts, own_bounds(policy, facts, &Observed::default()), now).max
}

impl WrittenRange {
    /// Remembers what a decision writes.
    pub(super) fn remember(
        &mut self,
        policy: &CapacityPolicy,
        (wanted, target): (&Capacity, Target),
        observed: &Observed,
        boosted: bool,
        now: Timestamp,
    ) {
        let leaves = policy.baseline.bounds == BoundsPolicy::Leave;
        if let Some(bounds) = observed.bounds.filter(|bounds| *bounds != wanted.bounds) {
            match self.replaced {
                Some(replaced) if replaced == wanted.bounds => self.replaced = None,
                None if leaves && bounds != Bounds::SCALED_TO_ZERO => self.replaced = Some(bounds),
                _ => {}
            }
            self.changed_by_others.retain(|at| *at + CONFLICT_SPAN > now);
            let again = |(written, at): (Bounds, Timestamp)| written == wanted.bounds && at + STALE <= now;
            if self.written.is_some_and(again) {
                self.changed_by_others.push(now);
            }
            self.written = Some((wanted.bounds, now));
        }
        self.raised = match self.raised {
            _ if observed.bounds.is_some() || target == Target::ScaledToZero => None,
            // A budget may lower what the boost has raised.
            Some(raised) if boosted && wanted.desired != observed.desired => {
                Some(Raised { to: wanted.desired, changed_at: None, ..raised })
            }
            // Until it is seen lowered: the call may be refused, or the process end before it.
            Some(raised) => Some(raised),
            None if boosted && wanted.desired > observed.desired && !observed.asleep => {
                Some(Raised { from: observed.desired, to: wanted.desired, changed_at: None })
            }
            None => None,
        };
    }

    /// What was to be written may not be: bounds that are found to differ prove no other caller.
    pub fn not_written(&mut self) {
        self.written = None;
    }

    /// Does another caller change the bounds again and again, and was that not announced? It is then.
    pub(super) fn take_conflict(&mut self, now: Timestamp) -> bool {
        let lately = self.changed_by_others.iter().filter(|at| **at + CONFLICT_SPAN > now).count();
        let new = lately >= CONFLICTING && !self.conflict_announced;
        self.conflict_announced = lately >= CONFLICTING || (self.conflict_announced && lately > 0);
        new
    }
}
