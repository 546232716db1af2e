//! What is decided about one service, and the facts that the decision rests on.

use jiff::Timestamp;
use planner::capacity::{Decision, EndedOverride, Facts, plan, resume};
use planner::fleet::ServicePolicy;
use shared::Result;

use crate::observe::ObservedService;
use crate::trigger::Trigger;

/// What is decided about one service.
pub struct Plan {
    /// Its facts, with that of the trigger and without what has expired.
    pub(crate) facts: Facts,
    /// The override that ended.
    pub(crate) ended: Option<EndedOverride>,
    /// The decision by these facts.
    pub(crate) decision: Decision,
}

impl Plan {
    /// Records the fact of the trigger and decides.
    ///
    /// # Errors
    /// `Invalid` when an override would end in the past.
    pub(crate) fn of(
        policy: &ServicePolicy,
        observed: &ObservedService,
        trigger: &Trigger,
        now: Timestamp,
    ) -> Result<Plan> {
        let mut facts = observed.entry.record.facts.clone();
        let ended = record(&mut facts, trigger, now)?;
        let decision = plan(&policy.capacity(), &facts, &observed.capacity, now);
        Ok(Plan { facts, ended, decision })
    }
}

/// Records the fact of a trigger and drops what has expired; returns the override that ended.
///
/// # Errors
/// `Invalid` when an override would end in the past.
fn record(facts: &mut Facts, trigger: &Trigger, now: Timestamp) -> Result<Option<EndedOverride>> {
    let expired = facts.expire(now).map(|ended| EndedOverride { ended, by: None });
    match trigger {
        Trigger::Spot { event, .. } => facts.spot = facts.spot.after(event.clone(), now),
        Trigger::Resume { by, .. } => return Ok(resume(by, facts).or(expired)),
        Trigger::Override { kind, request, .. } => {
            request.record(*kind, facts, now)?;
            // Replaced, not ended.
            return Ok(None);
        }
        Trigger::Everything | Trigger::Service(_) | Trigger::Named(_) | Trigger::Digest { .. } => {}
    }
    Ok(expired)
}
