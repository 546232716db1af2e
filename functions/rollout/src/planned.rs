//! What is decided about one service.

use jiff::Timestamp;
use planner::fleet::ServicePolicy;
use planner::rollout::{Decision, Freeze, plan};
use shared::Result;

use crate::observe::ObservedService;
use crate::trigger::Trigger;

/// What is decided about one service.
pub enum Plan {
    /// Record this freeze, or its end, as requested.
    Freeze {
        /// The freeze; none when it ends.
        frozen: Option<Freeze>,
        /// Who asked.
        by: String,
    },
    /// What to do about its images and tasks.
    Decide(Box<Decision>),
}

impl Plan {
    /// The freeze that is requested, if it is not recorded yet; otherwise what to do about images and tasks. A request
    /// that was answered is not decided again.
    ///
    /// # Errors
    /// `Invalid` when a freeze would end in the past.
    pub(crate) fn of(
        policy: &ServicePolicy,
        observed: &ObservedService,
        trigger: &Trigger,
        answered: bool,
        now: Timestamp,
    ) -> Result<Plan> {
        let record = &observed.entry.record;
        if let Trigger::Request(request) = trigger
            && let Some(frozen) = request.freeze(now)?
            && record.frozen != frozen
        {
            return Ok(Plan::Freeze { frozen, by: request.by.clone() });
        }
        let request = observed.request.as_ref().filter(|_| !answered);
        Ok(Plan::Decide(Box::new(plan(policy.rollout(), record, &observed.observed, request, now))))
    }
}
