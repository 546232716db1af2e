//! What the ledger remembers of one service's capacity.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use crate::model::{Strategy, TaskSize, Usd};

/// Longest time between two looks that savings are counted over; three ticks.
const GAP: SignedDuration = SignedDuration::from_mins(15);

/// Everything that is remembered of one service's capacity; one item of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// What somebody or something wants of it.
    #[serde(flatten)]
    pub facts: Facts,
    /// Where it is between asleep and awake; unknown until it was first looked at.
    pub state: Option<State>,
    /// Where its tasks were placed when that was last told.
    pub placed: Option<Strategy>,
    /// What its tasks are given, and by which revision.
    pub size: Option<RevisionSize>,
    /// What was saved.
    pub savings: Savings,
}

/// What the tasks of a revision are given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionSize {
    /// ARN of the revision.
    pub revision: String,
    /// What each of its tasks is given; `None` when it says no size.
    pub size: Option<TaskSize>,
}

/// An estimate of what was saved against the same tasks, at least the baseline's, on demand and around the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Savings {
    /// Until when it is counted.
    pub at: Option<Timestamp>,
    /// The calendar month (UTC) that is counted, `2026-11`.
    pub month: String,
    /// What was saved in that month.
    pub saved: Usd,
    /// What its tasks cost in that month.
    pub spent: Usd,
}

impl Savings {
    /// Counts up to `now` at so much saved and spent an hour; returns what was saved since the last look. A gap is
    /// counted up to [`GAP`] only: nobody saw what ran in it.
    pub fn count(&mut self, (saved, spent): (Usd, Usd), now: Timestamp) -> Usd {
        let seconds = self.at.map_or(0, |at| now.duration_since(at).as_secs().clamp(0, GAP.as_secs()));
        let over = |hourly: Usd| Usd::from_micros(hourly.micros() * seconds.unsigned_abs() / 3600);
        let added = over(saved);
        let month = now.strftime("%Y-%m").to_string();
        if month != self.month {
            (self.month, self.saved, self.spent) = (month, Usd::default(), Usd::default());
        }
        (self.saved, self.spent) = (self.saved + added, self.spent + over(spent));
        self.at = Some(self.at.map_or(now, |at| at.max(now)));
        added
    }
}

/// Where a service is between asleep and awake. Never a number of tasks: that is computed from policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It should sleep, and some tasks still run.
    Draining {
        /// Since when.
        since: Timestamp,
        /// Was it told that this takes too long?
        #[serde(default)]
        told: bool,
    },
    /// It runs no tasks, as it should.
    Asleep {
        /// Since when.
        since: Timestamp,
    },
    /// It should be awake, and no task is healthy yet.
    Waking {
        /// Since when.
        since: Timestamp,
        /// Was it told that this takes too long?
        #[serde(default)]
        told: bool,
    },
    /// It was seen with a healthy task since it should be awake.
    Awake {
        /// Since when.
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
    fn savings_are_counted_from_look_to_look_and_not_over_gaps() {
        let (mut savings, hourly) = (Savings::default(), (Usd::from_micros(60_000), Usd::from_micros(6_000)));
        assert_eq!(savings.count(hourly, at(0)), Usd::default());
        assert_eq!(savings.count(hourly, at(5)).micros(), 5_000);
        assert_eq!(savings.count(hourly, at(5)).micros(), 0, "the same tick again");
        assert_eq!(savings.count(hourly, at(3)).micros(), 0, "a late one");
        assert_eq!(savings.count(hourly, at(600)).micros(), 15_000, "hours without a look");
        assert_eq!((savings.saved.micros(), savings.spent.micros()), (20_000, 2_000));
        assert_eq!(savings.month, "1970-01");
        savings.count(hourly, at(32 * 24 * 60));
        assert_eq!((savings.saved.micros(), savings.month.as_str()), (15_000, "1970-02"));
    }

    #[test]
    fn a_record_survives_the_way_to_the_table_and_back_and_a_freeze_is_not_its_own() {
        let state = Some(State::Waking { since: at(1), told: false });
        let mut record = Record { state, placed: Some(Strategy::Spot { base: 1 }), ..Record::default() };
        record.facts.frozen = Some(super::super::Expiry { at: at(2), by: "anna".into() });
        let back: Record = serde_json::from_value(serde_json::to_value(&record).unwrap()).unwrap();
        record.facts.frozen = None;
        assert_eq!(back, record);
    }
}
