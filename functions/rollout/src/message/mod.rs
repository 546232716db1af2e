//! Messages, built from results by pure functions.

mod format;
mod kept;
mod noted;
mod request;
mod rollout;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use planner::fleet::{Fleet, ServicePolicy};
use shared::notify::{Notification, Severity, request};

pub(crate) use rollout::{Failure, Recovered};

/// Builds the messages about one service.
pub(crate) struct Messages<'a> {
    /// The fleet; its title ends every subject.
    pub fleet: &'a Fleet,
    /// The service.
    pub policy: &'a ServicePolicy,
    /// The moment of the decision.
    pub now: Timestamp,
}

impl Messages<'_> {
    fn notification(&self, severity: Severity, key: &str, thread: &str, title: &str) -> Notification {
        Notification::new(&self.fleet.title(), severity, key, thread, title)
    }

    /// The two ways out of a quarantine.
    fn after_a_failed_image(&self) -> [String; 2] {
        [
            "Push a fixed image: the automation rolls it out.".to_owned(),
            format!("To roll out the same image again, send the request {}", self.request("retry")),
        ]
    }

    /// The JSON of a request about this service.
    fn request(&self, action: &str) -> String {
        request(action, &[("service", &self.policy.name)])
    }
}
