//! Laws about images: what was good is not blamed.

use serde_json::Value;

use super::lookup::policy_of;
use super::watch::{Broken, Watch, broken};
use super::written::Written;
use crate::engine::Engine;
use crate::journal::{Entry, What};
use crate::people::Act;
use crate::world::behaviour::Behaviour;

/// A rollback that is requested later than this is about the images that run by then.
const LATELY: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry, written: Option<&Written>) -> Result<(), Broken> {
    if let Some(written) = written {
        return quarantine(watch, engine, &written.item);
    }
    match &entry.what {
        What::World(text) => {
            let act = text.split_once(": ").and_then(|(_, act)| act.parse::<Act>().ok());
            match act {
                Some(Act::Errors { service, .. } | Act::Flap { service, .. }) => {
                    watch.images.errs.insert(service);
                }
                Some(Act::SetAlarm { alarm }) => {
                    let service = alarm.rsplit_once('-').map_or("", |(service, _)| service);
                    watch.images.errs.insert(service.to_owned());
                }
                _ => {}
            }
            Ok(())
        }
        What::Begins { function: "request", payload, .. } if payload["action"] == "rollback" => {
            watch.images.requests += 1;
            let number = format!("#{}", watch.images.requests);
            let id = payload["id"].as_str().map_or(number, str::to_owned);
            let service = payload["service"].as_str().unwrap_or_default().to_owned();
            if !fails(engine, &service) {
                watch.images.rollbacks.insert((service, id));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Does the newest rollout of a service fail because of its image? A rollback that is requested now is about that, not about what ran before.
fn fails(engine: &Engine, service: &str) -> bool {
    let Some(policy) = policy_of(engine, service) else { return false };
    let Some(service) = engine.world.ecs.service(policy["cluster"].as_str().unwrap_or_default(), service) else {
        return false;
    };
    let newest = service.revisions.last().filter(|revision| revision.created_at + LATELY > engine.now());
    let digests = newest.into_iter().flat_map(|revision| &revision.images).filter_map(|(_, _, digest)| digest.as_ref());
    let behaviours = digests.filter_map(|digest| {
        engine.world.ecr.repositories.values().find_map(|repository| Some(repository.images.get(digest)?.behaviour))
    });
    behaviours.into_iter().any(|behaviour| !behaviour.serves())
}

/// Has the service had an image that errs under traffic? Its errors come while the next one replaces it.
fn one_errs(engine: &Engine, service: &str) -> bool {
    let Some(policy) = policy_of(engine, service) else { return false };
    let repository = policy["images"][0]["repository"].as_str().unwrap_or_default();
    let images = engine.world.ecr.repositories.get(repository).into_iter().flat_map(|known| known.images.values());
    images.into_iter().any(|image| image.behaviour == Behaviour::ErrsUnderTraffic)
}

/// An image whose tasks serve is in quarantine only because a person rolled it back, and no more of them than were rolled back.
fn quarantine(watch: &mut Watch, engine: &Engine, item: &Value) -> Result<(), Broken> {
    const LAW: &str = "no good image is quarantined";
    let Some(service) = item["pk"].as_str().and_then(|pk| pk.rsplit('/').next()) else { return Ok(()) };
    for entry in item["quarantine"].as_array().into_iter().flatten() {
        let digest = entry["image"]["digest"].as_str().unwrap_or_default();
        let repositories = engine.world.ecr.repositories.values();
        let image = repositories.filter_map(|repository| repository.images.get(digest)).next();
        // One that was deleted in the meantime cannot be asked.
        let Some(image) = image else { continue };
        watch.meets(LAW);
        let to_blame = !image.behaviour.serves()
            || matches!(
                image.behaviour,
                Behaviour::ErrsUnderTraffic | Behaviour::FailsMigration | Behaviour::HangsMigration | Behaviour::Slow
            );
        if to_blame {
            continue;
        }
        // Errors that begin while an image is new cannot be distinguished from its own.
        let because_of_alarm = entry["reason"].as_str().is_some_and(|reason| reason.contains("alarm"));
        if because_of_alarm && (watch.images.errs.contains(service) || one_errs(engine, service)) {
            continue;
        }
        watch.images.blamed.insert((service.to_owned(), digest.to_owned()));
        let blamed = watch.images.blamed.iter().filter(|(own, _)| own == service).count();
        let asked = watch.images.rollbacks.iter().filter(|(own, _)| own == service).count();
        if blamed > asked {
            let how = format!(
                "{service}: {blamed} good images are in quarantine, {asked} rollbacks were requested: {} because: {}",
                &digest[7..19],
                entry["reason"]
            );
            return Err(broken(engine, LAW, how));
        }
    }
    Ok(())
}
