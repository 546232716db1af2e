//! Rollouts and capacity: what changed, and what is in force now.

use planner::capacity::Reason;

use super::change::Area;
use super::day::{Day, Lines, ServiceDay};

/// Completed and failed rollouts, freezes and quarantined images.
pub(super) fn rollouts(day: &Day<'_>) -> Lines {
    let mut lines = day.changes(Area::Rollout);
    for service in &day.services {
        let name = &service.policy.name;
        if let Some(freeze) = service.rollout.freeze(day.now) {
            let reason = freeze.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            lines.push(now(format!("{name}: frozen by {} until {}{reason}", freeze.by, day.full(freeze.until))));
        }
        for quarantine in service.rollout.quarantine.iter().filter(|quarantine| quarantine.at <= day.since) {
            lines.push(now(format!(
                "{name}: image {} quarantined since {}",
                quarantine.image,
                day.full(quarantine.at)
            )));
        }
    }
    lines
}

/// Capacity changes, overrides, budget restrictions, boosts and Spot hold-downs.
pub(super) fn capacity(day: &Day<'_>) -> Lines {
    let in_force = day.services.iter().flat_map(|service| in_force(day, service));
    day.changes(Area::Capacity).into_iter().chain(in_force).collect()
}

fn in_force(day: &Day<'_>, service: &ServiceDay<'_>) -> Lines {
    let (name, facts) = (&service.policy.name, &service.facts);
    let mut lines = Vec::new();
    if let Some(requested) = facts.override_at(day.now) {
        let (kind, by, until) = (requested.kind, requested.expiry.by.clone(), requested.expiry.at);
        let reason = requested.reason.clone();
        lines.push(format!("{name}: {}", Reason::Override { kind, by, until, reason }.sentence(|at| day.full(at))));
    }
    if let Some(restriction) = facts.restriction_at(day.now) {
        let (percent, until) = (restriction.reached_percent, day.full(restriction.until));
        lines.push(format!("{name}: budget restriction until {until}, {percent} % of the budget reached"));
    }
    for boost in facts.boosts.values().filter(|boost| boost.expiry.at > day.now) {
        let (by, until) = (&boost.expiry.by, day.full(boost.expiry.at));
        lines.push(format!("{name}: boosted to at least {} tasks until {until} for alarm {by}", boost.min));
    }
    if let Some(retry) = facts.spot.retry_at.filter(|at| *at > day.now) {
        lines.push(format!("{name}: on-demand, Spot hold-down until {}", day.full(retry)));
    }
    lines.into_iter().map(now).collect()
}

fn now(line: String) -> (String, String) {
    ("now".to_owned(), line)
}
