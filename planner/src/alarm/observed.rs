//! The service that an alarm is about, as it was observed.

use jiff::Timestamp;

use crate::capacity::{self, Expiry, Facts, OverrideKind};
use crate::fleet::ServicePolicy;
use crate::rollout::{self, Phase};

/// The service that an alarm is about.
#[derive(Clone, Copy, Debug)]
pub struct ObservedService<'a> {
    /// What is wanted of it.
    pub policy: &'a ServicePolicy,
    /// Its tasks and records at the moment of the decision.
    pub observed: &'a Observed,
}

/// What was observed of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Number of tasks ECS is asked to run.
    pub desired: u32,
    /// Number of tasks that are running.
    pub running: u32,
    /// What is remembered of its capacity.
    pub capacity: capacity::Record,
    /// What is remembered of its images.
    pub rollout: rollout::Record,
    /// Why part of it could not be observed; the expected state stands in for it.
    pub error: Option<String>,
}

impl ObservedService<'_> {
    /// Every fact about the service's capacity; the freeze is kept with its rollouts.
    pub(super) fn facts(&self) -> Facts {
        let frozen = self.observed.rollout.frozen.as_ref();
        let frozen = frozen.map(|freeze| Expiry { at: freeze.until, by: freeze.by.clone() });
        Facts { frozen, ..self.observed.capacity.facts.clone() }
    }

    /// The freeze in force at `now`.
    pub(super) fn frozen(&self, now: Timestamp) -> Option<Expiry> {
        self.facts().frozen.filter(|freeze| freeze.at > now)
    }

    /// The hold of its capacity in force at `now`.
    pub(super) fn on_hold(&self, now: Timestamp) -> Option<Expiry> {
        let hold = self.facts().manual_override.filter(|manual| manual.kind == OverrideKind::Hold);
        hold.map(|manual| manual.expiry).filter(|hold| hold.at > now)
    }

    /// Is a rollout in progress that replaces tasks? A staged one waits for the service to wake.
    pub(super) fn replaces_tasks(&self) -> bool {
        let rollout = self.observed.rollout.rollout.as_ref();
        rollout.is_some_and(|rollout| !matches!(rollout.phase, Phase::Staged { .. }))
    }
}
