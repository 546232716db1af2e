//! The story's time: an argument of every event and schedule, so that a day passes in seconds.

use anyhow::{Context, Result};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde_json::json;

use super::{Step, Story};
use crate::screen::{Line, Paint, labelled_as};

impl Story<'_> {
    /// Begins at the next noon in the time zone of the scheduled downtime, whatever the time of day is now.
    ///
    /// # Errors
    /// When the fleet has no such zone.
    pub fn begin_at_noon(&mut self) -> Result<()> {
        self.enter().pass_to("12:00")
    }
}

impl Step<'_> {
    /// The story's time; the real one unless the story set another.
    pub fn now(&self) -> Timestamp {
        self.clock.get().unwrap_or_else(Timestamp::now)
    }

    /// Time passes until clocks next show this, in the time zone of the scheduled downtime.
    ///
    /// # Errors
    /// When there is no such time, or the fleet has no such zone.
    pub fn pass_to(&mut self, time: &str) -> Result<()> {
        let next = self.next(time)?;
        self.set_clock(&next)
    }

    /// When clocks next show this.
    ///
    /// # Errors
    /// When there is no such time, or the fleet has no such zone.
    pub fn next(&self, time: &str) -> Result<Zoned> {
        let time: Time = time.parse().with_context(|| format!("{time} is no time of day"))?;
        let now = self.now().to_zoned(self.zone()?);
        let on = |date: Date| date.to_datetime(time).to_zoned(now.time_zone().clone());
        let today = on(now.date())?;
        Ok(if today > now { today } else { on(now.date().tomorrow()?)? })
    }

    /// So many minutes pass.
    ///
    /// # Errors
    /// When the fleet has no such zone.
    pub fn pass(&mut self, minutes: i64) -> Result<()> {
        let next = self.now() + SignedDuration::from_mins(minutes);
        self.set_clock(&next.to_zoned(self.zone()?))
    }

    /// Time passes until the next month begins in UTC, by which the periods of budgets go.
    ///
    /// # Errors
    /// When the fleet has no such zone.
    pub fn pass_to_next_month(&mut self) -> Result<()> {
        let first = self.now().to_zoned(TimeZone::UTC).date().last_of_month().tomorrow()?;
        self.set_clock(&first.to_zoned(TimeZone::UTC)?.with_time_zone(self.zone()?))
    }

    /// Time passes until noon before the next downtime in which clocks change.
    ///
    /// # Errors
    /// When clocks never change in the time zone of the scheduled downtime.
    pub fn pass_to_clock_change(&mut self) -> Result<()> {
        let zone = self.zone()?;
        let change = zone.following(self.now()).next().context("clocks never change there")?;
        let noon = (change.timestamp().to_zoned(zone) - 1.day()).with().hour(12).minute(0).build()?;
        self.set_clock(&noon)
    }

    fn set_clock(&mut self, next: &Zoned) -> Result<()> {
        self.clock.set(Some(next.timestamp()));
        self.cloud.client.call("local", "clock", json!({ "now": next.timestamp().as_second() }))?;
        labelled_as(Line::Detail, "clock", Paint::Cyan, &next.strftime("%A, %Y-%m-%d %H:%M %Z").to_string());
        Ok(())
    }

    fn zone(&self) -> Result<TimeZone> {
        let zone = self.services.iter().find_map(|service| service.sleep.as_ref());
        let zone = zone.context("no service has a scheduled downtime")?;
        TimeZone::get(&zone.zone).with_context(|| format!("time zone {}", zone.zone))
    }
}
