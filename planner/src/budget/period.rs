//! The period of a budget: it begins and ends at midnight UTC.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// How often a budget resets, as AWS Budgets calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TimeUnit {
    /// Each day.
    Daily,
    /// Each month.
    #[default]
    Monthly,
    /// Each quarter of the calendar year.
    Quarterly,
    /// Each calendar year.
    Annually,
}

/// One period of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment of the next.
    pub end: Timestamp,
}

impl TimeUnit {
    /// The period that contains `now`: a day, month, quarter or year from midnight UTC.
    pub fn period(self, now: Timestamp) -> Period {
        let today = day(now);
        let quarter = (today.month() - 1) / 3 * 3 + 1;
        let (first, length) = match self {
            TimeUnit::Daily => (today, 1.day()),
            TimeUnit::Monthly => (today.first_of_month(), 1.month()),
            TimeUnit::Quarterly => (date(today.year(), quarter, 1), 3.months()),
            TimeUnit::Annually => (today.first_of_year(), 1.year()),
        };
        Period { start: midnight(first), end: midnight(first.saturating_add(length)) }
    }
}

/// The day of a moment, in UTC.
pub(super) fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The first moment of a day. Days beyond what a timestamp holds end with it.
pub(super) fn midnight(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_begins_and_ends_at_midnight_utc() {
        for (time_unit, now, start, end) in [
            (TimeUnit::Daily, "2026-11-30T23:59:59Z", "2026-11-30", "2026-12-01"),
            (TimeUnit::Monthly, "2026-11-30T23:59:59.999Z", "2026-11-01", "2026-12-01"),
            (TimeUnit::Monthly, "2026-12-01T00:00:00Z", "2026-12-01", "2027-01-01"),
            (TimeUnit::Monthly, "2028-02-29T12:00:00Z", "2028-02-01", "2028-03-01"),
            (TimeUnit::Quarterly, "2026-11-21T10:00:00Z", "2026-10-01", "2027-01-01"),
            (TimeUnit::Quarterly, "2027-01-01T00:00:00Z", "2027-01-01", "2027-04-01"),
            (TimeUnit::Annually, "2026-11-21T10:00:00Z", "2026-01-01", "2027-01-01"),
        ] {
            let period = time_unit.period(now.parse().unwrap());
            let at = |day: &str| format!("{day}T00:00:00Z").parse::<Timestamp>().unwrap();
            assert_eq!(period, Period { start: at(start), end: at(end) }, "{now}");
        }
    }
}
