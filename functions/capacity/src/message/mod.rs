//! Messages about capacity, and its metrics. Pure.

mod cost;
pub(crate) mod digest;
mod metrics;
mod overrides;
mod spot;
#[cfg(test)]
mod tests;
mod transitions;

use jiff::Timestamp;
use planner::capacity::Decision;
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

    fn reason(&self, decision: &Decision) -> String {
        decision.reason.sentence(|at| self.local(at))
    }

    /// When the decision changes without another event.
    fn until(&self, decision: &Decision) -> Vec<(String, String)> {
        decision.until.map(|until| ("until".to_owned(), self.local(until))).into_iter().collect()
    }

    /// A point in time in the time zone of the service's scheduled downtime, in UTC when it has none.
    fn local(&self, at: Timestamp) -> String {
        match &self.policy.sleep {
            Some(sleep) => at.to_zoned(sleep.zone.0.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string(),
            None => format_time(at),
        }
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
