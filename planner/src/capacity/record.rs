//! What the ledger keeps of one service's capacity.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use crate::model::{Strategy, TaskSize, Usd};

/// What changes no faster is counted so often.
const COUNTED_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Longest time between two observations that savings are counted over.
const LONGEST_GAP: SignedDuration = SignedDuration::from_mins(75);

/// The capacity record of one service; one item of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// What requests, alarms, the budget and Spot require of it.
    #[serde(flatten)]
    pub facts: Facts,
    /// Where it is between scaled to zero and running; unknown until the first observation.
    pub state: Option<State>,
    /// The capacity provider strategy that was last announced.
    pub announced_strategy: Option<Strategy>,
    /// CPU, memory and processor of its tasks, and the revision that says so.
    pub size: Option<RevisionSize>,
    /// What was saved and spent this month.
    pub savings: Savings,
    /// Since when ECS has not known the service, and whether that was announced.
    pub missing: Option<Missing>,
}

impl Record {
    /// Has the automation decided about its capacity before? The bounds are recorded before anything is written to AWS, and the
    /// state after it: an invocation may end between the two.
    pub fn has_decided(&self) -> bool {
        self.state.is_some() || self.facts.range.written.is_some()
    }
}

/// ECS does not know a service of the fleet, or it is no longer active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// When that was first seen.
    pub since: Timestamp,
    /// Was it announced?
    pub announced: bool,
}

impl Missing {
    /// ECS may not show a new service at once: only one that is missing for so long is announced.
    const ANNOUNCED_AFTER: SignedDuration = SignedDuration::from_mins(15);

    /// What is remembered after it is missing at `now`, and whether to announce it.
    pub fn again(previous: Option<Missing>, now: Timestamp) -> (Missing, bool) {
        let before = previous.unwrap_or(Missing { since: now, announced: false });
        let announce = !before.announced && before.since + Missing::ANNOUNCED_AFTER <= now;
        (Missing { announced: before.announced || announce, ..before }, announce)
    }
}

/// The size of the tasks of a task definition revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionSize {
    /// ARN of the task definition revision.
    pub revision: String,
    /// Size of one task; `None` when the revision names none.
    pub size: Option<TaskSize>,
}

/// An estimate of what was saved against at least the baseline's tasks on on-demand capacity around the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Savings {
    /// End of the time that the savings include.
    pub counted_until: Option<Timestamp>,
    /// The calendar month (UTC) that is counted, `2026-11`.
    pub month: String,
    /// What was saved in that month.
    pub saved: Usd,
    /// What its tasks cost in that month.
    pub spent: Usd,
    /// What has been saved and spent an hour since.
    pub hourly: (Usd, Usd),
}

impl Savings {
    /// Adds the time up to `now`, when the rate `hourly` (saved, spent) is new, the month is, or an hour is over; returns
    /// what was added to the savings. Between that nothing changes, so nothing has to be written.
    ///
    /// Of a longer gap only `LONGEST_GAP` counts: what was running in it was not observed.
    pub fn count(&mut self, hourly: (Usd, Usd), now: Timestamp) -> Usd {
        let month = now.strftime("%Y-%m").to_string();
        let elapsed = self.counted_until.map_or(LONGEST_GAP, |at| now.duration_since(at));
        if hourly == self.hourly && month == self.month && elapsed < COUNTED_EVERY {
            return Usd::default();
        }
        let seconds = self.counted_until.map_or(0, |_| elapsed.as_secs().clamp(0, LONGEST_GAP.as_secs()));
        let over = |hourly: Usd| Usd::from_micros(hourly.micros().saturating_mul(seconds.unsigned_abs()) / 3600);
        let (saved, spent) = (over(self.hourly.0), over(self.hourly.1));
        if month != self.month {
            (self.month, self.saved, self.spent) = (month, Usd::default(), Usd::default());
        }
        (self.saved, self.spent) = (self.saved + saved, self.spent + spent);
        self.counted_until = Some(self.counted_until.map_or(now, |at| at.max(now)));
        self.hourly = hourly;
        saved
    }

    /// What was counted since `earlier`; all of it when `earlier` is of another month.
    #[must_use]
    pub fn since(&self, earlier: Option<&Savings>) -> Savings {
        match earlier.filter(|earlier| earlier.month == self.month) {
            Some(earlier) => Savings {
                saved: self.saved.saturating_sub(earlier.saved),
                spent: self.spent.saturating_sub(earlier.spent),
                ..self.clone()
            },
            None => self.clone(),
        }
    }
}

/// Where a service is between scaled to zero and running. Never a number of tasks: that is computed from policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Scaling to zero: some tasks have not stopped yet.
    Draining {
        /// When it was scaled to zero.
        since: Timestamp,
        /// Was it announced that this takes too long?
        #[serde(default)]
        announced: bool,
    },
    /// No tasks, as decided.
    ScaledToZero {
        /// When its last task was seen stopped.
        since: Timestamp,
    },
    /// Starting: no task is healthy yet.
    Starting {
        /// When tasks were to run again.
        since: Timestamp,
        /// When one is to be healthy; after that it is overdue.
        until: Timestamp,
        /// Was it announced that this takes too long?
        #[serde(default)]
        announced: bool,
    },
    /// At least one task has been healthy since it started.
    Running {
        /// When its first task was seen healthy.
        since: Timestamp,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn savings_are_counted_when_the_rate_changes_or_an_hour_is_over_and_not_over_gaps() {
        let usd = Usd::from_micros;
        let (mut savings, on_spot, stopped) = (Savings::default(), (usd(60_000), usd(6_000)), (usd(90_000), usd(0)));
        assert_eq!(savings.count(on_spot, at(0)), usd(0));
        let counted = savings.clone();
        for minute in [0, 5, 55] {
            assert_eq!(savings.count(on_spot, at(minute)), usd(0));
            assert_eq!(savings, counted, "nothing to write at minute {minute}");
        }
        assert_eq!(savings.count(on_spot, at(60)), usd(60_000));
        assert_eq!(savings.count(stopped, at(70)), usd(10_000), "ten minutes at the rate before");
        assert_eq!(savings.count(stopped, at(65)), usd(0), "a late one");
        assert_eq!(savings.count(stopped, at(600)), usd(112_500), "hours without an observation");
        assert_eq!((savings.saved, savings.spent, savings.month.as_str()), (usd(182_500), usd(7_000), "1970-01"));
        savings.count(stopped, at(32 * 24 * 60));
        assert_eq!((savings.saved, savings.month.as_str()), (usd(112_500), "1970-02"));
    }

    #[test]
    fn a_rate_that_no_service_has_is_counted_without_a_panic() {
        let rate = (Usd::from_micros(153_722_867_280_912_930), Usd::from_micros(u64::MAX));
        let mut savings = Savings { counted_until: Some(at(0)), hourly: rate, ..Savings::default() };
        assert!(savings.count(rate, at(600)) > Usd::default());
    }

    #[test]
    fn savings_since_an_earlier_count_start_anew_with_the_month() {
        let usd = Usd::from_micros;
        let savings = |month: &str, saved: u64| Savings {
            counted_until: None,
            month: month.into(),
            saved: usd(saved),
            spent: usd(1),
            hourly: (usd(1), usd(1)),
        };
        let now = savings("2026-12", 7);
        assert_eq!(now.since(Some(&savings("2026-12", 4))).saved, usd(3));
        assert_eq!(now.since(Some(&savings("2026-11", 4))).saved, usd(7));
        assert_eq!(now.since(None), now);
    }

    #[test]
    fn a_record_survives_the_round_trip_to_the_table_without_the_freeze() {
        let state = Some(State::Starting { since: at(1), until: at(16), announced: false });
        let mut record = Record { state, announced_strategy: Some(Strategy::Spot { base: 1 }), ..Record::default() };
        record.facts.frozen = Some(super::super::Expiry { at: at(2), by: "anna".into() });
        let back: Record = serde_json::from_value(serde_json::to_value(&record).unwrap()).unwrap();
        record.facts.frozen = None;
        assert_eq!(back, record);
    }
}
