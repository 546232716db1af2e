//! The daily digest.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use planner::alarm::{self, AnnouncedState};
use planner::budget;
use planner::capacity::{Facts, Reason, Savings, Target};
use planner::fleet::{Fleet, ServicePolicy};
use planner::model::Usd;
use planner::rollout;
use shared::ledger::Event;
use shared::notify::{Notification, Severity};

/// Most events that are listed; a day with more is told in the log.
const EVENTS: usize = 25;

/// Everything that a digest tells.
pub(crate) struct Day<'a> {
    pub fleet: &'a Fleet,
    /// Since when.
    pub since: Timestamp,
    pub now: Timestamp,
    /// Who or what, and what happened.
    pub events: Vec<(String, Event)>,
    pub services: Vec<ServiceDay<'a>>,
    /// What is known of each alarm, by its name.
    pub alarms: BTreeMap<String, alarm::Record>,
    /// What is known of each budget, by its name.
    pub budgets: BTreeMap<String, budget::Record>,
}

/// The day of one service.
pub(crate) struct ServiceDay<'a> {
    pub policy: &'a ServicePolicy,
    pub facts: Facts,
    pub rollout: rollout::Record,
    /// What was counted since the last digest.
    pub counted: Savings,
    /// What was counted in this month.
    pub month: Savings,
    /// When, whether it sleeps then, and why.
    pub coming: Vec<(Timestamp, Target, Reason)>,
}

impl Day<'_> {
    /// Is there nothing that a person could not have known?
    pub fn is_quiet(&self) -> bool {
        self.events.is_empty()
    }

    /// The clock of the people: that of the first service with a night.
    fn zone(&self) -> TimeZone {
        let zones = self.services.iter().filter_map(|service| service.policy.sleep.as_ref());
        zones.map(|sleep| sleep.zone.0.clone()).next().unwrap_or(TimeZone::UTC)
    }

    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone()).strftime("%a %H:%M").to_string()
    }

    fn full(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
    }
}

/// Tells a day.
pub(crate) fn digest(day: &Day<'_>) -> Notification {
    let saved: Usd = day.services.iter().map(|service| service.counted.saved).sum();
    let spent: Usd = day.services.iter().map(|service| service.counted.spent).sum();
    let happened = match day.events.len() {
        0 => "nothing happened".to_owned(),
        1 => "1 event".to_owned(),
        n => format!("{n} events"),
    };
    let mut facts: Vec<(String, String)> = Vec::new();
    // The newest are the ones that somebody who reads it may still do something about.
    let earlier = day.events.len().saturating_sub(EVENTS);
    if earlier > 0 {
        facts.push(("before".into(), format!("{earlier} more, in the log")));
    }
    for (name, event) in day.events.iter().skip(earlier) {
        facts.push((day.time(event.at), format!("{name}: {}", event.why)));
    }
    for service in &day.services {
        facts.extend(standing(day, service));
    }
    facts.extend(day.alarms.iter().filter_map(|(name, alarm)| not_quiet(day, name, alarm)));
    facts.extend(day.budgets.iter().flat_map(|(name, budget)| spending(day, name, budget)));
    for service in &day.services {
        let name = &service.policy.name;
        let (counted, month) = (&service.counted, &service.month);
        if counted.spent > Usd::default() || counted.saved > Usd::default() {
            let sums = format!(
                "cost {}, saved {}; in {} cost {}, saved {}",
                counted.spent, counted.saved, month.month, month.spent, month.saved
            );
            facts.push((format!("{name} (estimate)"), sums));
        }
    }
    let mut coming: Vec<(Timestamp, String)> = Vec::new();
    for service in &day.services {
        for (at, target, reason) in &service.coming {
            let what = match target {
                Target::ScaledToZero => "sleeps",
                Target::Running => "wakes",
            };
            let why = reason.sentence(|at| day.full(at));
            coming.push((*at, format!("{} {what}: {why}", service.policy.name)));
        }
    }
    coming.sort();
    facts.extend(coming.into_iter().map(|(at, what)| (format!("next, {}", day.time(at)), what)));
    Notification {
        summary: format!(
            "Since {}: {happened}. Tasks cost {spent} and {saved} was saved (estimates).",
            day.full(day.since)
        ),
        facts,
        ..Notification::new(
            &day.fleet.title(),
            Severity::Info,
            &format!("digest/{}", day.now),
            "digest",
            &format!("digest: {happened}, {saved} saved"),
        )
    }
}

/// What holds until somebody or something ends it.
fn standing(day: &Day<'_>, service: &ServiceDay<'_>) -> Vec<(String, String)> {
    let (name, facts) = (&service.policy.name, &service.facts);
    let mut lines = Vec::new();
    if let Some(freeze) = service.rollout.freeze(day.now) {
        let why = freeze.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        lines.push(("frozen".into(), format!("{name} until {} by {}{why}", day.full(freeze.until), freeze.by)));
    }
    for quarantine in &service.rollout.quarantine {
        lines.push(("in quarantine".into(), format!("{} of {}", quarantine.image, quarantine.repository)));
    }
    if let Some(manual) = &facts.manual_override {
        let (want, by, until) = (manual.kind, manual.expiry.by.clone(), manual.expiry.at);
        let why = Reason::Override { kind: want, by, until }.sentence(|at| day.full(at));
        lines.push(("overridden".into(), format!("{name}: {why}")));
    }
    if let Some(restriction) = &facts.budget {
        let (percent, until) = (restriction.reached_percent, day.full(restriction.until));
        lines.push(("held by the budget".into(), format!("{name}: {percent} % is spent, until {until}")));
    }
    for boost in facts.boosts.values() {
        let (by, until) = (&boost.expiry.by, day.full(boost.expiry.at));
        lines.push(("boosted".into(), format!("{name}: at least {} tasks for {by}, until {until}", boost.min)));
    }
    if let Some(retry) = facts.spot.retry_at.filter(|at| *at > day.now) {
        lines.push(("without Spot".into(), format!("{name}: tried again at {}", day.full(retry))));
    }
    lines
}

/// What people would hear, or do not hear, of an alarm that is not quiet.
fn not_quiet(day: &Day<'_>, name: &str, alarm: &alarm::Record) -> Option<(String, String)> {
    let line = |label: &str, what: String| Some((label.to_owned(), format!("{name}{what}")));
    match &alarm.announced {
        AnnouncedState::Nothing => None,
        AnnouncedState::Alarm { since } => line("rings", format!(" since {}", day.full(*since))),
        AnnouncedState::Flapping { since } => {
            line("muted", format!(" comes and goes since {}; told when it is quiet", day.full(*since)))
        }
        AnnouncedState::Explained { since, by } => line("muted", format!(" rings since {}: {by}", day.full(*since))),
        AnnouncedState::NoData { since } => line("without data", format!(" since {}", day.full(*since))),
    }
}

/// How a budget stands, and what a person changed of it.
fn spending(day: &Day<'_>, name: &str, budget: &budget::Record) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    if let (Some(figure), Some(limit)) = (&budget.figure, &budget.limit) {
        let percent = budget.percent();
        lines.push(("spent".to_owned(), format!("{name}: {figure} of {limit} ({percent} %)")));
    }
    if let Some(doubted) = &budget.doubted {
        let (figure, since) = (&doubted.figure, day.full(doubted.since));
        lines.push(("not believed".into(), format!("{name}: {figure}, since {since}: {}", doubted.doubt)));
    }
    if let Some(hold) = budget.hold.as_ref().filter(|hold| hold.until > day.now) {
        let (by, until) = (&hold.by, day.full(hold.until));
        lines.push(("overridden".into(), format!("{name}: {by} keeps all tiers off until {until}")));
    }
    if let Some(release) = &budget.released {
        let (by, up_to) = (&release.by, release.up_to);
        lines.push(("overridden".into(), format!("{name}: {by} ended the tiers up to {up_to} % for this period")));
    }
    lines
}
