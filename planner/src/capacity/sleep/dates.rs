//! Dates on which scheduled downtime does not begin.

use std::str::FromStr;

use jiff::civil::Date;
use serde::Deserialize;

use crate::error::{Error, Result};

/// A date, or a range of dates with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String", inline, extend("pattern" = r"^\d{4}-\d\d-\d\d(\.\.\d{4}-\d\d-\d\d)?$")))]
pub struct Dates {
    first: Date,
    last: Date,
}

impl Dates {
    /// Is `day` one of them?
    pub(super) fn contains(&self, day: Date) -> bool {
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
