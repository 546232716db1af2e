//! What happens to the tasks of a service because of its capacity, for those who ask what explains an alarm.

use jiff::Timestamp;

use super::provider_move::MoveOutcome;
use super::record::{Record, State};
use crate::model::Strategy;

/// Tasks are started, moved or interrupted, or were lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// What happens.
    pub kind: ActivityKind,
    /// When it began.
    pub since: Timestamp,
    /// When it ended, or when it is overdue: after that it explains nothing beyond a grace period.
    pub until: Timestamp,
}

/// What happens to tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivityKind {
    /// The service was woken, and no task is healthy yet.
    Starting,
    /// The automation moves every task to another capacity provider.
    Moved {
        /// The new strategy.
        to: Strategy,
    },
    /// Spot interrupted a task; ECS replaces it.
    Interrupted,
}

impl Record {
    /// The last activity of each kind, over or not, newest first.
    pub fn activities(&self) -> Vec<Activity> {
        let starting = match self.state {
            Some(State::Starting { since, until, .. }) => Some(Activity { kind: ActivityKind::Starting, since, until }),
            Some(State::Draining { .. } | State::ScaledToZero { .. } | State::Running { .. }) | None => None,
        };
        let moved = self.facts.provider_move.as_ref().map(|last| Activity {
            kind: ActivityKind::Moved { to: last.to.clone() },
            since: last.since,
            until: match last.outcome {
                MoveOutcome::InProgress { .. } => last.deadline(),
                MoveOutcome::Completed { at } | MoveOutcome::Failed { at, .. } => at,
            },
        });
        let interrupted = self.facts.spot.interrupted_at;
        let interrupted = interrupted.map(|at| Activity { kind: ActivityKind::Interrupted, since: at, until: at });
        let mut all: Vec<Activity> = [starting, moved, interrupted].into_iter().flatten().collect();
        all.sort_by_key(|activity| std::cmp::Reverse(activity.since));
        all
    }
}
