//! What changed since the previous digest, read from the histories in the ledger.

use jiff::Timestamp;
use planner::rollout;
use shared::Result;
use shared::ledger::{Event, Item};

/// Actions and reasons of every normal day, and the steps of a rollout: its end gives their result.
const ROUTINE: [(Area, &[&str]); 3] = [
    (Area::Rollout, &["roll", "update", "adopt", "stage"]),
    (Area::Capacity, &["scheduled_downtime", "baseline"]),
    (Area::Alarm, &["record"]),
];

/// One entry of a history in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub at: Timestamp,
    /// The section that lists it.
    pub area: Area,
    /// What and why, with the name of the service, alarm or budget.
    pub text: String,
}

/// The section that lists a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// Images of a service.
    Rollout,
    /// Capacity of a service.
    Capacity,
    /// Announcements about an alarm.
    Alarm,
    /// Tiers and figures of a budget.
    Budget,
}

impl Change {
    /// The changes after `since` and up to `now`, oldest first, routine left out.
    ///
    /// # Errors
    /// `Invalid` when a record is not what this version writes.
    pub fn between(items: &[Item], since: Timestamp, now: Timestamp) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for item in items {
            let area = area(item)?;
            let recent = item.history.iter().filter(|event| event.at > since && event.at <= now);
            changes.extend(recent.filter(|event| !is_routine(area, event)).map(|event| change(item, area, event)));
        }
        changes.sort_by_key(|change| change.at);
        Ok(changes)
    }
}

fn area(item: &Item) -> Result<Area> {
    Ok(match item.subject.split_once('/') {
        Some(("alarm", _)) => Area::Alarm,
        Some(("budget", _)) => Area::Budget,
        _ if item.record::<rollout::Record>()?.is_some() => Area::Rollout,
        _ => Area::Capacity,
    })
}

fn is_routine(area: Area, event: &Event) -> bool {
    let routine =
        |labels: &[&str]| [&event.action, &event.reason_label].iter().any(|own| labels.contains(&own.as_str()));
    ROUTINE.iter().any(|(own, labels)| *own == area && routine(labels))
}

fn change(item: &Item, area: Area, event: &Event) -> Change {
    // Of a service the name without its cluster; other names may have any number of slashes.
    let name = match area {
        Area::Rollout | Area::Capacity => item.name(),
        Area::Alarm | Area::Budget => item.subject.split_once('/').map_or(item.name(), |(_, name)| name),
    };
    // The reason of a rollout names the service already.
    let text = match event.reason.contains(name) {
        true => event.reason.clone(),
        false => format!("{name}: {}", event.reason),
    };
    Change { at: event.at, area, text }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::json;

    use super::*;

    #[test]
    fn routine_and_the_steps_of_a_rollout_are_left_out() {
        let at = |minute: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        let labelled = |minute: i64, (action, reason): (&str, &str), why: &str| Event {
            at: at(minute),
            action: action.into(),
            reason_label: reason.into(),
            reason: why.into(),
        };
        let event = |minute: i64, what: &str, why: &str| labelled(minute, (what, ""), why);
        let item = |subject: &str, kind: &str, history: Vec<Event>| {
            Item::read(subject.to_owned(), kind.to_owned(), json!({ "history": history })).unwrap()
        };
        let rolled =
            vec![event(9, "complete", "web runs v2"), event(8, "roll", "a push"), event(1, "complete", "web runs v1")];
        let items = [
            item("service/prod/web", "rollout", rolled),
            item(
                "service/prod/web",
                "capacity",
                vec![labelled(7, ("scale_out", "boost"), "2 -> 3"), labelled(6, ("scale_in", "baseline"), "3 -> 2")],
            ),
            item("alarm/errors", "alarm", vec![event(7, "announce_alarm", "in ALARM"), event(6, "record", "OK")]),
        ];
        let changes = Change::between(&items, at(5), at(60)).unwrap();
        let listed: Vec<(Area, &str)> = changes.iter().map(|change| (change.area, change.text.as_str())).collect();
        let expected =
            [(Area::Capacity, "web: 2 -> 3"), (Area::Alarm, "errors: in ALARM"), (Area::Rollout, "web runs v2")];
        assert_eq!(listed, expected);
    }
}
