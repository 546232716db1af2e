//! Remedy `scale`: more tasks while the alarm is in ALARM.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::context::RemedyContext;
use super::history::{ActiveBoost, RemedyHistory};
use crate::capacity::{Boost, Expiry, max_tasks};
use crate::error::{Error, Result};
use crate::minutes::check_minutes;
use crate::model::format_time;

/// How long one ALARM state may extend a boost; after that manual action is required.
const LONGEST_BOOST: SignedDuration = SignedDuration::from_hours(8);

/// More tasks, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScalePolicy {
    /// Number of tasks: `+1` for one more than ECS is asked to run, `4` for four. Limited by the baseline's maximum and
    /// by the budget.
    pub tasks: ScaleTarget,
    /// Minutes after which the boost expires; it is extended while the alarm is in ALARM, up to 8 hours. 30 by default.
    #[serde(default = "thirty")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1440)))]
    pub minutes: u32,
    /// Boosts in 24 hours, 1 to 12; 4 by default.
    #[serde(default = "four")]
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 12)))]
    pub daily: u32,
}

/// How many tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", inline, extend("pattern" = r"^\+?0*[1-9][0-9]*$")))]
pub enum ScaleTarget {
    /// So many more than ECS is asked to run: `+1`.
    Add(u32),
    /// So many: `4`.
    Count(u32),
}

/// A boost to request from the capacity planner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaleAction {
    /// Least number of tasks, and when that ends.
    pub boost: Boost,
    /// Does it extend the boost of the same ALARM state? Then it does not count against the daily limit.
    pub extends: bool,
}

/// Why no boost is requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScaleReason {
    /// An earlier boost has more than half of its time left.
    BoostInForce {
        /// Least number of tasks.
        min: u32,
        /// When it expires.
        until: Timestamp,
    },
    /// The service runs as many tasks as its baseline allows.
    AtMaxTasks {
        /// How many.
        max_tasks: u32,
    },
    /// The service runs as many tasks as the budget allows.
    AtBudgetMaxTasks {
        /// How many.
        max_tasks: u32,
    },
    /// The service runs as many tasks as the remedy would request.
    EnoughTasks {
        /// How many.
        desired: u32,
    },
    /// The alarm is in ALARM for longer than a boost may last.
    BoostedTooLong {
        /// Since when it is in ALARM.
        since: Timestamp,
    },
}

impl ScalePolicy {
    pub(super) fn validate(&self, path: &str) -> Result<()> {
        check_minutes(&format!("{path}.minutes"), self.minutes)
    }

    /// The number of tasks stays the same while the alarm is in ALARM: a boost is extended, never raised.
    pub(super) fn decide(&self, context: &RemedyContext<'_>) -> Result<ScaleAction, ScaleReason> {
        let RemedyContext { alarm, service, history, since, now, .. } = *context;
        let length = SignedDuration::from_mins(self.minutes.into());
        let boost = |min: u32| Boost { min, expiry: Expiry { at: now + length, by: format!("alarm {alarm}") } };
        let of_this_alarm = history.boost.filter(|boost| boost.since >= since);
        if of_this_alarm.is_some_and(|known| known.since + LONGEST_BOOST <= now) {
            return Err(ScaleReason::BoostedTooLong { since });
        }
        if let Some(known) = history.boost.filter(|boost| boost.until > now) {
            return match known.until > now + length / 2 {
                true => Err(ScaleReason::BoostInForce { min: known.min, until: known.until }),
                // A new ALARM state counts anew, or a flapping alarm would keep its tasks for ever.
                false => Ok(ScaleAction { boost: boost(known.min), extends: of_this_alarm.is_some() }),
            };
        }
        let (desired, max_tasks) =
            (service.observed.desired, max_tasks(&service.policy.capacity(), &service.facts(), now));
        let wanted = match (self.tasks, of_this_alarm) {
            (_, Some(known)) => known.min,
            (ScaleTarget::Add(more), None) => desired.saturating_add(more),
            (ScaleTarget::Count(count), None) => count,
        };
        match wanted.min(max_tasks) {
            min if min > desired => Ok(ScaleAction { boost: boost(min), extends: false }),
            _ if wanted <= max_tasks => Err(ScaleReason::EnoughTasks { desired }),
            _ if max_tasks < service.policy.baseline.max => Err(ScaleReason::AtBudgetMaxTasks { max_tasks }),
            _ => Err(ScaleReason::AtMaxTasks { max_tasks }),
        }
    }
}

impl ScaleAction {
    pub(super) const LABEL: &str = "scale";
    pub(super) const NEXT_STEP: &str =
        "The tasks start within a few minutes. If the alarm stays in ALARM after that, follow the runbook.";

    pub(super) fn remember(&self, history: &mut RemedyHistory, now: Timestamp) {
        let since = history.boost.filter(|_| self.extends).map_or(now, |known| known.since);
        history.boost = Some(ActiveBoost { min: self.boost.min, since, until: self.boost.expiry.at });
        if !self.extends {
            history.add(Self::LABEL, None, now);
        }
    }
}

impl ScaleReason {
    pub(super) fn label(&self) -> &'static str {
        match self {
            ScaleReason::BoostInForce { .. } => "boost_in_force",
            ScaleReason::AtMaxTasks { .. } => "at_max_tasks",
            ScaleReason::AtBudgetMaxTasks { .. } => "at_budget_max_tasks",
            ScaleReason::EnoughTasks { .. } => "enough_tasks",
            ScaleReason::BoostedTooLong { .. } => "boosted_too_long",
        }
    }

    pub(super) fn needs_manual_action(&self) -> bool {
        match self {
            ScaleReason::BoostInForce { .. } => false,
            ScaleReason::AtMaxTasks { .. }
            | ScaleReason::AtBudgetMaxTasks { .. }
            | ScaleReason::EnoughTasks { .. }
            | ScaleReason::BoostedTooLong { .. } => true,
        }
    }

    pub(super) fn is_exhausted(&self) -> bool {
        matches!(self, ScaleReason::BoostedTooLong { .. })
    }
}

impl fmt::Display for ScaleAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at least {} tasks until {}", self.boost.min, format_time(self.boost.expiry.at))
    }
}

impl fmt::Display for ScaleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScaleReason::BoostInForce { min, until } => {
                write!(f, "a boost to at least {min} tasks is in force until {}", format_time(*until))
            }
            ScaleReason::AtMaxTasks { max_tasks } => {
                write!(f, "the service runs {max_tasks} tasks, the maximum of its baseline")
            }
            ScaleReason::AtBudgetMaxTasks { max_tasks } => {
                write!(f, "the budget allows no more than {max_tasks} tasks")
            }
            ScaleReason::EnoughTasks { desired } => {
                write!(f, "the service runs {desired} tasks, as many as the remedy requests")
            }
            ScaleReason::BoostedTooLong { since } => {
                write!(f, "in ALARM since {} although more tasks are running", format_time(*since))
            }
        }
    }
}

impl TryFrom<String> for ScaleTarget {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        let (digits, target): (&str, fn(u32) -> ScaleTarget) = match text.strip_prefix('+') {
            Some(digits) => (digits, ScaleTarget::Add),
            None => (text.as_str(), ScaleTarget::Count),
        };
        match digits.parse() {
            Ok(count @ 1..=100) if !digits.starts_with('+') => Ok(target(count)),
            _ => Err(Error::bad_field("tasks", &text, "`+1` for one more, or `4` for that many")),
        }
    }
}

impl fmt::Display for ScaleTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScaleTarget::Add(count) => write!(f, "+{count}"),
            ScaleTarget::Count(count) => write!(f, "{count}"),
        }
    }
}

fn thirty() -> u32 {
    30
}

fn four() -> u32 {
    4
}
