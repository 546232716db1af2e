//! When a service sleeps: weekly windows in a named time zone, with dates that are exceptions.

mod dates;
#[cfg(test)]
mod tests;
mod time;
mod window;
mod zone;

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;

use crate::error::{Error, Result};

pub use dates::Dates;
pub use time::{Day, LocalTime};
pub use window::Window;
pub use zone::Zone;

/// How many days ahead the next change is looked for; two weeks cover every weekday twice.
const HORIZON_DAYS: i64 = 15;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// When a service sleeps: the windows of its scheduled downtime.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sleep {
    /// IANA name of the time zone of all times below, `Europe/Berlin`.
    pub zone: Zone,
    /// The windows; the downtime is in force while any of them is open.
    pub windows: Vec<Window>,
    /// Dates on which no window begins: `2026-12-24`, or `2026-12-24..2027-01-02` with both ends.
    #[serde(default)]
    pub except: Vec<Dates>,
}

/// Whether scheduled downtime is in force, and when that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Downtime {
    /// In force now?
    pub in_force: bool,
    /// When that changes; `None` when no window begins within two weeks.
    pub until: Option<Timestamp>,
}

impl Sleep {
    /// The downtime at `now`. Windows that overlap or touch are one downtime.
    pub fn at(&self, now: Timestamp) -> Downtime {
        self.longer_at(now, SignedDuration::ZERO)
    }

    /// When the next downtime begins after `now`, the one in force not counted; `None` when none begins within two weeks.
    pub fn next_start(&self, now: Timestamp) -> Option<Timestamp> {
        let downtime = self.at(now);
        if downtime.in_force { self.at(downtime.until?).until } else { downtime.until }
    }

    /// The downtime at `now` when each begins `longer` earlier and ends `longer` later; one that is shorter than a day becomes at
    /// most a day long. What is stretched are points in time: weekdays and exceptions name the same nights as before.
    pub fn longer_at(&self, now: Timestamp, longer: SignedDuration) -> Downtime {
        let stretched = merged(self.spans(now)).into_iter().map(|(start, end)| {
            let length = end.duration_since(start);
            let by = if length < DAY { longer.min((DAY - length) / 2) } else { longer };
            (start - by, end + by)
        });
        let downtimes = merged(stretched.collect());
        match downtimes.iter().find(|(start, end)| *start <= now && now < *end) {
            Some((_, end)) => Downtime { in_force: true, until: Some(*end) },
            None => {
                let next = downtimes.iter().map(|(start, _)| *start).find(|start| *start > now);
                Downtime { in_force: false, until: next }
            }
        }
    }

    /// Start and end of every window that begins from a few days ago to the horizon.
    fn spans(&self, now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let today = now.to_zoned(self.zone.0.clone()).date();
        let days = (-3..HORIZON_DAYS).filter_map(|n| today.checked_add(n.days()).ok());
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

/// Spans in the order of time, those that overlap or touch as one.
fn merged(mut spans: Vec<(Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    spans.sort();
    let mut merged: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (start, end) in spans {
        match merged.last_mut() {
            Some((_, last)) if start <= *last => *last = end.max(*last),
            _ => merged.push((start, end)),
        }
    }
    merged
}
