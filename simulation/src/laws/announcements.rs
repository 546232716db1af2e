//! A law about messages that must come: every change that people have to know of is announced, whatever was lost.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::ledger::items;
use super::lookup::{known, policy_of, service_of};
use super::remembered::Due;
use super::watch::{Broken, Watch, broken};
use super::written::Written;
use crate::engine::Engine;
use crate::journal::{Entry, What};
use crate::people::Act;

const LAW: &str = "what people have to know is announced";

/// What is recorded is announced by the invocation that recorded it, or by the next tick.
const RECORDED: [SignedDuration; 2] = [SignedDuration::from_mins(10), SignedDuration::from_mins(65)];
/// What begins is announced when it has ended, or is overdue: the deadline of a rollout is 30 minutes, that of a start or a drain less.
const BEGUN: [SignedDuration; 2] = [SignedDuration::from_mins(75), SignedDuration::from_mins(130)];
/// A start that ECS refuses is announced when it is overdue, which the fleet has after half an hour at most.
const REFUSED: [SignedDuration; 2] = [SignedDuration::from_mins(60), SignedDuration::from_mins(100)];
/// The budget function has an hourly tick, and waits for two of them where a restriction cannot be written.
const BY_BUDGET: [SignedDuration; 2] = [SignedDuration::from_mins(65), SignedDuration::from_mins(200)];

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry, written: Option<&Written>) -> Result<(), Broken> {
    let calm = usize::from(!watch.messages.is_calm());
    match &entry.what {
        What::Message(message) => heard(watch, &message.subject, entry.at),
        What::World(text) => happens(watch, engine, text),
        What::Begins { function: "rollout" | "capacity", payload, .. } if payload["by"].is_string() => {
            // Who asks for something has a hand in it.
            let service = service_of(payload);
            watch
                .announcements
                .due
                .retain(|due| due.kind != "capacity" || service.is_some_and(|service| service != due.service));
        }
        What::Call { function, operation, input, answer: Ok(_), .. } if operation == "UpdateService" => {
            begun(watch, engine, (function, input), entry.at, calm);
        }
        What::Call { function: "capacity", operation, input, answer: Err(failure), .. }
            if operation == "UpdateService" && failure.code == "InvalidParameterException" =>
        {
            let service = input["service"].as_str().unwrap_or_default();
            // Once: it is requested at each tick from then on.
            if input["desiredCount"].as_i64() > Some(0) && watch.announcements.zero.remove(service) {
                let until = entry.at + REFUSED[calm];
                push(watch, ("capacity", service), "its start is refused", until, started(service));
            }
        }
        What::Ends { .. } => return overdue(watch, engine, entry.at),
        _ => {}
    }
    if let Some(written) = written {
        recorded(watch, written, entry.at, calm);
    }
    Ok(())
}

fn heard(watch: &mut Watch, subject: &str, at: Timestamp) {
    let is_it = |due: &Due| due.subjects.iter().any(|begin| subject.starts_with(begin.as_str()));
    // A restriction of several services is one message.
    watch.announcements.due.retain(|due| due.kind != "budget" || !is_it(due));
    // Each other message is about one of them, the oldest of those that fewest subjects announce; what began and was recorded
    // too is announced by the same.
    let kinds: BTreeSet<&str> = watch.announcements.due.iter().filter(|due| is_it(due)).map(|due| due.kind).collect();
    for kind in kinds {
        let of_kind = watch.announcements.due.iter().enumerate().filter(|(_, due)| due.kind == kind && is_it(due));
        if let Some((place, _)) = of_kind.min_by_key(|(_, due)| due.subjects.len()) {
            watch.announcements.due.remove(place);
            watch.meets(LAW);
        }
    }
    watch.announcements.sent.push((at, subject.to_owned()));
}

/// What a person or a stack update does takes the place of what the automation began.
fn happens(watch: &mut Watch, engine: &Engine, text: &str) {
    if text.starts_with("a person updates the stack") {
        watch.announcements.due.retain(|due| matches!(due.kind, "recorded" | "budget"));
    }
    let act = text.split_once(": ").and_then(|(_, act)| act.parse::<Act>().ok());
    if let Some(Act::ConsoleRevision { service, .. } | Act::ConsoleCount { service, .. }) = act {
        watch.announcements.due.retain(|due| matches!(due.kind, "recorded" | "budget") || due.service != service);
    }
    if is_refused(engine) {
        watch.announcements.refused = Some(engine.now());
    }
}

/// An update of a service begins something whose end is announced.
fn begun(watch: &mut Watch, engine: &Engine, (function, input): (&str, &Value), at: Timestamp, calm: usize) {
    let service = input["service"].as_str().unwrap_or_default().to_owned();
    // The SDK repeats an update whose answer was lost, and the second one begins nothing. What is staged is announced once,
    // however often others come in between.
    let known = policy_of(engine, &service).and_then(|policy| known(engine, &policy));
    let begins = known.is_some_and(|service| service.desired > 0 && service.primary().created_at == engine.now());
    if function == "rollout" && input["taskDefinition"].is_string() && begins {
        let subjects = ROLLOUT.map(|begin| format!("{begin}: {service}")).into();
        push(watch, ("rollout", &service), "a rollout began", at + BEGUN[calm], subjects);
    }
    if function != "capacity" {
        return;
    }
    match input["desiredCount"].as_i64() {
        // What is scaled to zero before its first state is recorded may be found so by another invocation, whose first look it is.
        Some(0) if watch.announcements.zero.insert(service.clone()) && is_awake(engine, &service) => {
            let subjects = ["Scaled to zero", "Scale to zero overdue"].map(|begin| format!("{begin}: {service}"));
            push(watch, ("capacity", &service), "it is scaled to zero", at + BEGUN[calm], subjects.into());
        }
        Some(1..) if watch.announcements.zero.remove(&service) => {
            push(watch, ("capacity", &service), "it is started", at + BEGUN[calm], started(&service));
        }
        _ => {}
    }
    if input["capacityProviderStrategy"].is_array() && moved(engine, &service) {
        let lately = |(sent, subject): &(Timestamp, String)| {
            *sent + BEGUN[1] >= at && subject.starts_with(&format!("Move failed: {service}"))
        };
        if !watch.announcements.sent.iter().rev().take(50).any(lately) {
            let subjects = MOVES.map(|begin| format!("{begin}: {service}")).into();
            push(watch, ("move", &service), "it moves to another capacity provider", at + BEGUN[calm], subjects);
        }
    }
}

/// What announces a start, or that there is none.
fn started(service: &str) -> Vec<String> {
    ["Running again", "Start overdue"].map(|begin| format!("{begin}: {service}")).into()
}

/// Does a service run, or start, as far as the ledger knows? One that others start while it is scaled to zero does not.
fn is_awake(engine: &Engine, service: &str) -> bool {
    let own = |pk: &str, sk: &str| sk == "capacity" && pk.ends_with(&format!("/{service}"));
    let awake = |item: &Value| item["state"]["running"].is_object() || item["state"]["starting"].is_object();
    items(engine).iter().any(|(pk, sk, item)| own(pk, sk) && awake(item))
}

const ROLLOUT: [&str; 11] = [
    "Rollout complete",
    "Rollback complete",
    "Drift correction complete",
    "Rollout failed",
    "Rollback failed",
    "Drift correction failed",
    "Rollout staged",
    "Rollback staged",
    "Drift correction staged",
    "Rollout result unknown",
    "Rollout overdue",
];
const MOVES: [&str; 5] = [
    "Moving to on-demand",
    "Moving to Fargate Spot",
    "Move failed",
    "No Spot capacity",
    "On demand for lack of Spot capacity",
];

fn push(watch: &mut Watch, (kind, service): (&'static str, &str), what: &str, until: Timestamp, subjects: Vec<String>) {
    watch.announcements.due.retain(|due| due.kind != kind || due.service != service);
    watch.announcements.due.push(Due { kind, service: service.to_owned(), what: what.to_owned(), until, subjects });
}

/// Has the newest revision of a service another strategy than the one before it?
fn moved(engine: &Engine, service: &str) -> bool {
    let service = policy_of(engine, service).and_then(|policy| known(engine, &policy));
    let revisions = service.map(|service| &service.revisions[..]).unwrap_or_default();
    matches!(revisions, [.., before, last] if before.strategy != last.strategy)
}

/// Was the deployment of the newest release announced as complete by then?
fn was_complete(written: &Written) -> bool {
    let deployment = written.item["releases"][0]["deployment"].as_str().unwrap_or_default();
    let key = format!("completed/{deployment}");
    written.before["announced_keys"].as_array().into_iter().flatten().any(|known| *known == key.as_str())
}

/// What is recorded is announced.
fn recorded(watch: &mut Watch, written: &Written, at: Timestamp, calm: usize) {
    let service = written.name().to_owned();
    let events: Vec<Value> = written.events().cloned().collect();
    for event in events {
        let (action, label) = (event["action"].as_str().unwrap_or_default(), &event["reason_label"]);
        let what = format!("{} recorded `{action}` ({})", written.sk, label.as_str().unwrap_or_default());
        let begins: &[&str] = match (written.sk.as_str(), action) {
            // ECS may roll back to a deployment that was announced as complete before.
            ("rollout", "complete") if was_complete(written) => {
                watch.announcements.due.retain(|due| due.kind != "rollout" || due.service != service);
                continue;
            }
            ("rollout", "complete") => &["Rollout complete", "Rollback complete", "Drift correction complete"],
            // What the environment prevents again and again has been announced.
            ("rollout", "fail" | "recover") if written.item["postponed"]["attempts"].as_i64() > Some(1) => {
                watch.announcements.due.retain(|due| due.kind != "rollout" || due.service != service);
                continue;
            }
            ("rollout", "fail") => &["Rollout failed", "Rollback failed", "Drift correction failed"],
            // What was to be rolled back from is there again.
            ("rollout", "recover") => &["Rollback complete", "Rollback failed"],
            ("rollout", "abandon") => &["Rollback failed", "Drift correction failed"],
            ("rollout", "freeze") => &["Freeze"],
            ("rollout", "unfreeze") => &["Freeze ended"],
            ("capacity", "hold") => &["Capacity on hold"],
            // When the capacity follows, it has been announced.
            ("capacity", "scale_in" | "scale_out" | "update") => continue,
            ("capacity", _) if label == "budget" => {
                let sent = watch.announcements.sent.iter().rev().take(50);
                let lately = |(sent, subject): &(Timestamp, String)| {
                    *sent + BY_BUDGET[1] >= at && subject.starts_with("Budget ")
                };
                if !sent.into_iter().any(lately) {
                    push(watch, ("budget", &service), &what, at + BY_BUDGET[calm], vec!["Budget ".to_owned()]);
                }
                continue;
            }
            _ => continue,
        };
        let subjects = begins.iter().map(|begin| format!("{begin}: {service}")).collect();
        let until = at + RECORDED[calm];
        watch.announcements.due.push(Due { kind: "recorded", service: service.clone(), what, until, subjects });
    }
}

/// Can no message be sent at the moment? Calls that are denied hinder what has to be announced of, too.
fn is_refused(engine: &Engine) -> bool {
    engine.weather.refused_messages >= 1.0 || engine.world.sns.deleted || !engine.denied.is_empty()
}

fn overdue(watch: &mut Watch, engine: &Engine, at: Timestamp) -> Result<(), Broken> {
    if is_refused(engine) {
        watch.announcements.refused = Some(at);
    }
    let Some(place) = watch.announcements.due.iter().position(|due| due.until <= at) else { return Ok(()) };
    watch.meets(LAW);
    let due = watch.announcements.due.remove(place);
    // No message arrives while the topic refuses it.
    if watch.announcements.refused.is_some_and(|refused| refused + RECORDED[1] + BEGUN[1] > at)
        || watch.progress.dry_run
    {
        return Ok(());
    }
    let how = format!("{}: {}, and no message says {}", due.service, due.what, due.subjects.join(" or "));
    Err(broken(engine, LAW, how))
}
