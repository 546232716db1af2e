//! The daily digest: what requires action, what changed, what is in force, what comes next, what it cost.

mod action;
mod alarms;
mod budgets;
mod change;
mod day;
mod savings;
mod schedule;
mod services;

use planner::model::Usd;
use shared::notify::{Notification, Section, Severity};

#[cfg(test)]
pub(crate) use change::Area;
pub(crate) use change::Change;
use day::Lines;
pub(crate) use day::{Day, ServiceDay};

/// Builds the digest.
pub(crate) fn digest(day: &Day<'_>) -> Notification {
    let saved: Usd = day.services.iter().map(|service| service.counted.saved).sum();
    let spent: Usd = day.services.iter().map(|service| service.counted.spent).sum();
    let action = action::required(day);
    let changes = match day.changes.len() {
        0 => "no changes".to_owned(),
        1 => "1 change".to_owned(),
        n => format!("{n} changes"),
    };
    let to_do = match action.items.len() {
        0 => "no action required".to_owned(),
        1 => "action required on 1 item".to_owned(),
        n => format!("action required on {n} items"),
    };
    let earlier = match day.left_out() {
        0 => String::new(),
        n => format!(" The {n} earliest are in the log only."),
    };
    let sections = [
        ("Action required", action.items),
        ("Rollouts", services::rollouts(day)),
        ("Capacity", services::capacity(day)),
        ("Alarms", alarms::alarms(day)),
        ("Budgets", budgets::budgets(day)),
        ("Scheduled downtime, next 24 hours", schedule::schedule(day)),
        ("Cost and savings, estimated from list prices", savings::savings(day)),
    ];
    let sections = sections.into_iter().filter(|(_, facts)| !facts.is_empty());
    Notification {
        summary: format!(
            "Since {} (times in {}): {changes}, {to_do}.{earlier} Tasks cost {spent}, the automation saved {saved} \
             (estimates).",
            day.full(day.since),
            day.zone_name()
        ),
        sections: sections.map(|(title, facts)| section(day, title, facts)).collect(),
        next_steps: action.next_steps,
        ..Notification::new(
            &day.fleet.title(),
            Severity::Info,
            &format!("digest/{}", day.now),
            "digest",
            &format!("Digest: {to_do}, {changes}, {saved} saved"),
        )
    }
}

/// A section with its times in the zone of the digest: what is recorded names UTC.
fn section(day: &Day<'_>, title: &str, facts: Lines) -> Section {
    let facts = facts.into_iter().map(|(label, text)| (label, day.text(&text))).collect();
    Section { title: title.to_owned(), facts }
}
