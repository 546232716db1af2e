//! What becomes of a task: decided when it starts, by its image and by what is wrong in the account.
//!
//! Texts: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>.

use jiff::SignedDuration;
use serde_json::Value;

use super::model::Revision;
use super::state::{Around, Environment};
use super::task::Fate;
use super::values::{list, number};
use crate::world::Cx;
use crate::world::behaviour::Behaviour;

/// The times of a container health check.
pub(super) struct Check {
    pub(super) interval: SignedDuration,
    pub(super) start_period: SignedDuration,
    pub(super) retries: i32,
}

/// Container health check: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html>.
pub(super) fn check(definition: &Value) -> Option<Check> {
    let check = list(&definition["containerDefinitions"]).iter().map(|container| &container["healthCheck"]);
    let check = check.into_iter().find(|check| check.is_object())?;
    let seconds = |field: &str, default: i64| SignedDuration::from_secs(number(&check[field]).unwrap_or(default));
    Some(Check {
        interval: seconds("interval", 30),
        start_period: seconds("startPeriod", 0),
        retries: i32::try_from(number(&check["retries"]).unwrap_or(3)).unwrap_or(3),
    })
}

/// The images of a task definition, not resolved.
pub(super) fn images(definition: &Value) -> Vec<(String, String, Option<String>)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |container: &Value| (text(&container["name"]), text(&container["image"]), None);
    list(&definition["containerDefinitions"]).iter().map(one).collect()
}

/// `repository:tag` or `repository@digest` of an image in ECR, and `None` of one elsewhere.
fn in_ecr(image: &str) -> Option<String> {
    let (registry, rest) = image.split_once('/')?;
    if !registry.contains(".dkr.ecr.") && !registry.contains(".dkr-ecr.") {
        return None;
    }
    // With both, the digest counts.
    Some(match rest.split_once('@') {
        Some((name, digest)) => format!("{}@{digest}", name.split(':').next().unwrap_or(name)),
        None if rest.contains(':') => rest.to_owned(),
        None => format!("{rest}:latest"),
    })
}

/// What becomes of a task of a revision that starts now. A tag is resolved once, when the first task of the deployment starts:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html> ("Container image resolution").
pub(super) fn decide(revision: &mut Revision, environment: &Environment, around: Around<'_>, cx: &mut Cx<'_>) -> Fate {
    let family = revision.definition["family"].as_str().unwrap_or_default();
    let fails = |reason: String, pulls: bool| Fate::FailsToStart { reason, pulls };
    if environment.missing_secrets.contains(family) {
        return fails("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret: ResourceNotFoundException: Secrets Manager can't find the specified secret.".to_owned(), false);
    }
    if environment.no_network.contains(family) {
        return fails("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: dial tcp: i/o timeout".to_owned(), false);
    }
    if cx.rng.chance(environment.platform_trouble) {
        return fails("Timeout waiting for network interface provisioning to complete.".to_owned(), false);
    }
    let mut worst = Behaviour::Good;
    for (_, image, digest) in &mut revision.images {
        let Some(reference) = in_ecr(image) else { continue };
        let repository = reference.split([':', '@']).next().unwrap_or_default();
        let wanted = digest.as_ref().map_or_else(|| reference.clone(), |digest| format!("{repository}@{digest}"));
        let Some(found) = around.ecr.resolve(&wanted) else {
            let text = format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: {image}: not found"
            );
            return fails(text, true);
        };
        *digest = Some(found.digest.clone());
        match found.behaviour {
            Behaviour::Unpullable => {
                return fails("CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: unexpected status code 403 Forbidden".to_owned(), true);
            }
            Behaviour::WrongPlatform => {
                return fails("CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'".to_owned(), true);
            }
            other if worst == Behaviour::Good => worst = other,
            _ => {}
        }
    }
    Fate::Runs(worst)
}
