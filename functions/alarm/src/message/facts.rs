//! Facts about an alarm: its figure, what changed, the tasks, and where to look.

use jiff::Timestamp;
use planner::alarm::Measurement;
use shared::ledger::Event;

use super::MessageContext;
use crate::observe::{LAST, ServiceSnapshot};

/// How many changes of the last hour a message lists.
const CHANGES: usize = 6;

impl MessageContext<'_> {
    /// `CPUUtilization (Average of 1 min) is 88.66, greater than the threshold of 70.`, as far as it is known.
    pub(super) fn figure(&self) -> Option<String> {
        let measurement = self.record.last_change.as_ref()?.measurement.as_ref()?;
        let Measurement { what, figure, comparison, threshold, .. } = measurement;
        let (what, figure) = (if what.is_empty() { "The metric" } else { what }, figure.as_ref()?);
        Some(match (comparison, threshold) {
            (Some(comparison), Some(threshold)) => {
                format!("{what} is {figure}, {comparison} the threshold of {threshold}.")
            }
            (None, Some(threshold)) => format!("{what} is {figure}; the threshold is {threshold}."),
            (_, None) => format!("{what} is {figure}."),
        })
    }

    /// What is wrong: the first sentence of the alarm's description.
    pub(super) fn description(&self) -> String {
        let description = self.record.last_change.as_ref().map_or("", |change| change.description.trim());
        let end = description.find(". ").map_or(description.len(), |end| end + 1);
        match &description[..end] {
            "" => format!("{} is in ALARM.", self.policy.name),
            sentence => format!("{}.", sentence.trim_end_matches('.')),
        }
    }

    /// Child alarms of a composite alarm; CloudWatch's own reason, where no figure is known.
    pub(super) fn cause(&self) -> Option<(String, String)> {
        let change = self.record.last_change.as_ref()?;
        let children = change.measurement.as_ref().map_or(&[][..], |measurement| &measurement.children);
        if !children.is_empty() {
            return Some(("child alarms".to_owned(), children.join(", ")));
        }
        let unknown = self.figure().is_none() && !change.reason.is_empty();
        unknown.then(|| ("reason".to_owned(), change.reason.clone()))
    }

    /// `web: 4 of 4 running`, for each service.
    pub(super) fn tasks(&self) -> Vec<(String, String)> {
        let text = |service: &&ServiceSnapshot| match service.tasks() {
            Some((running, desired)) => format!("{}: {running} of {desired} running", service.policy.name),
            None => format!("{}: not known, it could not be observed", service.policy.name),
        };
        self.services.iter().map(|service| ("tasks".to_owned(), text(service))).collect()
    }

    /// What changed in the last hour, newest first; the usual cause.
    pub(super) fn changes(&self) -> Vec<(String, String)> {
        let several = self.services.len() > 1;
        let of_service = |service: &&ServiceSnapshot| {
            let name = if several { format!("{}: ", service.policy.name) } else { String::new() };
            let line = move |event: &Event| (event.at, format!("{name}{}", event.reason));
            service.changes(self.now).map(line).collect::<Vec<_>>()
        };
        let mut changes: Vec<(Timestamp, String)> = self.services.iter().flat_map(of_service).collect();
        if let Some(update) = self.record.stack_update.filter(|update| update.at + LAST > self.now) {
            let what = if update.in_progress { "stack update started" } else { "stack update ended" };
            changes.push((update.at, what.to_owned()));
        }
        changes.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let fact = |text: String| ("changed".to_owned(), text);
        let line = |(at, what): (Timestamp, String)| fact(format!("{} {what}", at.strftime("%H:%M UTC")));
        let names: Vec<&str> = self.services.iter().map(|service| service.policy.name.as_str()).collect();
        match changes.is_empty() {
            true if names.is_empty() => Vec::new(),
            true => vec![fact(format!("nothing in the last hour ({})", names.join(", ")))],
            false => changes.into_iter().take(CHANGES).map(line).collect(),
        }
    }

    /// Where to look: runbook, alarm, logs since shortly before `since`, dashboard.
    pub(super) fn links(&self, since: Timestamp) -> Vec<(String, String)> {
        let groups = self.services.iter().filter_map(|service| self.alarms.logs.get(&service.policy.name));
        let groups: Vec<&str> = groups.map(String::as_str).collect();
        let links = [
            ("alarm", Some(self.links.alarm(&self.policy.name))),
            ("logs", (!groups.is_empty()).then(|| self.links.logs(&groups, since, self.now))),
            ("dashboard", self.alarms.dashboard.as_ref().map(|name| self.links.dashboard(name))),
            ("runbook", Some(self.links.runbook(&self.policy.runbook))),
        ];
        links.into_iter().filter_map(|(label, link)| Some((label.to_owned(), link?))).collect()
    }
}
