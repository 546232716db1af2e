//! The daily figures of a budget, and what tasks cost on each day.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::amount::Amount;

/// How many days are kept.
const KEPT: usize = 40;

/// Up to 40 days, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Days(Vec<Day>);

/// One day, in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// A calendar day of UTC.
    pub date: Date,
    /// The last accepted figure of the day.
    #[serde(default)]
    pub figure: Option<Amount>,
    /// Cost of the running tasks by the price table, in millionths of a US dollar.
    #[serde(default)]
    pub tasks_cost_micros: u64,
}

impl Days {
    /// Each of them, oldest first.
    #[cfg(test)]
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Day> {
        self.0.iter_mut()
    }

    /// Cost of the tasks since `date`, in cents of a US dollar.
    pub fn tasks_cost_cents(&self, since: Date) -> i64 {
        let micros: u64 = self.0.iter().filter(|day| day.date >= since).map(|day| day.tasks_cost_micros).sum();
        i64::try_from(micros / 10_000).unwrap_or(i64::MAX)
    }

    /// The latest day before `today` and not before `first` that has a figure in `unit`.
    pub(super) fn latest_before(&self, today: Date, first: Date, unit: &str) -> Option<(&Amount, Date)> {
        self.0
            .iter()
            .rev()
            .filter(|day| day.date < today && day.date >= first)
            .find_map(|day| Some((day.figure.as_ref().filter(|figure| figure.unit == unit)?, day.date)))
    }

    /// The entry of a day; created when there is none.
    pub(super) fn entry(&mut self, date: Date) -> &mut Day {
        let days = &mut self.0;
        let at = match days.binary_search_by_key(&date, |day| day.date) {
            Ok(at) => at,
            Err(at) => {
                days.insert(at, Day { date, figure: None, tasks_cost_micros: 0 });
                let over = days.len().saturating_sub(KEPT).min(at);
                days.drain(..over);
                at - over
            }
        };
        &mut days[at]
    }
}
