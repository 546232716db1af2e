//! A move of a service's tasks to another capacity provider: a transition with a deadline, an outcome and a hold-down.
//!
//! ECS makes a move as a forced deployment, which replaces every task and is not idempotent. So a move is recorded before
//! it is requested, and never requested again because a read does not show it yet.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::observed::{DeploymentProgress, Observed};
use crate::model::Strategy;

/// ECS is eventually consistent: what it answers may be so old ("up to five minutes",
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>).
pub(super) const STALE: SignedDuration = SignedDuration::from_mins(5);
/// A move that has not ended after so long has failed.
const DEADLINE: SignedDuration = SignedDuration::from_mins(30);
/// A move of which nothing was ever seen is requested so many times before it has failed: the request may be lost.
const REQUESTS: u32 = 3;
/// The hold-down after the first failed move to on-demand; each further one is five times as long. Moves to Spot have the
/// Spot hold-down.
const FIRST_HOLD_DOWN: SignedDuration = SignedDuration::from_mins(15);
const LONGEST_HOLD_DOWN: SignedDuration = SignedDuration::from_hours(12);

/// A move of a service's tasks to another capacity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The strategy before it.
    pub from: Strategy,
    /// The strategy that it sets.
    pub to: Strategy,
    /// When it was recorded, just before the request to ECS.
    pub since: Timestamp,
    /// Digests of the images that its tasks run: others may start where these could not.
    #[serde(default)]
    pub images: String,
    /// Id of the deployment whose tasks it replaces, if ECS listed one: any other is the move's own or a later one.
    #[serde(default)]
    pub replaces: Option<String>,
    /// How many moves to this strategy failed in a row before this one.
    #[serde(default)]
    pub failed_before: u32,
    /// How often it was requested.
    #[serde(default)]
    pub requests: u32,
    /// What became of it.
    pub outcome: MoveOutcome,
}

/// What became of a move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveOutcome {
    /// ECS replaces tasks.
    InProgress {
        /// Has ECS accepted the request or shown the new strategy?
        seen: bool,
    },
    /// Its deployment is complete.
    Completed {
        /// When that was seen.
        at: Timestamp,
    },
    /// The tasks did not move.
    Failed {
        /// When that was seen.
        at: Timestamp,
        /// Why.
        why: MoveFailure,
        /// It is not tried again before; a move to Spot also waits for the Spot hold-down.
        retry_at: Timestamp,
    },
}

/// Why a move failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveFailure {
    /// Spot has no capacity; announced as a shortage.
    NoCapacity,
    /// ECS lists a failed deployment, or has another strategy again.
    RolledBack,
    /// Its deployment was not complete at the deadline.
    Overdue,
    /// ECS refused the request, with this error.
    Refused(String),
    /// ECS never showed it, although it was requested several times.
    NeverSeen,
}

impl Move {
    /// The move that is about to be requested, after `last`.
    pub(super) fn begin(last: Option<&Move>, observed: &Observed, to: &Strategy, now: Timestamp) -> Move {
        let same = last.filter(|last| last.to == *to);
        let (failed_before, requests) = match same {
            Some(last) => match last.outcome {
                MoveOutcome::Failed { .. } => (last.failed_before + 1, 1),
                MoveOutcome::InProgress { .. } => (last.failed_before, last.requests + 1),
                MoveOutcome::Completed { .. } => (0, 1),
            },
            None => (0, 1),
        };
        let outcome = MoveOutcome::InProgress { seen: false };
        let replaces = observed.deployment.as_ref().map(|deployment| deployment.id.clone());
        let (from, to, images) = (observed.strategy.clone(), to.clone(), observed.images.clone());
        Move { from, to, images, since: now, replaces, failed_before, requests, outcome }
    }

    /// When it has failed unless it has ended.
    pub fn deadline(&self) -> Timestamp {
        self.since + DEADLINE
    }

    /// Is it in progress?
    pub fn in_progress(&self) -> bool {
        matches!(self.outcome, MoveOutcome::InProgress { .. })
    }

    /// Must `to` not be requested at `now`: it was a moment ago and ECS may not show it yet, or it failed not long ago? Where the
    /// images were to blame, others need not wait for that, once.
    pub(super) fn blocks(&self, to: &Strategy, images: &str, now: Timestamp) -> bool {
        self.to == *to
            && match &self.outcome {
                MoveOutcome::InProgress { .. } => now < self.since + STALE,
                MoveOutcome::Completed { .. } => false,
                MoveOutcome::Failed { retry_at, .. } => {
                    (self.images == images || self.failed_before > 0) && now < *retry_at
                }
            }
    }

    /// What became of it by `now`; `None` while that is as it was.
    pub(super) fn judge(&self, observed: &Observed, now: Timestamp) -> Option<MoveOutcome> {
        let MoveOutcome::InProgress { seen } = self.outcome else { return None };
        let settled = now >= self.since + STALE;
        if observed.strategy != self.to {
            return match (settled, seen) {
                // Without tasks there is nothing to move.
                (true, _) if observed.desired == 0 => Some(MoveOutcome::Completed { at: now }),
                (true, true) => Some(self.failed(MoveFailure::RolledBack, now)),
                // It may not be requested again, where other rules keep the tasks where they are by now.
                (true, false) if self.requests >= REQUESTS || now >= self.deadline() => {
                    Some(self.failed(MoveFailure::NeverSeen, now))
                }
                _ => None,
            };
        }
        let own = observed.deployment.as_ref().filter(|deployment| Some(&deployment.id) != self.replaces.as_ref());
        match own.map(|deployment| deployment.progress) {
            _ if observed.desired == 0 => Some(MoveOutcome::Completed { at: now }),
            Some(DeploymentProgress::Completed) => Some(MoveOutcome::Completed { at: now }),
            Some(DeploymentProgress::Failed) => Some(self.failed(MoveFailure::RolledBack, now)),
            _ if now >= self.deadline() && !observed.rollout_in_flight => Some(self.failed(MoveFailure::Overdue, now)),
            _ => (!seen).then_some(MoveOutcome::InProgress { seen: true }),
        }
    }

    pub(super) fn failed(&self, why: MoveFailure, now: Timestamp) -> MoveOutcome {
        let hold = FIRST_HOLD_DOWN.saturating_mul(5_i32.pow(self.failed_before.min(5))).min(LONGEST_HOLD_DOWN);
        MoveOutcome::Failed { at: now, why, retry_at: now + hold }
    }
}

impl fmt::Display for MoveFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MoveFailure::NoCapacity => "Fargate Spot has no capacity",
            MoveFailure::RolledBack => {
                "the deployment failed, or the service has its previous capacity provider strategy again"
            }
            MoveFailure::Overdue => "the deployment was not complete after 30 minutes",
            MoveFailure::Refused(error) => error,
            MoveFailure::NeverSeen => "ECS never showed the new capacity provider strategy",
        })
    }
}
