//! What the fleet says of a service.

use serde_json::Value;

use crate::engine::Engine;

pub(super) fn policy(engine: &Engine, service: &str) -> Value {
    let policies = engine.account().policies();
    policies.into_iter().find(|policy| policy["name"] == service).unwrap_or_default()
}

pub(super) fn repository(engine: &Engine, service: &str) -> String {
    repository_of(&policy(engine, service))
}

/// The repository of a service; of one whose images are left alone, the one that its revision names.
pub(crate) fn repository_of(policy: &Value) -> String {
    let followed = policy["images"][0]["repository"].as_str().map(str::to_owned);
    followed.unwrap_or_else(|| format!("huskit/{}", policy["name"].as_str().unwrap_or_default()))
}

pub(super) fn cluster(engine: &Engine, service: &str) -> String {
    policy(engine, service)["cluster"].as_str().unwrap_or_default().to_owned()
}
