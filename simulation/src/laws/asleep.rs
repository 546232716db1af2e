//! A law about scheduled downtime: asleep means 0, all the time and not only in the end.

use jiff::{SignedDuration, Timestamp};

use super::lookup::known;
use super::referee::{in_force, sleeps_at};
use super::watch::{Broken, Watch, broken};
use crate::engine::Engine;
use crate::journal::{Entry, What};
use crate::people::Act;

/// From the begin of scheduled downtime, or the end of what keeps it away, to the desired count of 0: on a good day and on a bad one.
const WITHIN: [SignedDuration; 2] = [SignedDuration::from_mins(20), SignedDuration::from_mins(75)];

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    match &entry.what {
        What::World(text) => {
            if let Some((service, lasts)) = reason(text) {
                let until = watch.asleep.awake.entry(service).or_default();
                *until = (*until).max(entry.at + lasts);
            }
            Ok(())
        }
        // A first start, which may come long after its push.
        What::Call { function: "rollout", operation, input, answer: Ok(_), .. }
            if operation == "UpdateService" && input["desiredCount"].as_i64() > Some(0) =>
        {
            let service = input["service"].as_str().unwrap_or_default().to_owned();
            let until = watch.asleep.awake.entry(service).or_default();
            *until = (*until).max(entry.at);
            Ok(())
        }
        What::Ends { function: "capacity", .. } => sleeping(watch, engine, entry.at),
        _ => Ok(()),
    }
}

/// Which service something keeps awake, and for how long.
fn reason(text: &str) -> Option<(String, SignedDuration)> {
    if text.starts_with("stack ") {
        return Some((String::new(), SignedDuration::ZERO));
    }
    match text.split_once(": ")?.1.parse::<Act>().ok()? {
        Act::Request(request) => {
            let service = request["service"].as_str().unwrap_or_default().to_owned();
            Some((service, in_force(&request)))
        }
        Act::ConsoleCount { service, .. } | Act::ConsoleRevision { service, .. } => {
            Some((service, SignedDuration::ZERO))
        }
        Act::UpdatesRefused { service, lasts } => Some((service, lasts)),
        Act::LedgerDown { lasts } | Act::Deny { lasts, .. } => Some((String::new(), lasts)),
        _ => None,
    }
}

fn sleeping(watch: &mut Watch, engine: &Engine, at: Timestamp) -> Result<(), Broken> {
    const LAW: &str = "a service runs nothing in its scheduled downtime";
    let within = WITHIN[usize::from(!watch.messages.is_calm())];
    if watch.progress.dry_run || watch.progress.installed || at < watch.progress.start + within {
        return Ok(());
    }
    for policy in engine.account().policies() {
        let name = policy["name"].as_str().unwrap_or_default();
        let for_long =
            (0..=within.as_mins()).step_by(5).all(|past| sleeps_at(&policy, at - SignedDuration::from_mins(past)));
        let is_awake = |service: &str| watch.asleep.awake.get(service).is_some_and(|until| *until + within > at);
        if !for_long || is_awake(name) || is_awake("") {
            continue;
        }
        let Some(service) = known(engine, &policy) else { continue };
        watch.meets(LAW);
        if service.desired > 0 {
            let how = format!("{name} has a desired count of {} although it should sleep", service.desired);
            return Err(broken(engine, LAW, how));
        }
    }
    Ok(())
}
