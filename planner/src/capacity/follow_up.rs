//! What follows from a decision that is applied, or could not be: where the service is, and what is announced about it.

use jiff::Timestamp;

use super::decision::{Action, Decision, Target};
use super::observed::{Observed, TaskCounts};
use super::policy::CapacityPolicy;
use super::record::{Record, State};
use super::strategy::stays_on_spot;
use super::transition::{Deadlines, ProviderChange, Transition, advance, provider_change};
use crate::model::Strategy;

/// A decision that is applied.
#[derive(Clone, Copy, Debug)]
pub struct Applied<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// What was observed before.
    pub observed: &'a Observed,
    /// The tasks, as they were observed then.
    pub tasks: TaskCounts,
    /// Did AWS refuse it, or part of it? What should be is followed anyway: it may be overdue.
    pub failed: bool,
}

/// What follows from a decision that is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUp {
    /// Where the service is between scaled to zero and running.
    pub state: Option<State>,
    /// The capacity provider strategy that is announced then.
    pub announced_strategy: Option<Strategy>,
    /// What to announce, in this order.
    pub announcements: Vec<Announcement>,
}

/// What is announced about the capacity of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announcement {
    /// A transition has completed or is overdue.
    Transition(Transition),
    /// Its tasks move to another capacity provider.
    ProviderChange(ProviderChange),
    /// It waits for Spot, which has no capacity: on Spot, or on demand where its tasks are.
    SpotUnavailable,
}

/// Decides what follows from a decision that is applied. One that leaves the service unchanged is followed by nothing.
pub fn follow_up(
    policy: &CapacityPolicy,
    deadlines: Deadlines,
    record: &Record,
    applied: Applied<'_>,
    now: Timestamp,
) -> FollowUp {
    let Applied { decision, observed, tasks, failed } = applied;
    let Some(target) = decision.target(observed) else {
        let (state, announced_strategy) = (record.state, record.announced_strategy.clone());
        return FollowUp { state, announced_strategy, announcements: Vec::new() };
    };
    // Bounds without a state are those of an earlier invocation that ended between the two: what it began is announced now.
    let interrupted = record.facts.range.written.filter(|(_, at)| *at < now);
    let previous = record.state.or(interrupted.map(|(_, since)| State::Running { since }));
    let (state, transition) = advance(previous, target, tasks, deadlines, now);
    let strategy = match &decision.action {
        Action::Set(wanted) if !failed => wanted.strategy.clone(),
        Action::Set(_) | Action::Keep | Action::LeaveUnchanged => observed.strategy.clone(),
    };
    let change = provider_change(record.announced_strategy.as_ref(), &strategy);
    let spot = &record.facts.spot;
    let short = spot.no_capacity && !spot.available(now);
    let waits = target == Target::Running && short && stays_on_spot(policy, &record.facts, now);
    let announcements = [
        transition.map(Announcement::Transition),
        change.map(Announcement::ProviderChange),
        waits.then_some(Announcement::SpotUnavailable),
    ];
    FollowUp {
        state: Some(state),
        announced_strategy: Some(strategy),
        announcements: announcements.into_iter().flatten().collect(),
    }
}
