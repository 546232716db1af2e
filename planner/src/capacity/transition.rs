//! Follows a service between scaled to zero and running, so that a change is announced when it is complete, and when it
//! takes too long.

use jiff::{SignedDuration, Timestamp};

use super::decision::Target;
use super::observed::TaskCounts;
use super::record::State;
use crate::model::Strategy;

/// After how long a transition that is not complete is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From the decision to scale to zero until the last task has stopped.
    pub drain: SignedDuration,
    /// From the decision to run until the first task is healthy.
    pub start: SignedDuration,
}

/// A change to announce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The last task has stopped.
    ScaledToZero,
    /// Tasks still run after the drain deadline.
    DrainOverdue {
        /// When the decision to scale to zero was made.
        since: Timestamp,
    },
    /// The first task is healthy.
    RunningAgain {
        /// When the decision to run was made.
        since: Timestamp,
    },
    /// No task is healthy after the start deadline.
    StartOverdue {
        /// When the decision to run was made.
        since: Timestamp,
    },
}

/// The state that follows `previous`, and the transition to announce.
///
/// The first observation of a service announces nothing.
pub fn advance(
    previous: Option<State>,
    target: Target,
    tasks: TaskCounts,
    deadlines: Deadlines,
    now: Timestamp,
) -> (State, Option<Transition>) {
    let late = |since: Timestamp, deadline: SignedDuration| now.duration_since(since) >= deadline;
    match (previous, target) {
        (None, Target::ScaledToZero) if tasks.running == 0 => (State::ScaledToZero { since: now }, None),
        (None, Target::Running) => (State::Running { since: now }, None),
        (Some(State::ScaledToZero { since }), Target::ScaledToZero) => (State::ScaledToZero { since }, None),
        (Some(State::Running { since }), Target::Running) => (State::Running { since }, None),

        (Some(State::Draining { .. }), Target::ScaledToZero) if tasks.running == 0 => {
            (State::ScaledToZero { since: now }, Some(Transition::ScaledToZero))
        }
        (Some(State::Draining { since, announced: false }), Target::ScaledToZero) if late(since, deadlines.drain) => {
            (State::Draining { since, announced: true }, Some(Transition::DrainOverdue { since }))
        }
        (Some(state @ State::Draining { .. }), Target::ScaledToZero) => (state, None),
        (None | Some(State::Running { .. } | State::Starting { .. }), Target::ScaledToZero) if tasks.running == 0 => {
            (State::ScaledToZero { since: now }, Some(Transition::ScaledToZero))
        }
        (None | Some(State::Running { .. } | State::Starting { .. }), Target::ScaledToZero) => {
            (State::Draining { since: now, announced: false }, None)
        }

        (Some(State::Starting { since, .. }), Target::Running) if tasks.healthy > 0 => {
            (State::Running { since: now }, Some(Transition::RunningAgain { since }))
        }
        (Some(State::Starting { since, until, announced: false }), Target::Running) if now >= until => {
            (State::Starting { since, until, announced: true }, Some(Transition::StartOverdue { since }))
        }
        (Some(state @ State::Starting { .. }), Target::Running) => (state, None),
        (Some(State::ScaledToZero { .. } | State::Draining { .. }), Target::Running) if tasks.healthy > 0 => {
            (State::Running { since: now }, Some(Transition::RunningAgain { since: now }))
        }
        (Some(State::ScaledToZero { .. } | State::Draining { .. }), Target::Running) => {
            (State::Starting { since: now, until: now + deadlines.start, announced: false }, None)
        }
    }
}

/// A move of tasks between capacity providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderChange {
    /// From Fargate Spot to on-demand.
    ToOnDemand,
    /// To Fargate Spot.
    ToSpot,
}

/// What changed since the strategy was last announced. The first observation announces nothing.
pub fn provider_change(announced: Option<&Strategy>, now: &Strategy) -> Option<ProviderChange> {
    match (announced?, now) {
        (Strategy::Spot { .. }, Strategy::OnDemand) => Some(ProviderChange::ToOnDemand),
        (Strategy::OnDemand | Strategy::Other(_), Strategy::Spot { .. }) => Some(ProviderChange::ToSpot),
        (Strategy::Other(_), Strategy::OnDemand) => Some(ProviderChange::ToOnDemand),
        (Strategy::OnDemand, Strategy::OnDemand)
        | (Strategy::Spot { .. }, Strategy::Spot { .. })
        | (_, Strategy::Other(_)) => None,
    }
}
