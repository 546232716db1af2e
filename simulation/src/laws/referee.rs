//! The referee: what should run, from the README alone.
//!
//! A service runs the image that its followed tag names now. An image that fails is not run: the one that served before it is. A person who
//! rolls back, freezes, or deploys by hand is respected. A service whose scheduled downtime it is runs nothing.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::gates::admits;
use super::watch::{Broken, Watch, broken};
use crate::engine::Engine;
use crate::people::{Act, Plan, span};
use crate::world::behaviour::Behaviour;

/// The acts of a plan that a person or the world did to a service.
fn acts<'p>(plan: &'p Plan, service: &'p str) -> impl Iterator<Item = (SignedDuration, &'p Act)> {
    plan.acts.iter().map(|(at, act)| (*at, act)).filter(move |(_, act)| match act {
        Act::Request(request) => request["service"] == service || request["service"].is_null(),
        Act::ConsoleRevision { service: own, .. }
        | Act::ConsoleCount { service: own, .. }
        | Act::DeleteImage { service: own }
        | Act::Schedule { service: own, .. }
        | Act::Untag { service: own }
        | Act::Flap { service: own, .. }
        | Act::Errors { service: own, .. }
        | Act::UpdatesRefused { service: own, .. }
        | Act::SecretMissing { service: own, .. } => own == service,
        Act::OnDemandShort { .. } | Act::Deny { .. } => true,
        Act::SetAlarm { alarm } | Act::DeleteAlarm { alarm } => alarm.starts_with(service),
        _ => false,
    })
}

/// Every service serves the image that it should, where no person or fault left a choice.
pub(super) fn images(engine: &Engine, watch: &mut Watch, plan: &Plan) -> Result<(), Broken> {
    const LAW: &str = "every service runs what the followed tag names";
    for policy in engine.account().policies() {
        let name = policy["name"].as_str().unwrap_or_default();
        let choice = |act: &Act| match act {
            Act::Request(request) => matches!(request["action"].as_str(), Some("rollback" | "freeze" | "retry")),
            Act::ConsoleRevision { .. } | Act::DeleteImage { .. } | Act::Untag { .. } => true,
            Act::Errors { .. } | Act::Flap { .. } | Act::SetAlarm { .. } => true,
            // What needed the environment at that time failed for it; a person tries again.
            Act::SecretMissing { .. } | Act::OnDemandShort { .. } | Act::UpdatesRefused { .. } => true,
            Act::Deny { .. } => true,
            _ => false,
        };
        if acts(plan, name).any(|(_, act)| choice(act))
            || near_edge(engine, &policy)
            || plan.setup.installed
            || plan.setup.dry_run
        {
            continue;
        }
        let repository = policy["images"][0]["repository"].as_str().unwrap_or_default();
        let Some(repository) = engine.world.ecr.repositories.get(repository) else { continue };
        let Some((tag, digest)) = engine.world.ecr.followed(&policy) else { continue };
        let Some(image) = repository.images.get(&digest).filter(|image| admits(engine, &policy, image)) else {
            continue;
        };
        let serving = serving(engine, &policy);
        watch.meets(LAW);
        let short = |digest: &str| digest.get(7..19).unwrap_or(digest).to_owned();
        let runs: Vec<String> = serving.iter().map(|digest| short(digest)).collect();
        let migrates = policy["rollout"]["pre_deploy_task"].is_object();
        let good = match image.behaviour {
            Behaviour::FailsMigration | Behaviour::HangsMigration => !migrates,
            behaviour => behaviour == Behaviour::Good,
        };
        if good && (serving.len() != 1 || !serving.contains(&image.digest)) {
            let how = format!("{name} serves {runs:?}, `{tag}` names the good image {}", short(&image.digest));
            return Err(broken(engine, LAW, how));
        }
        let service = engine.world.ecs.service(policy["cluster"].as_str().unwrap_or_default(), name);
        let parked = service.is_some_and(|service| service.desired == 0);
        let balanced = service.is_some_and(|service| service.spec["loadBalancers"][0].is_object());
        // What errs only under traffic may have none.
        let shows = match image.behaviour {
            Behaviour::Slow | Behaviour::ErrsUnderTraffic => false,
            Behaviour::FailsLoadBalancer => balanced,
            _ => true,
        };
        if !good && !parked && shows && serving.contains(&image.digest) {
            let how = format!("{name} still serves {} which is {:?}", short(&image.digest), image.behaviour);
            return Err(broken(engine, LAW, how));
        }
        if serving.is_empty() {
            return Err(broken(engine, LAW, format!("{name} serves nothing")));
        }
    }
    Ok(())
}

/// Asleep means 0, awake means at least the baseline's minimum, and never more than its maximum.
pub(super) fn capacity(engine: &Engine, watch: &mut Watch, plan: &Plan) -> Result<(), Broken> {
    const LAW: &str = "every service has the capacity that it should";
    for policy in engine.account().policies() {
        let name = policy["name"].as_str().unwrap_or_default();
        // A request that ended a while ago leaves nothing behind.
        let settled = engine.now() - plan.weather.late_for - SignedDuration::from_mins(30);
        let choice = |at: SignedDuration, act: &Act| match act {
            Act::Request(request) => plan.start + at + in_force(request) > settled,
            Act::ConsoleCount { .. } => true,
            // Without scaling policies nothing lowers what a schedule by hand has raised.
            Act::Schedule { .. } => plan.setup.unscaled,
            _ => false,
        };
        let spends = |(_, act): &(SignedDuration, Act)| {
            matches!(act, Act::Spend { .. } | Act::SpendADay { .. } | Act::Limit { .. } | Act::Misreport { .. })
        };
        let spends = plan.acts.iter().any(spends);
        if acts(plan, name).any(|(at, act)| choice(at, act))
            || spends
            || near_edge(engine, &policy)
            || plan.setup.installed
            || plan.setup.dry_run
        {
            continue;
        }
        let cluster = policy["cluster"].as_str().unwrap_or_default();
        let Some(service) = engine.world.ecs.service(cluster, name) else { continue };
        watch.meets(LAW);
        let number = |field: &str| policy["baseline"][field].as_i64().unwrap_or(0);
        // There is little to do in the end, so that scaling has come back to the least.
        let (least, most) = if is_asleep(engine, &policy) { (0, 0) } else { (number("min"), number("min")) };
        if !(least..=most).contains(&service.desired) {
            let how =
                format!("{name} should run {least} to {most} tasks and has a desired count of {}", service.desired);
            return Err(broken(engine, LAW, how));
        }
    }
    Ok(())
}

/// How long a request about capacity is in force at most; not at all, where it is about something else or ends one.
pub(super) fn in_force(request: &Value) -> SignedDuration {
    match request["action"].as_str() {
        Some("wake" | "sleep" | "hold" | "freeze") => {
            request["until"].as_str().and_then(span).unwrap_or(SignedDuration::from_hours(24))
        }
        _ => SignedDuration::ZERO,
    }
}

/// Digests of the healthy running tasks of a service; of one at zero, what its tasks would run.
pub(super) fn serving(engine: &Engine, policy: &Value) -> BTreeSet<String> {
    let (cluster, name) = (policy["cluster"].as_str().unwrap_or_default(), policy["name"].as_str().unwrap_or_default());
    match engine.world.ecs.service(cluster, name).filter(|service| service.desired == 0) {
        Some(parked) => {
            // A revision of the stack names its image by the tag `live`.
            let digest = |image: &str| match image.split_once('@') {
                Some((_, digest)) => Some(digest.to_owned()),
                None => {
                    let (repository, tag) = image.split_once('/')?.1.rsplit_once(':')?;
                    engine.world.ecr.repositories.get(repository)?.tags.get(tag).cloned()
                }
            };
            parked.revision().images.iter().filter_map(|(_, image, _)| digest(image)).collect()
        }
        None => engine.world.ecs.serving(cluster, name).digests.keys().cloned().collect(),
    }
}

fn is_asleep(engine: &Engine, policy: &Value) -> bool {
    sleeps_at(policy, engine.now())
}

/// Has scheduled downtime begun or ended in the last quarter of an hour?
fn near_edge(engine: &Engine, policy: &Value) -> bool {
    let before = engine.now() - SignedDuration::from_mins(15);
    sleeps_at(policy, before) != is_asleep(engine, policy)
}

/// Daily windows of local time; a window ends on the next day when its end is before its start.
pub(super) fn sleeps_at(policy: &Value, at: jiff::Timestamp) -> bool {
    let sleep = &policy["sleep"];
    let zone = sleep["zone"].as_str().unwrap_or("UTC");
    let local = at.to_zoned(TimeZone::get(zone).expect("a time zone"));
    let now = local.strftime("%H:%M").to_string();
    sleep["windows"].as_array().into_iter().flatten().filter(|window| window["days"].is_null()).any(|window| {
        let (from, to) = (window["from"].as_str().unwrap_or_default(), window["to"].as_str().unwrap_or_default());
        if from < to { (from..to).contains(&now.as_str()) } else { now.as_str() >= from || now.as_str() < to }
    })
}
