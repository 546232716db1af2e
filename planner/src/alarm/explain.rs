//! What was planned and makes an alarm ring: recorded, and not announced.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::plan::Watched;
use super::policy::AlarmPolicy;
use super::state::Record;
use crate::capacity;
use crate::model::format_time;

/// What explains that an alarm rings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Explanation {
    /// Somebody muted it.
    Muted {
        /// As CloudWatch names who.
        by: String,
        /// Until when, if that is known.
        until: Option<Timestamp>,
    },
    /// Its service never ran.
    NotStarted,
    /// Its service sleeps.
    Asleep {
        /// Why.
        why: String,
    },
    /// Its service was woken a moment ago.
    Waking,
    /// Tasks of its service are being replaced, or were a moment ago.
    Rollout {
        /// Until when that is an explanation.
        until: Timestamp,
    },
    /// The stack of its service is being updated, or was a moment ago.
    StackUpdate {
        /// When that was last heard of.
        at: Timestamp,
    },
}

/// What explains that the alarm rings at `now`, if anything does.
pub fn explain(
    policy: &AlarmPolicy,
    watched: Option<&Watched<'_>>,
    record: &Record,
    now: Timestamp,
) -> Option<Explanation> {
    let suppressed = record.sighting.as_ref().and_then(|sighting| sighting.suppressed.as_ref());
    if let Some(muted) = suppressed.filter(|muted| muted.until.is_none_or(|until| until > now)) {
        return Some(Explanation::Muted { by: muted.by.clone(), until: muted.until });
    }
    if let Some(explained) = watched.and_then(|watched| watched.sleeps(now)) {
        return Some(explained);
    }
    if let Some(until) = watched.and_then(|watched| watched.rolled(policy, now)) {
        return Some(Explanation::Rollout { until });
    }
    let update = record.update_within(policy.grace(), now).filter(|_| policy.grace_minutes > 0)?;
    Some(Explanation::StackUpdate { at: update.at })
}

impl Watched<'_> {
    /// Is the service meant to run no tasks, or was it until a moment ago?
    fn sleeps(&self, now: Timestamp) -> Option<Explanation> {
        let (seen, record) = (self.seen, &self.seen.capacity);
        let observed = capacity::Observed {
            desired: seen.desired,
            bounds: None,
            strategy: crate::model::Strategy::OnDemand,
            rollout_in_flight: false,
            started: seen.desired > 0 || !seen.rollout.releases.is_empty() || record.state.is_some(),
        };
        let decision = capacity::plan(&self.policy.capacity(), &self.facts(), &observed, now);
        if decision.reason == capacity::Reason::NotStarted {
            return Some(Explanation::NotStarted);
        }
        match (decision.target(&observed), record.state) {
            (Some(capacity::Target::ScaledToZero), _) => Some(Explanation::Asleep { why: decision.reason.to_string() }),
            // Nobody here may say, so what is there counts.
            (None, _) if seen.desired == 0 => Some(Explanation::Asleep { why: decision.reason.to_string() }),
            // Once it is told that waking takes too long, so is everything else.
            (_, Some(capacity::State::Starting { announced: false, .. })) => Some(Explanation::Waking),
            (_, Some(capacity::State::ScaledToZero { .. })) if seen.running == 0 => Some(Explanation::Waking),
            _ => None,
        }
    }

    /// Until when a rollout explains the ring, if one does at `now`.
    fn rolled(&self, policy: &AlarmPolicy, now: Timestamp) -> Option<Timestamp> {
        let record = &self.seen.rollout;
        let started = record.rollout.as_ref().map(|rollout| rollout.started_at);
        let until = started.max(record.current().map(|release| release.at))? + policy.grace();
        (until > now).then_some(until)
    }
}

impl Explanation {
    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Explanation::Muted { .. } => "muted",
            Explanation::NotStarted => "not_started",
            Explanation::Asleep { .. } => "asleep",
            Explanation::Waking => "waking",
            Explanation::Rollout { .. } => "rollout",
            Explanation::StackUpdate { .. } => "stack_update",
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Explanation::Muted { by, until: Some(until) } => write!(f, "{by} mutes it until {}", format_time(*until)),
            Explanation::Muted { by, until: None } => write!(f, "{by} mutes it"),
            Explanation::NotStarted => f.write_str("its service never ran"),
            Explanation::Asleep { why } => write!(f, "its service sleeps: {why}"),
            Explanation::Waking => f.write_str("its service is waking"),
            Explanation::Rollout { until } => {
                write!(f, "its service is being rolled; counted from {}", format_time(*until))
            }
            Explanation::StackUpdate { at } => write!(f, "the stack was being updated at {}", format_time(*at)),
        }
    }
}
