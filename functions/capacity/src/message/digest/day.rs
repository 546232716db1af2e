//! Everything that a digest reports, and how it writes points in time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use planner::capacity::{Facts, Missing, Savings, State, UpcomingChange};
use planner::fleet::{Fleet, ServicePolicy};
use planner::model::{format_duration, format_time_in, with_times_in};
use planner::{alarm, budget, rollout};

use super::change::{Area, Change};

/// Label and value of each line of a section.
pub(super) type Lines = Vec<(String, String)>;

/// Most changes that are listed; the newest can still be acted on.
const LISTED: usize = 25;

/// Everything that a digest reports.
pub(crate) struct Day<'a> {
    pub fleet: &'a Fleet,
    /// When the previous digest was built.
    pub since: Timestamp,
    /// End of the time that is reported.
    pub now: Timestamp,
    /// What changed in between, oldest first; routine changes left out.
    pub changes: Vec<Change>,
    /// The services of the fleet.
    pub services: Vec<ServiceDay<'a>>,
    /// Alarm records by alarm name.
    pub alarms: BTreeMap<String, alarm::Record>,
    /// Budget records by budget name.
    pub budgets: BTreeMap<String, budget::Record>,
}

/// What a digest reports of one service.
pub(crate) struct ServiceDay<'a> {
    /// Its entry in the fleet.
    pub policy: &'a ServicePolicy,
    /// What overrides, alarms, the budget and Spot require of it.
    pub facts: Facts,
    /// Where it is between scaled to zero and running.
    pub state: Option<State>,
    /// Since when ECS has not known it.
    pub missing: Option<Missing>,
    /// Freeze and quarantine are read from it.
    pub rollout: rollout::Record,
    /// Cost and savings since the previous digest.
    pub counted: Savings,
    /// Cost and savings in this month.
    pub month: Savings,
    /// When it is scaled to zero or runs again within a day.
    pub upcoming: Vec<UpcomingChange>,
}

impl Day<'_> {
    /// Did nothing change since the previous digest?
    pub fn is_quiet(&self) -> bool {
        self.changes.is_empty()
    }

    /// The time zone of the whole digest: that of the first service that has scheduled downtime, UTC when none has.
    fn zone(&self) -> TimeZone {
        let zones = self.services.iter().filter_map(|service| service.policy.sleep.as_ref());
        zones.map(|sleep| sleep.zone.0.clone()).next().unwrap_or(TimeZone::UTC)
    }

    /// `Europe/Berlin`
    pub(super) fn zone_name(&self) -> String {
        self.zone().iana_name().unwrap_or("UTC").to_owned()
    }

    /// `Sat 22:00`
    pub(super) fn weekday(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone()).strftime("%a %H:%M").to_string()
    }

    /// `2026-11-21 22:00`
    pub(super) fn full(&self, at: Timestamp) -> String {
        format_time_in(&self.zone(), at)
    }

    /// A recorded reason, with its times in the zone of the digest.
    pub(super) fn text(&self, recorded: &str) -> String {
        with_times_in(&self.zone(), recorded)
    }

    /// `since 2026-11-21 22:00 (2 h 5 min)`
    pub(super) fn since(&self, at: Timestamp) -> String {
        format!("since {} ({})", self.full(at), format_duration(self.now.duration_since(at)))
    }

    /// How many of the earliest changes are not listed.
    pub(super) fn left_out(&self) -> usize {
        self.changes.len().saturating_sub(LISTED)
    }

    /// The listed changes of one area, each with its weekday and time.
    pub(super) fn changes(&self, area: Area) -> Lines {
        let own = self.changes.iter().skip(self.left_out()).filter(|change| change.area == area);
        own.map(|change| (self.weekday(change.at), change.text.clone())).collect()
    }
}
