//! A law about the order of images: an older one replaces a newer one because a person, an alarm or the tag says so, or because the newer
//! one failed. One that served is rolled back for a reason of its own.

use jiff::{SignedDuration, Timestamp};

use super::lookup::{known, policy_of, service_of};
use super::watch::{Broken, Watch, broken};
use crate::engine::Engine;
use crate::journal::{Entry, What};
use crate::world::behaviour::Behaviour;
use crate::world::ecs::{Cause, Service};

/// From a request, or a move of the tag, to the update of the service: a pre-deploy task, a lease that has to end, a tick that is skipped.
const LATELY: SignedDuration = SignedDuration::from_mins(45);

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    match &entry.what {
        What::World(text) if text.contains("push") || text.contains("tag") || text.contains("delete") => {
            follow(watch, engine);
        }
        What::Begins { function: "rollout", payload, .. }
            if payload["action"] == "rollback" || payload["action"] == "retry" =>
        {
            let service = service_of(payload).unwrap_or_default().to_owned();
            watch.orders.asked.entry(service).or_default().push(entry.at);
        }
        What::Call { function: "rollout", operation, input, answer: Ok(_), .. }
            if operation == "UpdateService" && input["taskDefinition"].is_string() =>
        {
            follow(watch, engine);
            return judge(watch, engine, input["service"].as_str().unwrap_or_default());
        }
        _ => {}
    }
    Ok(())
}

/// Remembers what the followed tags name now.
fn follow(watch: &mut Watch, engine: &Engine) {
    for policy in engine.account().policies() {
        let Some((_, digest)) = engine.world.ecr.followed(&policy) else { continue };
        let name = policy["name"].as_str().unwrap_or_default().to_owned();
        let named = watch.orders.named.entry(name).or_default();
        // What it named until now, it named until now.
        let last = engine.now() - SignedDuration::from_nanos(1);
        named.values_mut().filter(|until| **until == Timestamp::MAX).for_each(|until| *until = last);
        named.insert(digest, Timestamp::MAX);
    }
}

fn judge(watch: &mut Watch, engine: &Engine, name: &str) -> Result<(), Broken> {
    const LAW: &str = "nothing older is rolled out of itself";
    let Some(policy) = policy_of(engine, name) else { return Ok(()) };
    let Some(service) = known(engine, &policy) else { return Ok(()) };
    let repository = policy["images"][0]["repository"].as_str().unwrap_or_default();
    let Some(repository) = engine.world.ecr.repositories.get(repository) else { return Ok(()) };
    let runs: Vec<Option<String>> = service.revisions.iter().map(|revision| digest(&revision.images)).collect();
    let Some((Some(new), earlier)) = runs.split_last() else { return Ok(()) };
    let Some(Some(old)) = earlier.last() else { return Ok(()) };
    let (Some(newer), Some(older)) = (repository.images.get(old), repository.images.get(new)) else { return Ok(()) };
    if older.pushed_at >= newer.pushed_at {
        return Ok(());
    }
    // Since when it has run what is replaced, whatever else was deployed of it.
    let same = earlier.iter().rev().take_while(|digest| digest.as_ref() == Some(old)).count();
    let first = earlier.len() - same;
    let since = service.revisions[first].created_at;
    let now = engine.now();
    let asked = watch.orders.asked.get(name).into_iter().flatten();
    let is_asked = asked.into_iter().any(|at| *at >= since || *at + LATELY >= now);
    let named = watch.orders.named.get(name).and_then(|named| named.get(new));
    let is_named = named.is_some_and(|until| until.checked_add(LATELY).unwrap_or(*until) >= now);
    if is_asked || is_named || brought_by_others(service, first..earlier.len()) {
        return Ok(());
    }
    watch.meets(LAW);
    let failed = newer.behaviour != Behaviour::Good || !served(service, first..earlier.len());
    if failed {
        return Ok(());
    }
    let how = format!("{name} gets {} again after the good {}, which served", &new[7..19], &old[7..19]);
    Err(broken(engine, LAW, how))
}

/// The digest of the first container that has one.
fn digest(images: &[(String, String, Option<String>)]) -> Option<String> {
    images.iter().find_map(|(_, image, digest)| {
        digest.clone().or_else(|| image.split_once('@').map(|(_, digest)| digest.to_owned()))
    })
}

/// Was what these revisions have in common deployed by a stack update or a person first? Then it is no release of the automation.
fn brought_by_others(service: &Service, revisions: std::ops::Range<usize>) -> bool {
    let mut first = service.deployments.iter().filter(|deployment| revisions.contains(&deployment.revision));
    first.next().is_some_and(|deployment| deployment.cause != Cause::Call)
}

/// Has a deployment of one of these revisions ever completed, and none had tasks that failed? One of a service that is scaled to zero
/// completes without any.
fn served(service: &Service, revisions: std::ops::Range<usize>) -> bool {
    let own = || service.deployments.iter().filter(|deployment| revisions.contains(&deployment.revision));
    own().any(|deployment| deployment.succeeded) && own().all(|deployment| deployment.failed == 0)
}
