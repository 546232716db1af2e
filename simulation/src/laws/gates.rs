//! Laws about gates: what a scan or a missing signature refuses is not rolled out, unless a person asks for it.

use serde_json::Value;

use super::lookup::{known, policy_of};
use super::watch::{Broken, Watch, broken};
use crate::engine::Engine;
use crate::journal::{Entry, What};
use crate::world::image::{Image, Kind};

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    const LAW: &str = "what a gate refuses is not rolled out";
    match &entry.what {
        // An earlier image that ran has met the gate, or was there before it: a rollback needs no exception.
        What::Begins { function: "request", payload, .. } if payload["action"] == "retry" => {
            watch.gates.asked.extend(asked(engine, payload));
            Ok(())
        }
        What::Call { function: "rollout", operation, input, answer: Ok(_), .. }
            if operation == "RegisterTaskDefinition" =>
        {
            for policy in engine.account().policies() {
                let name = policy["name"].as_str().unwrap_or_default();
                for image in named(engine, &policy, input) {
                    let asked = watch.gates.asked.contains(&(name.to_owned(), image.digest.clone()));
                    if asked || image.pushed_at <= watch.progress.start || ran_before(engine, &policy, image) {
                        continue;
                    }
                    watch.meets(LAW);
                    if !admits(engine, &policy, image) {
                        let how = format!("{}: {} is rolled out: {image:?}", policy["name"], &image.digest[7..19]);
                        return Err(broken(engine, LAW, how));
                    }
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Service and digest of the image that a `retry` is about: what its tag or digest names, or else what is followed.
fn asked(engine: &Engine, request: &Value) -> Option<(String, String)> {
    let service = request["service"].as_str()?;
    let policy = policy_of(engine, service)?;
    let repository = engine.world.ecr.repositories.get(policy["images"][0]["repository"].as_str()?)?;
    let digest = match request["image"].as_str() {
        Some(image) => repository.tags.get(image).cloned().unwrap_or_else(|| image.to_owned()),
        None => engine.world.ecr.followed(&policy)?.1,
    };
    Some((service.to_owned(), digest))
}

/// Images of the service's repository that a revision names by digest, where it has a gate.
fn named<'e>(engine: &'e Engine, policy: &Value, input: &Value) -> Vec<&'e Image> {
    let has_gate = policy["images"][0]["signed_by"].is_string() || policy["rollout"]["scan"].is_object();
    let repository =
        policy["images"][0]["repository"].as_str().and_then(|name| engine.world.ecr.repositories.get(name));
    let Some(repository) = repository.filter(|_| has_gate) else { return Vec::new() };
    let containers = input["containerDefinitions"].as_array().into_iter().flatten();
    let digests = containers.filter_map(|container| Some(container["image"].as_str()?.split_once('@')?.1));
    digests.filter_map(|digest| repository.images.get(digest)).collect()
}

fn ran_before(engine: &Engine, policy: &Value, image: &Image) -> bool {
    let digests =
        known(engine, policy).into_iter().flat_map(|service| &service.revisions).flat_map(|revision| &revision.images);
    digests
        .into_iter()
        .any(|(_, named, digest)| digest.as_ref() == Some(&image.digest) || named.ends_with(&image.digest))
}

/// Do the gates of a service let an image pass? Of an index, its images are scanned, and the worst of them decides.
pub(super) fn admits(engine: &Engine, policy: &Value, image: &Image) -> bool {
    let signed = match policy["images"][0]["signed_by"].as_str() {
        Some(profile) => image.signing.as_ref().is_some_and(|(by, status)| by == profile && *status == "COMPLETE"),
        None => true,
    };
    let gate = &policy["rollout"]["scan"];
    let scanned = |image: &Image| match &image.scan {
        Some(scan) if matches!(scan.status, "COMPLETE" | "ACTIVE") => !scan.findings.contains_key("CRITICAL"),
        _ => gate["unscanned"] == "accept",
    };
    let known =
        |digest: &String| engine.world.ecr.repositories.values().find_map(|repository| repository.images.get(digest));
    let platforms =
        || image.children().iter().filter_map(known).filter(|one| matches!(one.kind, Kind::Platform { .. }));
    let admitted = match &image.kind {
        Kind::Index { .. } => platforms().all(scanned),
        _ => scanned(image),
    };
    signed && (gate.is_null() || admitted)
}
