//! When a service sleeps: local times in a named zone, right on both nights of the year that are not 24 hours.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use crate::error::{Error, Result};

/// How many days ahead the next change is looked for; a fortnight covers every weekday twice.
const HORIZON_DAYS: i64 = 15;

/// When a service sleeps.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sleep {
    /// IANA name of the zone whose clock is meant, `Europe/Berlin`.
    pub zone: Zone,
    /// The windows; a service sleeps while any of them holds.
    pub windows: Vec<Window>,
    /// Dates on which no window begins: `2026-12-24`, or `2026-12-24..2027-01-02` with both ends.
    #[serde(default)]
    pub except: Vec<Dates>,
}

/// One window of sleep.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Local time at which it begins, `22:00`.
    pub from: LocalTime,
    /// Local time at which it ends; at or before `from` it is the next day's, so `22:00` to `06:00` crosses midnight
    /// and `00:00` to `00:00` is a whole day.
    pub to: LocalTime,
    /// Days on which it *begins*, `[mon, tue]`; every day when left out.
    #[serde(default = "every_day")]
    pub days: Vec<Day>,
}

/// What the clock says, and when it will next say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Night {
    /// Is it time to sleep?
    pub asleep: bool,
    /// When that changes; `None` when no window begins within a fortnight.
    pub until: Option<Timestamp>,
}

impl Sleep {
    /// What the clock says at `now`.
    pub fn at(&self, now: Timestamp) -> Night {
        let spans = self.spans(now);
        // Windows that overlap or touch are one sleep.
        let mut end = now;
        while let Some(longer) =
            spans.iter().filter(|(start, stop)| *start <= end && *stop > end).map(|(_, stop)| *stop).max()
        {
            end = longer;
        }
        match end > now {
            true => Night { asleep: true, until: Some(end) },
            false => {
                Night { asleep: false, until: spans.iter().map(|(start, _)| *start).filter(|start| *start > now).min() }
            }
        }
    }

    /// `now` shifted to where the service is told to sleep longer: the same windows, each begun `minutes` earlier and
    /// ended `minutes` later.
    pub fn longer(&self, minutes: u32) -> Sleep {
        let by = i64::from(minutes).minutes();
        let stretch = |window: &Window| Window {
            from: LocalTime(window.from.0.wrapping_sub(by)),
            to: LocalTime(window.to.0.wrapping_add(by)),
            days: window.days.clone(),
        };
        Sleep { windows: self.windows.iter().map(stretch).collect(), ..self.clone() }
    }

    /// Every span of sleep that begins from two days ago to the horizon.
    fn spans(&self, now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let today = now.to_zoned(self.zone.0.clone()).date();
        let days = (-2..HORIZON_DAYS).filter_map(|n| today.checked_add(n.days()).ok());
        days.filter(|day| !self.except.iter().any(|dates| dates.contains(*day)))
            .flat_map(|day| self.windows.iter().filter_map(move |window| window.span(day, &self.zone.0)))
            .collect()
    }

    /// Checks what the types alone cannot.
    ///
    /// # Errors
    /// `Invalid`, naming `path`.
    pub fn validate(&self, path: &str) -> Result<()> {
        match self.windows.iter().any(|window| window.days.is_empty()) {
            true => {
                Err(Error::bad_field(&format!("{path}.windows.days"), "[]", "at least one day, or no `days` at all"))
            }
            false => Ok(()),
        }
    }
}

impl Window {
    fn span(&self, day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        if !self.days.iter().any(|own| own.0 == day.weekday()) {
            return None;
        }
        let last = if self.to.0 <= self.from.0 { day.tomorrow().ok()? } else { day };
        let (start, end) = (instant(day, self.from.0, zone)?, instant(last, self.to.0, zone)?);
        (start < end).then_some((start, end))
    }
}

/// The first moment at which a clock on the wall shows this time or has jumped past it.
///
/// In the hour that is skipped in spring that is the jump itself; of the hour that comes twice in autumn, the first.
/// A window therefore never begins twice in one night.
fn instant(day: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    let local = zone.to_ambiguous_timestamp(day.to_datetime(time));
    match local.offset() {
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => local.earlier().ok(),
        AmbiguousOffset::Gap { .. } => {
            let after = local.later().ok()?;
            zone.preceding(after).next().map(|jump| jump.timestamp())
        }
    }
}

/// A time zone by its IANA name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Zone(pub TimeZone);

impl TryFrom<String> for Zone {
    type Error = Error;

    fn try_from(name: String) -> Result<Self> {
        TimeZone::get(&name)
            .map(Zone)
            .map_err(|_| Error::bad_field("zone", name, "an IANA time zone such as `Europe/Berlin`"))
    }
}

/// A time of day, `22:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct LocalTime(pub Time);

impl TryFrom<String> for LocalTime {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        let bad = || Error::bad_field("time", &text, "hours and minutes, `22:00`");
        match text.split_once(':') {
            Some((h, m)) if h.len() == 2 && m.len() == 2 => {
                let (h, m) = (h.parse().map_err(|_| bad())?, m.parse().map_err(|_| bad())?);
                Time::new(h, m, 0, 0).map(LocalTime).map_err(|_| bad())
            }
            _ => Err(bad()),
        }
    }
}

/// A day of the week, `mon` to `sun`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(pub Weekday);

impl TryFrom<String> for Day {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let offset = names.iter().position(|name| *name == text).and_then(|n| i8::try_from(n).ok());
        let day = offset.and_then(|n| Weekday::from_monday_zero_offset(n).ok());
        day.map(Day).ok_or_else(|| Error::bad_field("day", &text, &names.join(", ")))
    }
}

/// A date, or a range of dates with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Dates {
    first: Date,
    last: Date,
}

impl Dates {
    fn contains(&self, day: Date) -> bool {
        (self.first..=self.last).contains(&day)
    }
}

impl TryFrom<String> for Dates {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        let expected = "a date `2026-12-24`, or a range `2026-12-24..2027-01-02`";
        let bad = || Error::bad_field("except", &text, expected);
        let (first, last) = text.split_once("..").unwrap_or((&text, &text));
        let date = |text: &str| Date::from_str(text).map_err(|_| bad());
        let dates = Dates { first: date(first)?, last: date(last)? };
        if dates.first <= dates.last { Ok(dates) } else { Err(bad()) }
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

fn every_day() -> Vec<Day> {
    Weekday::Monday.cycle_forward().take(7).map(Day).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sleep(json: &str) -> Sleep {
        serde_json::from_str(json).unwrap()
    }

    fn berlin(windows: &str) -> Sleep {
        sleep(&format!(r#"{{"zone":"Europe/Berlin","windows":[{windows}]}}"#))
    }

    /// `2026-11-21T22:30` in Berlin; an offset may follow where the clock is ambiguous.
    fn t(text: &str) -> Timestamp {
        match text.parse() {
            Ok(at) => at,
            Err(_) => format!("{text}[Europe/Berlin]").parse::<jiff::Zoned>().unwrap().timestamp(),
        }
    }

    const NIGHT: &str = r#"{"from":"22:00","to":"06:00"}"#;

    #[test]
    fn a_night_crosses_midnight() {
        let night = berlin(NIGHT);
        for (at, asleep, until) in [
            ("2026-11-21T21:59", false, "2026-11-21T22:00"),
            ("2026-11-21T22:00", true, "2026-11-22T06:00"),
            ("2026-11-22T03:00", true, "2026-11-22T06:00"),
            ("2026-11-22T06:00", false, "2026-11-22T22:00"),
        ] {
            assert_eq!(night.at(t(at)), Night { asleep, until: Some(t(until)) }, "{at}");
        }
    }

    #[test]
    fn the_weekend_is_one_long_sleep() {
        let weekend = berlin(&format!(r#"{NIGHT},{{"from":"00:00","to":"00:00","days":["sat","sun"]}}"#));
        // Friday evening to Monday morning.
        assert_eq!(weekend.at(t("2026-11-20T22:00")), Night { asleep: true, until: Some(t("2026-11-23T06:00")) });
        assert_eq!(weekend.at(t("2026-11-22T12:00")).until, Some(t("2026-11-23T06:00")));
    }

    #[test]
    fn exceptions_name_the_date_on_which_a_night_begins() {
        let json = format!(r#"{{"zone":"Europe/Berlin","windows":[{NIGHT}],"except":["2026-12-24..2026-12-25"]}}"#);
        let night = sleep(&json);
        assert!(night.at(t("2026-12-24T05:00")).asleep, "the night of the 23rd goes on");
        assert_eq!(night.at(t("2026-12-24T23:00")), Night { asleep: false, until: Some(t("2026-12-26T22:00")) });
    }

    #[test]
    fn the_night_that_loses_an_hour() {
        // 29 March 2026: 02:00 becomes 03:00.
        assert_eq!(berlin(NIGHT).at(t("2026-03-28T22:00")).until, Some(t("2026-03-29T06:00")));
        let begins_in_the_gap = berlin(r#"{"from":"02:30","to":"06:00"}"#);
        assert!(!begins_in_the_gap.at(t("2026-03-29T01:59")).asleep);
        assert!(begins_in_the_gap.at(t("2026-03-29T03:00")).asleep);
        let ends_in_the_gap = berlin(r#"{"from":"22:00","to":"02:30"}"#);
        assert_eq!(ends_in_the_gap.at(t("2026-03-28T23:00")).until, Some(t("2026-03-29T03:00")));
        let lies_in_the_gap = berlin(r#"{"from":"02:15","to":"02:45"}"#);
        assert_eq!(lies_in_the_gap.at(t("2026-03-29T01:00")).until, Some(t("2026-03-30T02:15")));
    }

    #[test]
    fn the_night_that_repeats_an_hour() {
        // 25 October 2026: 03:00 becomes 02:00 again.
        let (first, second) = (t("2026-10-25T00:30:00Z"), t("2026-10-25T01:30:00Z"));
        let wakes_in_it = berlin(r#"{"from":"22:00","to":"02:30"}"#);
        assert_eq!(wakes_in_it.at(t("2026-10-24T23:00")).until, Some(first));
        assert!(!wakes_in_it.at(second).asleep && !wakes_in_it.at(t("2026-10-25T01:15:00Z")).asleep);
        let begins_in_it = berlin(r#"{"from":"02:30","to":"06:00"}"#);
        assert!(begins_in_it.at(first).asleep && begins_in_it.at(second).asleep);
    }

    #[test]
    fn a_longer_night_begins_sooner_and_ends_later() {
        let longer = berlin(NIGHT).longer(60);
        assert!(longer.at(t("2026-11-21T21:00")).asleep);
        assert_eq!(longer.at(t("2026-11-21T21:00")).until, Some(t("2026-11-22T07:00")));
    }

    #[test]
    fn mistakes_are_told_by_value_and_expectation() {
        for (json, expected) in [
            (r#"{"zone":"Mars/Base","windows":[]}"#, "got `Mars/Base`, expected an IANA time zone"),
            (r#"{"zone":"UTC","windows":[{"from":"25:00","to":"06:00"}]}"#, "got `25:00`, expected hours and minutes"),
            (r#"{"zone":"UTC","windows":[{"from":"9:00","to":"06:00"}]}"#, "got `9:00`"),
            (
                r#"{"zone":"UTC","windows":[{"from":"22:00","to":"06:00","days":["friday"]}]}"#,
                "got `friday`, expected mon",
            ),
            (r#"{"zone":"UTC","windows":[],"except":["2026-02-30"]}"#, "got `2026-02-30`"),
            (r#"{"zone":"UTC","windows":[],"except":["2026-03-02..2026-03-01"]}"#, "a range"),
        ] {
            let error = serde_json::from_str::<Sleep>(json).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}\nlacks\n{expected}");
        }
    }

    proptest! {
        /// The answer holds until it says it changes, and changes then: no window, zone or date makes it oscillate.
        #[test]
        fn what_is_said_holds_until_it_changes(
            from in 0u8..24, to in 0u8..24, minute in 0u8..60, days in prop::collection::hash_set(0usize..7, 1..7),
            zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu"]),
            second in 1_760_000_000i64..1_830_000_000, share in 0.0f64..1.0,
        ) {
            let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            let days: Vec<&str> = days.iter().map(|n| names[*n]).collect();
            let days = serde_json::to_string(&days).unwrap();
            let sleep = sleep(&format!(r#"{{"zone":"{zone}","windows":[{{"from":"{from:02}:{minute:02}","to":"{to:02}:00","days":{days}}}]}}"#));
            let now = Timestamp::from_second(second).unwrap();
            let night = sleep.at(now);
            let until = night.until.unwrap();
            prop_assert!(until > now);
            let between = Timestamp::from_second(second + ((until.as_second() - second - 1) as f64 * share) as i64).unwrap();
            prop_assert_eq!(sleep.at(between).asleep, night.asleep);
            prop_assert_eq!(sleep.at(between).until, night.until);
            prop_assert_ne!(sleep.at(until).asleep, night.asleep);
        }
    }
}
