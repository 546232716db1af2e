//! A figure that the running tasks cannot have cost.

use std::fmt;

use jiff::ToSpan;
use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use crate::budget::amount::Amount;
use crate::budget::period::{TimeUnit, day, midnight};

/// More than so many times what the tasks cost was not spent by them.
const TIMES: i64 = 10;
/// Beside tasks, a day may cost this share of the limit: load balancer, network, logs. Of the limit of a single day it
/// may be all.
const BESIDE: i64 = 10;

/// The running tasks cannot have cost it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotOurTasks {
    /// How much more it is than the previous figure.
    pub increase: Amount,
    /// What the tasks cost in that time, by the price table.
    pub tasks_cost: Amount,
}

impl NotOurTasks {
    pub(super) fn check(evidence: &Evidence<'_>) -> Option<NotOurTasks> {
        let (figure, limit, began) = (evidence.figure(), evidence.limit(), day(evidence.reading.period.start));
        if !evidence.is_remarkable() || !evidence.reading.tasks_priced || figure.unit != "USD" {
            return None;
        }
        let daily = evidence.reading.spend.time_unit == TimeUnit::Daily;
        // What must be explained, by the tasks since when, and how much may come from elsewhere.
        let (increase, since, beside) = match (daily, evidence.yesterday) {
            // A day begins at nothing, and its costs come late: the day before may explain them.
            (true, _) => (figure.hundredths, began.saturating_sub(1.day()), limit.hundredths),
            (false, Some((_, date))) => (evidence.increase(), date, limit.hundredths / BESIDE),
            (false, None) => (evidence.increase(), began, limit.hundredths / BESIDE),
        };
        // Without a previous figure, the whole of it must be explained: possible only if tasks were observed all that time.
        let compared = !daily && evidence.yesterday.is_some();
        let observed = compared || evidence.observed_since.is_some_and(|first| first <= midnight(since));
        let cost = evidence.days.tasks_cost_cents(since);
        let doubted = observed && increase > cost.saturating_mul(TIMES).saturating_add(beside);
        doubted.then(|| NotOurTasks { increase: figure.with(increase), tasks_cost: Amount::cents(cost) })
    }
}

impl fmt::Display for NotOurTasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NotOurTasks { increase, tasks_cost } = self;
        write!(
            f,
            "it is {increase} more than the previous figure, and the running tasks have cost about {tasks_cost} since then"
        )
    }
}
