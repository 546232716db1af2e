//! The time that a budget counts: it begins and ends at midnight UTC.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// How often a budget starts again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Each day.
    Day,
    /// Each month.
    #[default]
    Month,
    /// Each quarter of the calendar year.
    Quarter,
    /// Each calendar year.
    Year,
}

/// One period of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment of the next.
    pub end: Timestamp,
}

impl Every {
    /// The period that `now` is in.
    pub fn period(self, now: Timestamp) -> Period {
        let today = day(now);
        let quarter = (today.month() - 1) / 3 * 3 + 1;
        let (first, length) = match self {
            Every::Day => (today, 1.day()),
            Every::Month => (today.first_of_month(), 1.month()),
            Every::Quarter => (date(today.year(), quarter, 1), 3.months()),
            Every::Year => (today.first_of_year(), 1.year()),
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
        for (every, now, start, end) in [
            (Every::Day, "2026-11-30T23:59:59Z", "2026-11-30", "2026-12-01"),
            (Every::Month, "2026-11-30T23:59:59.999Z", "2026-11-01", "2026-12-01"),
            (Every::Month, "2026-12-01T00:00:00Z", "2026-12-01", "2027-01-01"),
            (Every::Month, "2028-02-29T12:00:00Z", "2028-02-01", "2028-03-01"),
            (Every::Quarter, "2026-11-21T10:00:00Z", "2026-10-01", "2027-01-01"),
            (Every::Quarter, "2027-01-01T00:00:00Z", "2027-01-01", "2027-04-01"),
            (Every::Year, "2026-11-21T10:00:00Z", "2026-01-01", "2027-01-01"),
        ] {
            let period = every.period(now.parse().unwrap());
            let at = |day: &str| format!("{day}T00:00:00Z").parse::<Timestamp>().unwrap();
            assert_eq!(period, Period { start: at(start), end: at(end) }, "{now}");
        }
    }
}
