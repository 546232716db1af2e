//! Messages about an alarm that is not in ALARM: recovered, stable, without data, with data again.

use jiff::Timestamp;
use planner::alarm::{AlarmState, AnnouncedState};
use planner::model::{format_duration, format_time};
use shared::notify::{Notification, Severity};

use super::MessageContext;

impl MessageContext<'_> {
    /// It has left ALARM.
    pub(super) fn recovered(&self, since: Timestamp, until: Timestamp) -> Notification {
        let mut facts: Vec<_> = self.requested_since(since).into_iter().collect();
        if let Some(boost) = self.record.remedies.boost.filter(|boost| boost.until > self.now) {
            let text = format!("at least {} tasks until {}, then the baseline", boost.min, format_time(boost.until));
            facts.push(("still in force".to_owned(), text));
        }
        Notification {
            summary: format!(
                "OK since {}. It was in ALARM for {}, from {}.",
                format_time(until),
                format_duration(until.duration_since(since)),
                format_time(since)
            ),
            facts,
            ..self.message(Severity::Info, &format!("recovered/{since}"), &format!("OK {}", self.name()))
        }
    }

    /// It has stopped flapping and is not in ALARM.
    pub(super) fn stable(&self, since: Timestamp, until: Timestamp, times: usize) -> Notification {
        let state = match self.record.alarm_state() {
            Some(AlarmState::InsufficientData) => "INSUFFICIENT_DATA",
            Some(AlarmState::Ok | AlarmState::Alarm) | None => "OK",
        };
        let runbook = self.links.runbook(&self.policy.runbook);
        Notification {
            summary: format!(
                "{state} since {}. It entered ALARM {times} times in {}, from {}.",
                format_time(until),
                format_duration(until.duration_since(since)),
                format_time(since)
            ),
            facts: self.requested_since(since).into_iter().collect(),
            next_steps: vec![format!("Find the cause of the flapping with the runbook: {runbook}")],
            ..self.message(
                Severity::Info,
                &format!("stable/{until}"),
                &format!("{state} {} after flapping", self.name()),
            )
        }
    }

    /// CloudWatch does not have the alarm, or no longer.
    pub(super) fn missing(&self, since: Timestamp) -> Notification {
        let region = &self.links.alarm.region;
        let open = match (&self.record.announced, self.record.in_alarm_since()) {
            (AnnouncedState::Nothing | AnnouncedState::Missing { .. }, _) | (_, None) => String::new(),
            (_, Some(since)) => {
                format!(" It was in ALARM since {}; whether that has ended is not known.", format_time(since))
            }
        };
        Notification {
            summary: format!(
                "CloudWatch has had no alarm {} in {region} since {}. It was deleted or renamed, or never created. While it does not exist, it cannot detect a fault; no remedy is requested.{open}",
                self.policy.name,
                format_time(since)
            ),
            facts: self.requested_since(since).into_iter().collect(),
            next_steps: vec![
                "Create the alarm, or correct or remove its entry in the section alarms of the configuration."
                    .to_owned(),
            ],
            ..self.message(Severity::Warning, &format!("missing/{since}"), &format!("NOT FOUND {}", self.name()))
        }
    }

    /// It has no data.
    pub(super) fn no_data(&self, since: Timestamp) -> Notification {
        let title = format!("INSUFFICIENT_DATA {}", self.name());
        let mut facts = self.changes();
        facts.extend(self.tasks());
        facts.extend(self.links(since));
        Notification {
            summary: format!(
                "No data since {}. While data is missing, this alarm cannot detect a fault.",
                format_time(since)
            ),
            facts,
            next_steps: vec!["Check that the tasks are running and report the metric; follow the runbook.".to_owned()],
            ..self.message(Severity::Warning, &format!("no_data/{since}"), &title)
        }
    }

    /// It has data again.
    pub(super) fn data_back(&self, since: Timestamp) -> Notification {
        let back = self.record.last_change.as_ref().map_or(self.now, |change| change.at);
        Notification {
            summary: format!("OK since {}. Data had been missing since {}.", format_time(back), format_time(since)),
            ..self.message(Severity::Info, &format!("data_back/{since}"), &format!("OK {}", self.name()))
        }
    }
}
