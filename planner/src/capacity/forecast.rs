//! What decisions the next hours will bring if nothing new happens.

use jiff::{SignedDuration, Timestamp};

use super::decision::{Action, Target};
use super::facts::Facts;
use super::observed::Observed;
use super::plan::plan;
use super::policy::CapacityPolicy;
use super::reason::Reason;

/// More decisions than any day has.
const DECISIONS: usize = 16;

/// A service that is scaled to zero or runs again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpcomingChange {
    /// The moment at which the decision changes.
    pub at: Timestamp,
    /// Scaled to zero or running.
    pub target: Target,
    /// Why.
    pub reason: Reason,
}

/// The changes between `now` and `now + span`, by applying each decision and planning again when it changes.
pub fn forecast(
    policy: &CapacityPolicy,
    facts: &Facts,
    observed: &Observed,
    now: Timestamp,
    span: SignedDuration,
) -> Vec<UpcomingChange> {
    let mut upcoming = Vec::new();
    let mut observed = observed.clone();
    let mut decision = plan(policy, facts, &observed, now);
    for _ in 0..DECISIONS {
        let before = decision.target(&observed);
        if let Action::Set(capacity) = &decision.action {
            let (bounds, strategy) = (observed.bounds.map(|_| capacity.bounds), capacity.strategy.clone());
            observed = Observed { desired: capacity.desired, bounds, strategy, ..observed };
        }
        let Some(at) = decision.until.filter(|at| *at <= now + span) else { break };
        decision = plan(policy, facts, &observed, at);
        if let Some(target) = decision.target(&observed).filter(|target| Some(*target) != before) {
            upcoming.push(UpcomingChange { at, target, reason: decision.reason.clone() });
        }
    }
    upcoming
}
