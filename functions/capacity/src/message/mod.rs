//! Messages about capacity, and its metrics. Pure.

mod cost;
pub(crate) mod digest;
mod metrics;
mod overrides;
mod problems;
mod spot;
#[cfg(test)]
mod tests;
mod transitions;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use planner::capacity::{Decision, Reason};
use planner::fleet::{Fleet, ServicePolicy};
use planner::model::{format_duration, format_time};
use shared::notify::{Notification, Severity, request};

pub(crate) use cost::HourlyCost;
pub(crate) use metrics::metrics;

/// Builds the messages about one service.
pub(crate) struct ServiceMessages<'a> {
    /// The fleet; its title ends every subject.
    pub fleet: &'a Fleet,
    /// The service.
    pub policy: &'a ServicePolicy,
    /// The moment of the decision.
    pub now: Timestamp,
}

impl ServiceMessages<'_> {
    fn name(&self) -> &str {
        &self.policy.name
    }

    /// When the decision changes without another event.
    fn until(&self, decision: &Decision) -> Vec<(String, String)> {
        self.end(decision).map(|until| ("until".to_owned(), until)).into_iter().collect()
    }

    /// The end of the decision: where scheduled downtime ends or begins then, by the local time of its windows too,
    /// `2026-11-22 06:00 CET (05:00 UTC)`; else in UTC, as in all other messages.
    fn end(&self, decision: &Decision) -> Option<String> {
        let until = decision.until?;
        let zone = self.policy.sleep.as_ref().map(|sleep| &sleep.zone.0);
        Some(match (&decision.reason, zone) {
            (Reason::ScheduledDowntime | Reason::Baseline, Some(zone)) if *zone != TimeZone::UTC => {
                let local = until.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
                format!("{local} ({})", until.strftime("%H:%M UTC"))
            }
            (
                Reason::ScheduledDowntime
                | Reason::Baseline
                | Reason::NotStarted
                | Reason::Frozen { .. }
                | Reason::Override { .. }
                | Reason::Budget { .. }
                | Reason::Boost { .. },
                Some(_) | None,
            ) => format_time(until),
        })
    }

    fn time_since(&self, since: Timestamp) -> String {
        format_duration(self.now.duration_since(since))
    }

    fn message(&self, severity: Severity, what: &str, title: &str) -> Notification {
        let id = self.policy.id();
        let (key, thread) = (format!("{what}/{id}/{}", self.now), format!("capacity/{id}"));
        Notification::new(&self.fleet.title(), severity, &key, &thread, title)
    }

    /// The request to send; `more` are further fields.
    fn request(&self, action: &str, more: &[(&str, &str)]) -> String {
        format!("send the request {}", request(action, &[&[("service", self.name())], more].concat()))
    }
}
