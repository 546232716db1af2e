//! Times of day and days of the week as the fleet document writes them.

use std::fmt;

use jiff::civil::{Time, Weekday};
use serde::Deserialize;

use crate::error::{Error, Result};

/// A time of day, `22:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", inline, extend("pattern" = "^([01][0-9]|2[0-3]):[0-5][0-9]$")))]
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

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

/// A day of the week, `mon` to `sun`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", inline, extend("enum" = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"])))]
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

/// All seven days, Monday first.
pub(super) fn every_day() -> Vec<Day> {
    Weekday::Monday.cycle_forward().take(7).map(Day).collect()
}
