//! Messages to people about alarms, built from what is known by pure functions.

use jiff::Timestamp;
use planner::alarm::{
    Action, AlarmPolicy, AlarmSeverity, Alarms, AnnouncedState, Measurement, Plan, Reason, Record, RemedyAction,
};
use planner::fleet::Fleet;
use planner::model::{format_duration, format_time};
use shared::ledger::Event;
use shared::notify::{Notification, Severity};

use crate::apply::RemedyOutcome;
use crate::links::Links;
use crate::observe::{LAST, ServiceSnapshot};

/// How many changes of the last hour a message tells.
const CHANGES: usize = 6;

/// Everything that messages about one alarm are written from.
pub(crate) struct MessageContext<'a> {
    pub fleet: &'a Fleet,
    pub alarms: &'a Alarms,
    pub policy: &'a AlarmPolicy,
    pub record: &'a Record,
    /// The service that it is about; every service, when it is about none.
    pub services: &'a [&'a ServiceSnapshot],
    pub links: &'a Links,
    pub now: Timestamp,
}

impl MessageContext<'_> {
    /// What people are told of a plan and of what became of its remedy; nothing, when nothing is news.
    pub fn message_for(&self, plan: &Plan, outcome: &RemedyOutcome) -> Option<Notification> {
        let reason = &plan.decision.reason;
        match (plan.decision.action, reason) {
            (Action::AnnounceAlarm, _) => Some(self.in_alarm(reason, outcome)),
            (Action::AnnounceFlapping, Reason::Flapping { times, minutes }) => {
                Some(self.flapping(*times, *minutes, outcome))
            }
            (Action::AnnounceStable, Reason::FlappingEnded { since, until, times }) => {
                Some(self.stable(*since, *until, *times))
            }
            (Action::AnnounceRecovered, Reason::Recovered { since, until }) => Some(self.recovered(*since, *until)),
            (Action::AnnounceNoData, Reason::NoData { since }) => Some(self.no_data(*since)),
            (Action::AnnounceDataBack, Reason::DataBack { since }) => Some(self.data_back(*since)),
            // Muted is muted: that it comes and goes was told, and the next message says how often it did.
            _ if matches!(plan.announced, AnnouncedState::Flapping { .. }) => None,
            _ => self.later(outcome),
        }
    }

    /// It rings: everything that somebody who was woken asks first.
    fn in_alarm(&self, reason: &Reason, outcome: &RemedyOutcome) -> Notification {
        let since = self.since();
        let explained = match reason {
            Reason::NoLongerExplained { was, .. } => Some(format!("It was not told before because {was}.")),
            Reason::StaysInAlarm { first, .. } => {
                Some(format!("It came and went since {} and stays now.", format_time(*first)))
            }
            _ => None,
        };
        let mut facts = self.measurement();
        facts.push(("since".into(), format_time(since)));
        facts.extend(self.tasks());
        facts.extend(self.changes());
        if !matches!(outcome, RemedyOutcome::Requested(_)) {
            facts.extend(self.asked_since(since));
        }
        facts.push(("remedy".into(), self.remedy(outcome)));
        Notification {
            summary: [Some(self.plain()), explained].into_iter().flatten().collect::<Vec<_>>().join(" "),
            facts,
            next_steps: self.next(outcome, since),
            ..self.message(self.severity(), &format!("rings/{since}"), &format!("{} rings", self.name()))
        }
    }

    fn flapping(&self, times: usize, minutes: u32, outcome: &RemedyOutcome) -> Notification {
        let quiet = self.policy.flapping.quiet_minutes;
        let mut facts = self.measurement();
        facts.extend(self.tasks());
        facts.extend(self.changes());
        facts.push(("remedy".into(), self.remedy(outcome)));
        let since = self.since();
        Notification {
            summary: format!(
                "{} rang {times} times in {minutes} minutes. Nothing more is told of it until it is quiet, or rings, for {quiet} minutes. {}",
                self.name(),
                self.plain()
            ),
            facts,
            next_steps: self.next(outcome, since),
            ..self.message(self.severity(), &format!("flaps/{since}"), &format!("{} comes and goes", self.name()))
        }
    }

    fn stable(&self, since: Timestamp, until: Timestamp, times: usize) -> Notification {
        let mut facts =
            vec![("rang".to_owned(), format!("{times} times in {}", format_duration(until.duration_since(since))))];
        facts.extend(self.asked_since(since));
        Notification {
            summary: format!(
                "{} is quiet since {}. It came and went from {} on.",
                self.name(),
                format_time(until),
                format_time(since)
            ),
            facts,
            next_steps: vec![format!("Read what makes it come and go: {}", self.links.runbook(&self.policy.runbook))],
            ..self.message(Severity::Info, &format!("settled/{until}"), &format!("{} is quiet again", self.name()))
        }
    }

    fn recovered(&self, since: Timestamp, until: Timestamp) -> Notification {
        let mut facts = vec![("lasted".to_owned(), format_duration(until.duration_since(since)))];
        facts.extend(self.asked_since(since));
        if let Some(boost) = self.record.remedies.boost.filter(|boost| boost.until > self.now) {
            let text =
                format!("at least {} tasks until {}, then as many as are needed", boost.min, format_time(boost.until));
            facts.push(("still in force".to_owned(), text));
        }
        Notification {
            summary: format!("{} rang from {} to {}.", self.name(), format_time(since), format_time(until)),
            facts,
            ..self.message(Severity::Info, &format!("over/{since}"), &format!("{} is over", self.name()))
        }
    }

    fn no_data(&self, since: Timestamp) -> Notification {
        Notification {
            summary: format!(
                "{} gets no data since {}: nobody knows whether what it watches is well.",
                self.name(),
                format_time(since)
            ),
            facts: self.tasks().into_iter().chain(self.changes()).collect(),
            next_steps: self.where_to_look(since),
            ..self.message(Severity::Warning, &format!("blind/{since}"), &format!("{} gets no data", self.name()))
        }
    }

    fn data_back(&self, since: Timestamp) -> Notification {
        Notification {
            summary: format!("{} gets data again. It got none since {}.", self.name(), format_time(since)),
            ..self.message(Severity::Info, &format!("sees/{since}"), &format!("{} gets data again", self.name()))
        }
    }

    /// A remedy that came after the announcement, and the end of what the automation can do.
    fn later(&self, outcome: &RemedyOutcome) -> Option<Notification> {
        let since = self.record.in_alarm_since()?;
        let key = |what: &str| format!("{what}/{since}/{}", self.now);
        match outcome {
            RemedyOutcome::Requested(action) if action.extends_earlier() => None,
            RemedyOutcome::Requested(taken) => {
                let title = format!("{}: {}", self.name(), taken.label());
                Some(Notification {
                    summary: format!("{} still rings. Asked for {}.", self.name(), taken),
                    facts: self.tasks().into_iter().chain(self.changes()).collect(),
                    ..self.message(Severity::Warning, &key(taken.label()), &title)
                })
            }
            RemedyOutcome::NotDue(reason) if reason.is_exhausted() => {
                let title = format!("{} needs a person", self.name());
                Some(Notification {
                    key: self.manual_action_key(outcome)?,
                    summary: format!("{} still rings, and nothing more is done about it: {reason}.", self.name()),
                    facts: [("since".to_owned(), format_time(since))]
                        .into_iter()
                        .chain(self.tasks())
                        .chain(self.changes())
                        .collect(),
                    next_steps: self.where_to_look(since),
                    ..self.message(Severity::Critical, "person", &title)
                })
            }
            RemedyOutcome::NotDue(_) | RemedyOutcome::Planned(_) | RemedyOutcome::Failed(..) => None,
        }
    }

    /// The key under which it is told that nothing more is done by itself: once for each ring.
    pub fn manual_action_key(&self, outcome: &RemedyOutcome) -> Option<String> {
        let RemedyOutcome::NotDue(reason) = outcome else { return None };
        if !reason.is_exhausted() {
            return None;
        }
        Some(format!("alarm/{}/person/{}/{}", self.policy.name, self.record.in_alarm_since()?, reason.label()))
    }

    /// What is wrong, in plain words: the first sentence of the alarm's own description, and the figure.
    fn plain(&self) -> String {
        let change = self.record.last_change.as_ref();
        let description = change.map_or("", |change| change.description.trim());
        let end = description.find(". ").map_or(description.len(), |end| end + 1);
        let first = match &description[..end] {
            "" => format!("The alarm {} rings.", self.policy.name),
            sentence => format!("{}.", sentence.trim_end_matches('.')),
        };
        match change.and_then(|change| change.measurement.as_ref()).and_then(figure) {
            Some(figure) => format!("{first} {figure}."),
            None => first,
        }
    }

    fn measurement(&self) -> Vec<(String, String)> {
        let Some(change) = &self.record.last_change else { return Vec::new() };
        let measurement = change.measurement.clone().unwrap_or_default();
        let mut facts = Vec::new();
        if !measurement.what.is_empty() {
            facts.push(("measured".to_owned(), measurement.what));
        }
        if !measurement.children.is_empty() {
            facts.push(("made of".to_owned(), measurement.children.join(", ")));
        }
        if facts.is_empty() && !change.reason.is_empty() {
            facts.push(("reason".to_owned(), change.reason.clone()));
        }
        facts
    }

    fn tasks(&self) -> Vec<(String, String)> {
        let text = |service: &&ServiceSnapshot| match service.tasks() {
            Some((running, desired)) => format!("{} runs {running} of {desired}", service.policy.name),
            None => format!("it is not known what {} runs", service.policy.name),
        };
        self.services.iter().map(|service| ("tasks".to_owned(), text(service))).collect()
    }

    /// What was done in the last hour, newest first; it is the usual reason.
    fn changes(&self) -> Vec<(String, String)> {
        let several = self.services.len() > 1;
        let of_service = |service: &&ServiceSnapshot| {
            let name = if several { format!("{}: ", service.policy.name) } else { String::new() };
            let line =
                move |event: &Event| (event.at, format!("{name}{}: {}", event.what.replace('_', " "), event.why));
            service.changes(self.now).map(line).collect::<Vec<_>>()
        };
        let mut changes: Vec<(Timestamp, String)> = self.services.iter().flat_map(of_service).collect();
        if let Some(update) = self.record.stack_update.filter(|update| update.at + LAST > self.now) {
            let what = if update.in_progress { "stack update began" } else { "stack update ended" };
            changes.push((update.at, what.to_owned()));
        }
        changes.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let fact = |text: String| ("changed".to_owned(), text);
        let line = |(at, what): (Timestamp, String)| fact(format!("{} {what}", at.strftime("%H:%M")));
        let names: Vec<&str> = self.services.iter().map(|service| service.policy.name.as_str()).collect();
        match changes.is_empty() {
            true if names.is_empty() => Vec::new(),
            true => vec![fact(format!("nothing about {} in the last hour", names.join(" and ")))],
            false => changes.into_iter().take(CHANGES).map(line).collect(),
        }
    }

    fn remedy(&self, outcome: &RemedyOutcome) -> String {
        match outcome {
            RemedyOutcome::Requested(taken) => format!("asked for {}", taken),
            RemedyOutcome::Failed(wanted, error) => format!("could not ask for {}: {error}; it is tried again", wanted),
            RemedyOutcome::Planned(wanted) => format!("none, as this is a dry run; it would be {}", wanted),
            RemedyOutcome::NotDue(reason) => format!("none: {reason}"),
        }
    }

    /// Remedies that were asked for since then.
    fn asked_since(&self, since: Timestamp) -> Option<(String, String)> {
        let taken = self.record.remedies.taken.iter().rev().filter(|taken| taken.at >= since);
        let requested: Vec<String> =
            taken.map(|taken| format!("{} at {}", taken.remedy, taken.at.strftime("%H:%M"))).collect();
        (!requested.is_empty()).then(|| ("asked for".to_owned(), requested.join(", ")))
    }

    fn next(&self, outcome: &RemedyOutcome, since: Timestamp) -> Vec<String> {
        let manual_action_key = match outcome {
            RemedyOutcome::NotDue(reason) if reason.needs_manual_action() => {
                Some("A person is needed: nothing is done about it by itself.".to_owned())
            }
            RemedyOutcome::Requested(RemedyAction::Rollback { .. }) => {
                Some("The rollout function tells when the rollback is done.".to_owned())
            }
            RemedyOutcome::NotDue(_)
            | RemedyOutcome::Planned(_)
            | RemedyOutcome::Requested(_)
            | RemedyOutcome::Failed(..) => None,
        };
        manual_action_key.into_iter().chain(self.where_to_look(since)).collect()
    }

    fn where_to_look(&self, since: Timestamp) -> Vec<String> {
        let groups = self.services.iter().filter_map(|service| self.alarms.logs.get(&service.policy.name));
        let groups: Vec<&str> = groups.map(String::as_str).collect();
        let steps = [
            Some(format!("Runbook: {}", self.links.runbook(&self.policy.runbook))),
            self.alarms.dashboard.as_ref().map(|name| format!("Dashboard: {}", self.links.dashboard(name))),
            (!groups.is_empty()).then(|| format!("Logs of that time: {}", self.links.logs(&groups, since, self.now))),
            Some(format!("Alarm: {}", self.links.alarm(&self.policy.name))),
        ];
        steps.into_iter().flatten().collect()
    }

    /// The alarm's name without the system's and stage's, which every subject begins with.
    fn name(&self) -> &str {
        let prefix = format!("{}-{}-", self.fleet.system, self.fleet.stage);
        self.policy.name.strip_prefix(prefix.as_str()).unwrap_or(&self.policy.name)
    }

    fn severity(&self) -> Severity {
        match self.policy.severity {
            AlarmSeverity::Critical => Severity::Critical,
            AlarmSeverity::Warning => Severity::Warning,
        }
    }

    fn since(&self) -> Timestamp {
        self.record.in_alarm_since().unwrap_or(self.now)
    }

    fn message(&self, severity: Severity, key: &str, title: &str) -> Notification {
        let thread = format!("alarm/{}", self.policy.name);
        Notification::new(&self.fleet.title(), severity, &format!("{thread}/{key}"), &thread, title)
    }
}

/// `The last figure is 23, greater than the threshold 10`, as far as it is known.
fn figure(measurement: &Measurement) -> Option<String> {
    let figure = measurement.figure.as_ref()?;
    Some(match (&measurement.comparison, &measurement.threshold) {
        (Some(comparison), Some(threshold)) => format!("It is {figure}, {comparison} the threshold of {threshold}"),
        (None, Some(threshold)) => format!("It is {figure}; the threshold is {threshold}"),
        (_, None) => format!("It is {figure}"),
    })
}

#[cfg(test)]
mod tests;
