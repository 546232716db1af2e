//! What is decided about one service, and the facts that the decision rests on.

use jiff::{SignedDuration, Timestamp};
use planner::capacity::{self, Deadlines, Decision, Effect, EndedOverride, Facts, FollowUp, follow_up, plan, resume};
use planner::fleet::ServicePolicy;
use shared::Result;

use crate::observe::{ObservedService, task_counts};
use crate::trigger::Trigger;

/// What is decided about one service.
pub enum Plan {
    /// Save the facts and set the capacity.
    Decide(Box<Decided>),
    /// Announce what follows from the decision that was applied.
    FollowUp(Box<Applied>, FollowUp),
}

/// The decision, and the facts that it rests on.
pub struct Decided {
    /// The facts of the service, with that of the trigger and without what has expired.
    pub(crate) facts: Facts,
    /// The override that ended.
    pub(crate) ended: Option<EndedOverride>,
    /// The decision by these facts.
    pub(crate) decision: Decision,
}

/// A decision that was applied, and what it changed.
#[derive(Clone)]
pub struct Applied {
    /// The decision.
    pub(crate) decision: Decision,
    /// What its action was for the service.
    pub(crate) effect: Effect,
    /// What it changed, in words; `None` when it changed nothing.
    pub(crate) changes: Option<String>,
}

impl Plan {
    /// Records the fact of the trigger and decides; once that is applied, decides what follows.
    ///
    /// # Errors
    /// `Invalid` when an override would end in the past.
    pub(crate) fn of(
        policy: &ServicePolicy,
        observed: &ObservedService,
        applied: Option<&Applied>,
        trigger: &Trigger,
        now: Timestamp,
    ) -> Result<Plan> {
        let (record, capacity) = (&observed.entry.record, &policy.capacity());
        if let Some(applied) = applied {
            let minutes = |minutes: u32| SignedDuration::from_mins(minutes.into());
            let deadlines = Deadlines { drain: minutes(policy.drain_minutes), start: minutes(policy.wake_minutes) };
            let (decision, tasks) = (&applied.decision, task_counts(&observed.tasks));
            let seen = capacity::Applied { decision, observed: &observed.capacity, tasks };
            let follow_up = follow_up(capacity, deadlines, record, seen, now);
            return Ok(Plan::FollowUp(Box::new(applied.clone()), follow_up));
        }
        let mut facts = record.facts.clone();
        let ended = enter(&mut facts, trigger, now)?;
        let decision = plan(capacity, &facts, &observed.capacity, now);
        Ok(Plan::Decide(Box::new(Decided { facts, ended, decision })))
    }
}

/// Records the fact of a trigger and drops what has expired; returns the override that ended.
///
/// # Errors
/// `Invalid` when an override would end in the past.
fn enter(facts: &mut Facts, trigger: &Trigger, now: Timestamp) -> Result<Option<EndedOverride>> {
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
