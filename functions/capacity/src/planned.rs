//! What is decided about one service, and the facts that the decision rests on.

use jiff::{SignedDuration, Timestamp};
use planner::capacity::{
    self, Deadlines, Decision, Effect, EndedOverride, Facts, FollowUp, Missing, Move, follow_up, plan, resume,
};
use planner::fleet::ServicePolicy;
use shared::Result;

use crate::observe::ObservedService;
use crate::trigger::Trigger;

/// What is decided about one service.
pub enum Plan {
    /// Save the facts and set the capacity.
    Decide(Box<Decided>),
    /// Remember that ECS does not know the service, and announce it if that is due.
    Missing(Missing, bool),
    /// Announce what follows from the decision that was applied, or could not be.
    FollowUp(Box<Applied>, FollowUp),
}

/// The decision, and the facts that it rests on.
pub struct Decided {
    /// The facts of the service, with that of the trigger and without what has expired.
    pub(crate) facts: Facts,
    /// The override that ended.
    pub(crate) ended: Option<EndedOverride>,
    /// The move to another capacity provider that has failed.
    pub(crate) failed_move: Option<Move>,
    /// Is it to be announced that another caller changes the bounds again and again?
    pub(crate) bounds_conflict: bool,
    /// The decision by these facts.
    pub(crate) decision: Decision,
}

/// A decision that was applied or could not be, and what it changed.
#[derive(Clone)]
pub struct Applied {
    /// The decision.
    pub(crate) decision: Decision,
    /// What its action was for the service.
    pub(crate) effect: Effect,
    /// What it changed, in words; `None` when it changed nothing.
    pub(crate) changes: Option<String>,
    /// Why it, or part of it, could not be applied.
    pub(crate) error: Option<String>,
    /// Did ECS refuse the capacity provider strategy?
    pub(crate) strategy_refused: bool,
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
        if let Some(error) = &observed.missing {
            return match trigger {
                Trigger::Named(_) | Trigger::Override { .. } | Trigger::Resume { .. } => Err(error.copy()),
                Trigger::Everything | Trigger::Service(_) | Trigger::Spot { .. } | Trigger::Digest { .. } => {
                    let (missing, announce) = Missing::again(record.missing, now);
                    Ok(Plan::Missing(missing, announce))
                }
            };
        }
        if let Some(applied) = applied {
            let minutes = |minutes: u32| SignedDuration::from_mins(minutes.into());
            let deadlines = Deadlines { drain: minutes(policy.drain_minutes), start: minutes(policy.wake_minutes) };
            let (decision, tasks) = (&applied.decision, observed.counts);
            let failed = applied.error.is_some();
            let seen = capacity::Applied { decision, observed: &observed.capacity, tasks, failed };
            let follow_up = follow_up(capacity, deadlines, record, seen, now);
            return Ok(Plan::FollowUp(Box::new(applied.clone()), follow_up));
        }
        let mut facts = record.facts.clone();
        let ended = enter(&mut facts, trigger, observed.capacity.desired, now)?;
        let failed_move = facts.observe(&observed.capacity, now);
        let decision = plan(capacity, &facts, &observed.capacity, now);
        let bounds_conflict = facts.remember(capacity, &decision, &observed.capacity, now);
        Ok(Plan::Decide(Box::new(Decided { facts, ended, failed_move, bounds_conflict, decision })))
    }
}

/// Records the fact of a trigger and drops what has expired; returns the override that ended.
///
/// # Errors
/// `Invalid` when an override would end in the past.
fn enter(facts: &mut Facts, trigger: &Trigger, tasks: u32, now: Timestamp) -> Result<Option<EndedOverride>> {
    let expired = facts.expire(now).map(|ended| EndedOverride { ended, by: None });
    match trigger {
        Trigger::Spot { event, .. } => facts.spot = facts.spot.after(event.clone(), tasks, now),
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
