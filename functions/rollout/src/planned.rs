//! What is decided about one service.

use jiff::Timestamp;
use planner::fleet::ServicePolicy;
use planner::rollout::{Decision, FreezeChange, Reason, notice, plan};
use shared::{Error, Kind, Result};

use crate::observed::ObservedService;
use crate::trigger::Trigger;

/// What is decided about one service.
pub enum Plan {
    /// Record a freeze, or its end, as requested.
    Freeze(FreezeChange),
    /// What to do about its images and tasks.
    Decide(Box<Decision>),
}

impl Plan {
    /// The freeze that is requested, or what an event says of the tasks, if it is not recorded yet; otherwise what to do about images and tasks. A request
    /// that was answered is not decided again.
    ///
    /// # Errors
    /// `Invalid` when a freeze would end in the past; `Unavailable` when another invocation holds the service, so that the
    /// request cannot be answered yet.
    pub(crate) fn of(
        policy: &ServicePolicy,
        observed: &ObservedService,
        trigger: &Trigger,
        answered: bool,
        now: Timestamp,
    ) -> Result<Plan> {
        let record = &observed.entry.record;
        if let Trigger::Request(request) = trigger
            && let Some(change) = request.freeze(record, now)?
        {
            return Ok(Plan::Freeze(change));
        }
        if let Some(heard) = trigger.notice(&observed.revision)
            && let Some(decision) = notice(policy.rollout(), record, &observed.observed, &heard, now)
        {
            return Ok(Plan::Decide(Box::new(decision)));
        }
        let request = observed.request.as_ref().filter(|_| !answered);
        let decision = plan(policy.rollout(), record, &observed.observed, request, now);
        match (request, &decision.reason) {
            // An error, so that Lambda delivers the request again after 1 and 3 min, or the caller does.
            (Some(_), Reason::ClaimedElsewhere { .. }) => {
                Err(Error::new(Kind::Unavailable, format!("send the request again: {}", decision.reason)))
            }
            _ => Ok(Plan::Decide(Box::new(decision))),
        }
    }
}
