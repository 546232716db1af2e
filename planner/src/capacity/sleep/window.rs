//! One window, and the instants at which it begins and ends on a given day.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::time::{Day, LocalTime, every_day};

/// One weekly window of scheduled downtime.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Window {
    /// Local time at which it begins, `22:00`.
    pub from: LocalTime,
    /// Local time at which it ends; at or before `from` it is the next day's, so `22:00` to `06:00` crosses midnight
    /// and `00:00` to `00:00` is a whole day.
    pub to: LocalTime,
    /// Days on which it *begins*, `[mon, tue]`; every day when left out.
    #[serde(default = "every_day")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub days: Vec<Day>,
}

impl Window {
    /// Start and end of the window that begins on `day`; `None` when none does, or when it lies in a skipped hour.
    pub(super) fn span(&self, day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        if !self.days.iter().any(|own| own.0 == day.weekday()) {
            return None;
        }
        let last = if self.to.0 <= self.from.0 { day.tomorrow().ok()? } else { day };
        let (start, end) = (instant(day, self.from.0, zone)?, instant(last, self.to.0, zone)?);
        (start < end).then_some((start, end))
    }
}

/// The first instant at which local clocks show `time` on `day` or have skipped it.
///
/// For a time in the hour that is skipped in spring this is the transition; for one in the hour that is repeated in
/// autumn, its first occurrence. A window therefore never begins twice.
fn instant(day: Date, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    let local = zone.to_ambiguous_timestamp(day.to_datetime(time));
    match local.offset() {
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => local.earlier().ok(),
        AmbiguousOffset::Gap { .. } => {
            let after = local.later().ok()?;
            // A time at which the gap begins *is* the transition, and `preceding` is strictly before what it is given.
            zone.preceding(after + SignedDuration::from_nanos(1)).next().map(|transition| transition.timestamp())
        }
    }
}
