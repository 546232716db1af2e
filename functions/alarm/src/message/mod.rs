//! Messages to people about alarms, built from what is known by pure functions.

use jiff::Timestamp;
use planner::alarm::{Action, AlarmPolicy, Alarms, Measured, Plan, Reason, Record, State, Step, Urgency, Why};
use planner::fleet::Fleet;
use planner::model::{format_duration, format_time};
use shared::ledger::Event;
use shared::notify::{Notification, Severity};

use crate::apply::Deed;
use crate::links::Links;
use crate::observe::{LAST, Place};

/// How many changes of the last hour a message tells.
const CHANGES: usize = 6;

/// Everything that messages about one alarm are written from.
pub(crate) struct Story<'a> {
    pub fleet: &'a Fleet,
    pub alarms: &'a Alarms,
    pub policy: &'a AlarmPolicy,
    pub record: &'a Record,
    /// The service that it is about; every service, when it is about none.
    pub places: &'a [&'a Place],
    pub links: &'a Links,
    pub now: Timestamp,
}

impl Story<'_> {
    /// What people are told of a plan and of what became of its remedy; nothing, when nothing is news.
    pub fn tell(&self, plan: &Plan, deed: &Deed) -> Option<Notification> {
        let reason = &plan.decision.reason;
        match (plan.decision.action, reason) {
            (Action::Announce, _) => Some(self.rings(reason, deed)),
            (Action::Mute, Reason::Flaps { rings, minutes }) => Some(self.flaps(*rings, *minutes, deed)),
            (Action::SumUp, Reason::Settled { since, until, rings }) => Some(self.settled(*since, *until, *rings)),
            (Action::Resolve, Reason::Over { since, until }) => Some(self.over(*since, *until)),
            (Action::Miss, Reason::Blind { since }) => Some(self.blind(*since)),
            (Action::Find, Reason::Sees { since }) => Some(self.sees(*since)),
            // Muted is muted: that it comes and goes was told, and the next message says how often it did.
            _ if matches!(plan.state, State::Flapping { .. }) => None,
            _ => self.later(deed),
        }
    }

    /// It rings: everything that somebody who was woken asks first.
    fn rings(&self, reason: &Reason, deed: &Deed) -> Notification {
        let since = self.since();
        let explained = match reason {
            Reason::Unexplained { was, .. } => Some(format!("It was not told before because {was}.")),
            Reason::Steady { first, .. } => {
                Some(format!("It came and went since {} and stays now.", format_time(*first)))
            }
            _ => None,
        };
        let mut facts = self.measured();
        facts.push(("since".into(), format_time(since)));
        facts.extend(self.tasks());
        facts.extend(self.changes());
        if !matches!(deed, Deed::Asked(_)) {
            facts.extend(self.asked_since(since));
        }
        facts.push(("remedy".into(), self.remedy(deed)));
        Notification {
            summary: [Some(self.plain()), explained].into_iter().flatten().collect::<Vec<_>>().join(" "),
            facts,
            next_steps: self.next(deed, since),
            ..self.message(self.severity(), &format!("rings/{since}"), &format!("{} rings", self.name()))
        }
    }

    fn flaps(&self, rings: usize, minutes: u32, deed: &Deed) -> Notification {
        let quiet = self.policy.flapping.quiet_minutes;
        let mut facts = self.measured();
        facts.extend(self.tasks());
        facts.extend(self.changes());
        facts.push(("remedy".into(), self.remedy(deed)));
        let since = self.since();
        Notification {
            summary: format!(
                "{} rang {rings} times in {minutes} minutes. Nothing more is told of it until it is quiet, or rings, for {quiet} minutes. {}",
                self.name(),
                self.plain()
            ),
            facts,
            next_steps: self.next(deed, since),
            ..self.message(self.severity(), &format!("flaps/{since}"), &format!("{} comes and goes", self.name()))
        }
    }

    fn settled(&self, since: Timestamp, until: Timestamp, rings: usize) -> Notification {
        let mut facts =
            vec![("rang".to_owned(), format!("{rings} times in {}", format_duration(until.duration_since(since))))];
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

    fn over(&self, since: Timestamp, until: Timestamp) -> Notification {
        let mut facts = vec![("lasted".to_owned(), format_duration(until.duration_since(since)))];
        facts.extend(self.asked_since(since));
        if let Some(boost) = self.record.boost.filter(|boost| boost.until > self.now) {
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

    fn blind(&self, since: Timestamp) -> Notification {
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

    fn sees(&self, since: Timestamp) -> Notification {
        Notification {
            summary: format!("{} gets data again. It got none since {}.", self.name(), format_time(since)),
            ..self.message(Severity::Info, &format!("sees/{since}"), &format!("{} gets data again", self.name()))
        }
    }

    /// A remedy that came after the announcement, and the end of what the automation can do.
    fn later(&self, deed: &Deed) -> Option<Notification> {
        let since = self.record.ringing_since()?;
        let key = |what: &str| format!("{what}/{since}/{}", self.now);
        match deed {
            Deed::Asked(Step::Boost { extends: true, .. }) => None,
            Deed::Asked(taken) => {
                let title = format!("{}: {}", self.name(), taken.label());
                Some(Notification {
                    summary: format!("{} still rings. Asked for {}.", self.name(), step(taken)),
                    facts: self.tasks().into_iter().chain(self.changes()).collect(),
                    ..self.message(Severity::Warning, &key(taken.label()), &title)
                })
            }
            Deed::Nothing(why @ (Why::LimitReached { .. } | Why::TooLong { .. })) => {
                let title = format!("{} needs a person", self.name());
                Some(Notification {
                    key: self.person(deed)?,
                    summary: format!("{} still rings, and nothing more is done about it: {why}.", self.name()),
                    facts: [("since".to_owned(), format_time(since))]
                        .into_iter()
                        .chain(self.tasks())
                        .chain(self.changes())
                        .collect(),
                    next_steps: self.where_to_look(since),
                    ..self.message(Severity::Critical, "person", &title)
                })
            }
            Deed::Nothing(_) | Deed::Would(_) | Deed::Failed(..) => None,
        }
    }

    /// The key under which it is told that nothing more is done by itself: once for each ring.
    pub fn person(&self, deed: &Deed) -> Option<String> {
        let Deed::Nothing(why @ (Why::LimitReached { .. } | Why::TooLong { .. })) = deed else { return None };
        Some(format!("alarm/{}/person/{}/{}", self.policy.name, self.record.ringing_since()?, why.label()))
    }

    /// What is wrong, in plain words: the first sentence of the alarm's own description, and the figure.
    fn plain(&self) -> String {
        let sighting = self.record.sighting.as_ref();
        let description = sighting.map_or("", |sighting| sighting.description.trim());
        let end = description.find(". ").map_or(description.len(), |end| end + 1);
        let first = match &description[..end] {
            "" => format!("The alarm {} rings.", self.policy.name),
            sentence => format!("{}.", sentence.trim_end_matches('.')),
        };
        match sighting.and_then(|sighting| sighting.measured.as_ref()).and_then(figure) {
            Some(figure) => format!("{first} {figure}."),
            None => first,
        }
    }

    fn measured(&self) -> Vec<(String, String)> {
        let Some(sighting) = &self.record.sighting else { return Vec::new() };
        let measured = sighting.measured.clone().unwrap_or_default();
        let mut facts = Vec::new();
        if !measured.what.is_empty() {
            facts.push(("measured".to_owned(), measured.what));
        }
        if !measured.children.is_empty() {
            facts.push(("made of".to_owned(), measured.children.join(", ")));
        }
        if facts.is_empty() && !sighting.reason.is_empty() {
            facts.push(("reason".to_owned(), sighting.reason.clone()));
        }
        facts
    }

    fn tasks(&self) -> Vec<(String, String)> {
        let text = |place: &&Place| match place.tasks() {
            Some((running, desired)) => format!("{} runs {running} of {desired}", place.policy.name),
            None => format!("it is not known what {} runs", place.policy.name),
        };
        self.places.iter().map(|place| ("tasks".to_owned(), text(place))).collect()
    }

    /// What was done in the last hour, newest first; it is the usual reason.
    fn changes(&self) -> Vec<(String, String)> {
        let several = self.places.len() > 1;
        let of_service = |place: &&Place| {
            let name = if several { format!("{}: ", place.policy.name) } else { String::new() };
            let line =
                move |event: &Event| (event.at, format!("{name}{}: {}", event.what.replace('_', " "), event.why));
            place.changes(self.now).map(line).collect::<Vec<_>>()
        };
        let mut changes: Vec<(Timestamp, String)> = self.places.iter().flat_map(of_service).collect();
        if let Some(update) = self.record.updating.filter(|update| update.at + LAST > self.now) {
            let what = if update.on_its_way { "stack update began" } else { "stack update ended" };
            changes.push((update.at, what.to_owned()));
        }
        changes.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let fact = |text: String| ("changed".to_owned(), text);
        let line = |(at, what): (Timestamp, String)| fact(format!("{} {what}", at.strftime("%H:%M")));
        let names: Vec<&str> = self.places.iter().map(|place| place.policy.name.as_str()).collect();
        match changes.is_empty() {
            true if names.is_empty() => Vec::new(),
            true => vec![fact(format!("nothing about {} in the last hour", names.join(" and ")))],
            false => changes.into_iter().take(CHANGES).map(line).collect(),
        }
    }

    fn remedy(&self, deed: &Deed) -> String {
        match deed {
            Deed::Asked(taken) => format!("asked for {}", step(taken)),
            Deed::Failed(wanted, error) => format!("could not ask for {}: {error}; it is tried again", step(wanted)),
            Deed::Would(wanted) => format!("none, as this is a dry run; it would be {}", step(wanted)),
            Deed::Nothing(why) => format!("none: {why}"),
        }
    }

    /// Remedies that were asked for since then.
    fn asked_since(&self, since: Timestamp) -> Option<(String, String)> {
        let taken = self.record.taken.iter().rev().filter(|taken| taken.at >= since);
        let told: Vec<String> =
            taken.map(|taken| format!("{} at {}", taken.what, taken.at.strftime("%H:%M"))).collect();
        (!told.is_empty()).then(|| ("asked for".to_owned(), told.join(", ")))
    }

    fn next(&self, deed: &Deed, since: Timestamp) -> Vec<String> {
        let person = match deed {
            Deed::Nothing(why) if why.needs_a_person() => {
                Some("A person is needed: nothing is done about it by itself.".to_owned())
            }
            Deed::Asked(Step::Rollback { .. }) => {
                Some("The rollout function tells when the rollback is done.".to_owned())
            }
            Deed::Nothing(_) | Deed::Would(_) | Deed::Asked(_) | Deed::Failed(..) => None,
        };
        person.into_iter().chain(self.where_to_look(since)).collect()
    }

    fn where_to_look(&self, since: Timestamp) -> Vec<String> {
        let groups = self.places.iter().filter_map(|place| self.alarms.logs.get(&place.policy.name));
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
            Urgency::Critical => Severity::Critical,
            Urgency::Warning => Severity::Warning,
        }
    }

    fn since(&self) -> Timestamp {
        self.record.ringing_since().unwrap_or(self.now)
    }

    fn message(&self, severity: Severity, key: &str, title: &str) -> Notification {
        let thread = format!("alarm/{}", self.policy.name);
        Notification::new(&self.fleet.title(), severity, &format!("{thread}/{key}"), &thread, title)
    }
}

/// What is asked for, in words.
pub(crate) fn step(step: &Step) -> String {
    match step {
        Step::Boost { boost, .. } => {
            format!("at least {} tasks until {}", boost.min, format_time(boost.expiry.at))
        }
        Step::Restart => "a restart: new tasks of what runs, one after the other".into(),
        Step::Rollback { release, back_to, .. } => format!("a rollback from {release} to {back_to}"),
    }
}

/// `The last figure is 23, greater than the threshold 10`, as far as it is known.
fn figure(measured: &Measured) -> Option<String> {
    let figure = measured.figure.as_ref()?;
    Some(match (&measured.comparison, &measured.threshold) {
        (Some(comparison), Some(threshold)) => format!("It is {figure}, {comparison} the threshold of {threshold}"),
        (None, Some(threshold)) => format!("It is {figure}; the threshold is {threshold}"),
        (_, None) => format!("It is {figure}"),
    })
}

#[cfg(test)]
mod tests;
