//! Laws about what holds the automation back, and what it must not hold back: a freeze, and the updates of a stack.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::referee::policy_of;
use super::watch::{Broken, Watch, broken};
use crate::engine::Engine;
use crate::journal::{Entry, What};
use crate::people::span;

/// Clocks differ by so much at most.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    match &entry.what {
        What::World(text) => stack(watch, engine, text),
        What::Begins { invocation, function: "rollout", payload } => {
            begins(watch, *invocation, payload, entry.at);
            Ok(())
        }
        What::Ends { invocation, function: "rollout", result } => {
            let held = &mut watch.held;
            held.open.remove(invocation);
            held.before.remove(invocation);
            if let Some(until) = held.asked.remove(invocation).filter(|_| result.is_ok()) {
                // Of two freezes the shorter one may be the newer one.
                held.until = Some(held.until.filter(|known| *known > entry.at).map_or(until, |known| known.min(until)));
                held.before = held.open.clone();
            }
            Ok(())
        }
        What::Call { invocation, function: "rollout", operation, input, answer: Ok(_), .. }
            if operation == "UpdateService" =>
        {
            frozen(watch, engine, (*invocation, input), entry.at)
        }
        _ => Ok(()),
    }
}

fn begins(watch: &mut Watch, invocation: u64, payload: &Value, at: Timestamp) {
    let held = &mut watch.held;
    held.open.insert(invocation);
    if payload["action"] == "unfreeze" {
        (held.until, held.asked) = (None, Default::default());
    }
    if payload["action"] != "freeze" || !payload["service"].is_null() {
        return;
    }
    let asked = payload["at"].as_str().and_then(|at| at.parse().ok()).unwrap_or(at).min(at);
    if let Some(lasts) = payload["until"].as_str().and_then(span) {
        held.asked.insert(invocation, asked + lasts - SKEW);
    }
}

/// While rollouts are frozen, a service gets no image that it never had: only a rollback is allowed.
fn frozen(watch: &mut Watch, engine: &Engine, (invocation, input): (u64, &Value), at: Timestamp) -> Result<(), Broken> {
    const LAW: &str = "a freeze holds new images";
    let Some(until) = watch.held.until.filter(|until| *until > at && !watch.held.before.contains(&invocation)) else {
        return Ok(());
    };
    let name = input["service"].as_str().unwrap_or_default();
    let Some(policy) = policy_of(engine, name) else { return Ok(()) };
    let Some(service) = engine.world.ecs.service(policy["cluster"].as_str().unwrap_or_default(), name) else {
        return Ok(());
    };
    watch.meets(LAW);
    let digests = |images: &[(String, String, Option<String>)]| -> BTreeSet<String> {
        let of = |(_, image, digest): &(String, String, Option<String>)| {
            digest.clone().or_else(|| image.split_once('@').map(|(_, digest)| digest.to_owned()))
        };
        images.iter().filter_map(of).collect()
    };
    let (Some(newest), false) = (service.revisions.last(), input["taskDefinition"].is_null()) else { return Ok(()) };
    let earlier = service.revisions.iter().rev().skip(1);
    let ran: BTreeSet<String> = earlier.flat_map(|revision| digests(&revision.images)).collect();
    if let Some(new) = digests(&newest.images).difference(&ran).next() {
        let how = format!("{name} gets {} although rollouts are frozen until {until}", new.get(7..19).unwrap_or(new));
        return Err(broken(engine, LAW, how));
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
