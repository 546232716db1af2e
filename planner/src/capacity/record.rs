//! What the ledger keeps of one service's capacity.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use crate::model::{Strategy, TaskSize, Usd};

/// Longest time between two observations that savings are counted over; three ticks.
const LONGEST_GAP: SignedDuration = SignedDuration::from_mins(15);

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
}

impl Savings {
    /// Adds the time up to `now` at these hourly rates; returns what was saved since the last observation. Of a longer
    /// gap only `LONGEST_GAP` counts: what was running in it was not observed.
    pub fn count(&mut self, (saved, spent): (Usd, Usd), now: Timestamp) -> Usd {
        let seconds =
            self.counted_until.map_or(0, |at| now.duration_since(at).as_secs().clamp(0, LONGEST_GAP.as_secs()));
        let over = |hourly: Usd| Usd::from_micros(hourly.micros() * seconds.unsigned_abs() / 3600);
        let added = over(saved);
        let month = now.strftime("%Y-%m").to_string();
        if month != self.month {
            (self.month, self.saved, self.spent) = (month, Usd::default(), Usd::default());
        }
        (self.saved, self.spent) = (self.saved + added, self.spent + over(spent));
        self.counted_until = Some(self.counted_until.map_or(now, |at| at.max(now)));
        added
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
    fn savings_are_counted_between_observations_and_not_over_gaps() {
        let (mut savings, hourly) = (Savings::default(), (Usd::from_micros(60_000), Usd::from_micros(6_000)));
        assert_eq!(savings.count(hourly, at(0)), Usd::default());
        assert_eq!(savings.count(hourly, at(5)).micros(), 5_000);
        assert_eq!(savings.count(hourly, at(5)).micros(), 0, "the same tick again");
        assert_eq!(savings.count(hourly, at(3)).micros(), 0, "a late one");
        assert_eq!(savings.count(hourly, at(600)).micros(), 15_000, "hours without an observation");
        assert_eq!((savings.saved.micros(), savings.spent.micros()), (20_000, 2_000));
        assert_eq!(savings.month, "1970-01");
        savings.count(hourly, at(32 * 24 * 60));
        assert_eq!((savings.saved.micros(), savings.month.as_str()), (15_000, "1970-02"));
    }

    #[test]
    fn savings_since_an_earlier_count_start_anew_with_the_month() {
        let usd = Usd::from_micros;
        let savings = |month: &str, saved: u64| Savings {
            counted_until: None,
            month: month.into(),
            saved: usd(saved),
            spent: usd(1),
        };
        let now = savings("2026-12", 7);
        assert_eq!(now.since(Some(&savings("2026-12", 4))).saved, usd(3));
        assert_eq!(now.since(Some(&savings("2026-11", 4))).saved, usd(7));
        assert_eq!(now.since(None), now);
    }

    #[test]
    fn a_record_survives_the_round_trip_to_the_table_without_the_freeze() {
        let state = Some(State::Starting { since: at(1), announced: false });
        let mut record = Record { state, announced_strategy: Some(Strategy::Spot { base: 1 }), ..Record::default() };
        record.facts.frozen = Some(super::super::Expiry { at: at(2), by: "anna".into() });
        let back: Record = serde_json::from_value(serde_json::to_value(&record).unwrap()).unwrap();
        record.facts.frozen = None;
        assert_eq!(back, record);
    }
}
