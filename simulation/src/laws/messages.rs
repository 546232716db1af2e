//! Laws about messages: no secret in them, each sent once, and no ALARM message for the automation's own changes.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::referee::in_force;
use super::watch::{Broken, Watch, broken};
use super::written::Written;
use crate::account::SECRET;
use crate::engine::Engine;
use crate::journal::{Entry, Message, What};
use crate::people::Act;
use crate::world::behaviour::Behaviour;

/// How long an alarm may follow what has ended: evaluation, a rollout, a tick.
const FOLLOWS: SignedDuration = SignedDuration::from_hours(3);

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry, written: Option<&Written>) -> Result<(), Broken> {
    let text = match &entry.what {
        What::Message(message) => format!("{}\n{}\n{}", message.subject, message.text, message.chat),
        What::Log { line, .. } => line.clone(),
        What::Ends { result, .. } => result.as_ref().map_or_else(Clone::clone, Value::to_string),
        What::World(text) => {
            if let Some(Ok(act)) = text.split_once(": ").map(|(_, act)| act.parse::<Act>())
                && let Some((service, lasts)) = trouble(&act)
            {
                let until = lasts.map_or(Timestamp::MAX, |lasts| entry.at + lasts + FOLLOWS);
                let known = watch.messages.trouble.entry(service).or_insert(until);
                *known = until.max(*known);
            }
            return Ok(());
        }
        // What the ledger keeps is shown to people later.
        _ => written.map(|written| written.item.to_string()).unwrap_or_default(),
    };
    if text.is_empty() {
        return Ok(());
    }
    watch.meets("no secret in a message, log or answer");
    if text.contains(SECRET) {
        return Err(broken(engine, "no secret in a message, log or answer", text));
    }
    let What::Message(message) = &entry.what else { return Ok(()) };
    let chat: Value = serde_json::from_str(&message.chat).unwrap_or_default();
    let id = format!("{} {}", message.subject, chat["id"].as_str().unwrap_or_default());
    if !watch.messages.calm {
        return Ok(());
    }
    watch.meets("a message is sent once on a good day");
    let sent = watch.messages.sent.entry(id.clone()).or_default();
    *sent += 1;
    if *sent > 1 {
        return Err(broken(engine, "a message is sent once on a good day", format!("{sent} times: {id}")));
    }
    if !message.subject.starts_with("ALARM") {
        return Ok(());
    }
    watch.meets("no ALARM message for the automation's own changes");
    if !is_troubled(watch, engine, message, entry.at) {
        let how = format!("{}\n{}", message.subject, message.text);
        return Err(broken(engine, "no ALARM message for the automation's own changes", how));
    }
    Ok(())
}

/// Is there a reason for an alarm of the service that a subject names, or of any service where it names none?
fn is_troubled(watch: &Watch, engine: &Engine, message: &Message, at: Timestamp) -> bool {
    let mut lasting = watch.messages.trouble.iter().filter(|(_, until)| **until > at).map(|(service, _)| service);
    let named = engine.account().services().into_iter().find(|name| message.subject.contains(name));
    lasting.any(|service| service.is_empty() || named.as_ref().is_none_or(|name| name == service))
}

/// What is a reason for an alarm: the service, or an empty name for all, and how long, where it has an end.
fn trouble(act: &Act) -> Option<(String, Option<SignedDuration>)> {
    match act {
        Act::Push { service, behaviour, .. } => {
            let is_bad = !behaviour.serves() || *behaviour == Behaviour::ErrsUnderTraffic;
            is_bad.then(|| (service.clone(), None))
        }
        Act::Load { service, lasts, .. }
        | Act::Errors { service, lasts }
        | Act::SecretMissing { service, lasts }
        | Act::UpdatesRefused { service, lasts } => Some((service.clone(), Some(*lasts))),
        Act::OnDemandShort { lasts } | Act::Deny { lasts, .. } => Some((String::new(), Some(*lasts))),
        Act::NoData { service, lasts } | Act::Schedule { service, lasts, .. } => Some((service.clone(), Some(*lasts))),
        Act::Flap { service, .. } | Act::StopTask { service } => Some((service.clone(), Some(FOLLOWS))),
        Act::SetAlarm { alarm } => {
            let service = alarm.rsplit_once('-').map_or("", |(service, _)| service);
            Some((service.to_owned(), Some(SignedDuration::ZERO)))
        }
        // Under a freeze the capacity is as it was, also where Spot has none.
        Act::Request(request) if request["action"] == "freeze" => {
            let service = request["service"].as_str().unwrap_or_default().to_owned();
            Some((service, Some(in_force(request))))
        }
        // Where a freeze keeps the count that a template sets.
        Act::DeployStack { .. } => Some((String::new(), Some(SignedDuration::from_hours(26)))),
        Act::DeleteImage { service }
        | Act::ConsoleCount { service, .. }
        | Act::ConsoleRevision { service, .. }
        | Act::Retire { service, .. } => Some((service.clone(), None)),
        _ => None,
    }
}
