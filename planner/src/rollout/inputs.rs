//! What every rule decides from.

use jiff::Timestamp;

use super::observed::Observed;
use super::policy::Policy;
use super::record::{Phase, Record, Rollout};

/// What every rule decides from.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    /// What is wanted of the service.
    pub policy: Policy<'a>,
    /// What the ledger keeps of it.
    pub record: &'a Record,
    /// What AWS shows of it.
    pub observed: &'a Observed,
    /// The moment of the decision.
    pub now: Timestamp,
}

impl<'a> Inputs<'a> {
    /// The rollout in progress, unless ECS is rolling it back.
    pub fn rolling_forward(&self) -> Option<&'a Rollout> {
        self.record.rollout.as_ref().filter(|rollout| !matches!(rollout.phase, Phase::RollingBack { .. }))
    }

    /// Has the service never run a release, and is it scaled to zero?
    pub fn never_ran(&self) -> bool {
        self.record.releases.is_empty() && self.observed.service.desired == 0
    }
}
