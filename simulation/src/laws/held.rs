//! Laws about what holds the automation back, and what it must not hold back: freezes, holds, and the updates of a stack.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::lookup::{known, policy_of, service_of};
use super::remembered::{Asked, Force, Held};
use super::watch::{Broken, Watch, broken};
use crate::engine::Engine;
use crate::journal::{Entry, What};
use crate::people::span;

const LAW_OF_CAPACITY: &str = "a hold and a freeze keep the capacity as it is";

/// Clocks differ by so much at most.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    match &entry.what {
        What::World(text) => stack(watch, engine, text),
        What::Begins { invocation, function: function @ ("rollout" | "capacity"), payload } => {
            let services = engine.account().services();
            begins(&mut watch.held, (*invocation, function, payload), entry.at, services);
            Ok(())
        }
        What::Ends { invocation, function: function @ ("rollout" | "capacity"), result } => {
            // It has looked, and left alone what it could have changed.
            if *function == "capacity" && watch.held.force.values().any(|force| force.until > entry.at) {
                watch.meets(LAW_OF_CAPACITY);
            }
            ends(&mut watch.held, *invocation, result.is_ok(), entry.at);
            Ok(())
        }
        What::Call { invocation, function, service, operation, input, answer: Ok(_), .. } => {
            match (*function, *service, operation.as_str()) {
                ("rollout", "ecs", "UpdateService") => frozen(watch, engine, (*invocation, input), entry.at),
                ("capacity", "ecs", "UpdateService") | ("capacity", "application-autoscaling", _)
                    if !operation.starts_with("Describe") =>
                {
                    unchanged(watch, engine, (*invocation, operation, input), entry.at)
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn begins(held: &mut Held, (invocation, function, payload): (u64, &str, &Value), at: Timestamp, services: Vec<String>) {
    let text = |field: &str| payload[field].as_str();
    held.open.insert(invocation, text("by").unwrap_or_default().to_owned());
    let named = match service_of(payload) {
        Some(service) => vec![service.to_owned()],
        None => services,
    };
    let (kind, ends) = match (function, text("action")) {
        ("rollout", Some("freeze")) => ("freeze", false),
        ("rollout", Some("unfreeze")) => ("freeze", true),
        ("capacity", Some("hold")) if payload["budget"].is_null() => ("hold", true),
        ("capacity", Some("wake" | "sleep" | "resume")) if payload["budget"].is_null() => ("hold", true),
        _ => return,
    };
    let is_known = text("id").is_some_and(|id| held.ids.contains(id));
    if ends {
        for service in &named {
            held.force.remove(&(kind, service.clone()));
        }
        // What is answered while it ends may be in force or not.
        held.asked.retain(|_, asked| asked.kind != kind);
    }
    if is_known || !matches!(text("action"), Some("freeze" | "hold")) {
        return;
    }
    let asked = text("at").and_then(|at| at.parse().ok()).unwrap_or(at).min(at);
    if let Some(lasts) = text("until").and_then(span) {
        held.ids.extend(text("id").map(str::to_owned));
        held.asked.insert(invocation, Asked { kind, services: named, until: asked + lasts - SKEW });
    }
}

fn ends(held: &mut Held, invocation: u64, is_done: bool, at: Timestamp) {
    held.open.remove(&invocation);
    for force in held.force.values_mut() {
        force.before.remove(&invocation);
    }
    let Some(Asked { kind, services, until }) = held.asked.remove(&invocation).filter(|_| is_done) else { return };
    for service in services {
        let known = held.force.get(&(kind, service.clone())).filter(|known| known.until > at);
        // Of two the shorter one may be the newer one.
        let until = known.map_or(until, |known| known.until.min(until));
        held.force.insert((kind, service), Force { until, before: held.open.keys().copied().collect() });
    }
}

impl Held {
    /// Until when something is in force for a service, and was when the invocation began.
    fn until(&self, kind: &'static str, service: &str, invocation: u64, at: Timestamp) -> Option<Timestamp> {
        let force = self.force.get(&(kind, service.to_owned()))?;
        (force.until > at && !force.before.contains(&invocation)).then_some(force.until)
    }
}

/// While rollouts are frozen, a service gets no image that it never had, and nothing restarts it but a person: only a rollback is allowed.
fn frozen(watch: &mut Watch, engine: &Engine, (invocation, input): (u64, &Value), at: Timestamp) -> Result<(), Broken> {
    const LAW: &str = "a freeze holds new images";
    const LAW_OF_RESTARTS: &str = "a freeze holds restarts that no person asks for";
    let name = input["service"].as_str().unwrap_or_default();
    let Some(until) = watch.held.until("freeze", name, invocation, at) else { return Ok(()) };
    let Some(service) = policy_of(engine, name).and_then(|policy| known(engine, &policy)) else { return Ok(()) };
    if input["taskDefinition"].is_null() {
        watch.meets(LAW_OF_RESTARTS);
        let by = watch.held.open.get(&invocation).map_or("", String::as_str);
        let asked = !by.is_empty() && !by.starts_with("alarm ");
        if input["forceNewDeployment"] == true && !asked {
            let how = format!("{name} is restarted by `{by}` although it is frozen until {until}");
            return Err(broken(engine, LAW_OF_RESTARTS, how));
        }
        return Ok(());
    }
    watch.meets(LAW);
    let digests = |images: &[(String, String, Option<String>)]| -> BTreeSet<String> {
        let of = |(_, image, digest): &(String, String, Option<String>)| {
            digest.clone().or_else(|| image.split_once('@').map(|(_, digest)| digest.to_owned()))
        };
        images.iter().filter_map(of).collect()
    };
    let Some((newest, earlier)) = service.revisions.split_last() else { return Ok(()) };
    let ran: BTreeSet<String> = earlier.iter().flat_map(|revision| digests(&revision.images)).collect();
    // What was there before the installation is not new either, and may have had no revision that names it.
    let start = watch.progress.start;
    let is_new = |digest: &&String| engine.world.ecr.image(digest).is_none_or(|image| image.pushed_at > start);
    if let Some(new) = digests(&newest.images).difference(&ran).find(is_new) {
        let how = format!("{name} gets {} although rollouts are frozen until {until}", new.get(7..19).unwrap_or(new));
        return Err(broken(engine, LAW, how));
    }
    Ok(())
}

/// Under a hold or a freeze the capacity stays as it is.
fn unchanged(
    watch: &Watch,
    engine: &Engine,
    (invocation, operation, input): (u64, &str, &Value),
    at: Timestamp,
) -> Result<(), Broken> {
    let name = input["service"].as_str().or(input["ResourceId"].as_str()).unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    for kind in ["freeze", "hold"] {
        if let Some(until) = watch.held.until(kind, name, invocation, at) {
            let how = format!("{operation} of {name} under a {kind} until {until}: {input}");
            return Err(broken(engine, LAW_OF_CAPACITY, how));
        }
    }
    Ok(())
}

/// ECS and Application Auto Scaling take what a stack update writes, whatever the automation has changed.
fn stack(watch: &mut Watch, engine: &Engine, text: &str) -> Result<(), Broken> {
    const LAW: &str = "an update of the stack is not refused";
    let Some((_, status)) = text.strip_prefix("stack ").and_then(|text| text.split_once(": ")) else { return Ok(()) };
    if status.starts_with("UPDATE_COMPLETE ") || status.starts_with("UPDATE_ROLLBACK_IN_PROGRESS ") {
        watch.meets(LAW);
    }
    // That AWS CodeDeploy deploys the service, the template does not say.
    let other = status.contains("deployment controller");
    if status.starts_with("UPDATE_ROLLBACK_IN_PROGRESS ") && status.contains("Exception") && !other {
        return Err(broken(engine, LAW, status));
    }
    Ok(())
}
