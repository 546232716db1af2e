//! Where a law finds a service.

use serde_json::Value;

use crate::engine::Engine;
use crate::world::ecs::Service;

/// The name of the service that a request is about: functions send it with its cluster.
pub(super) fn service_of(request: &Value) -> Option<&str> {
    request["service"].as_str()?.rsplit('/').next()
}

/// The service of a fleet's entry, as it is.
pub(super) fn known<'e>(engine: &'e Engine, policy: &Value) -> Option<&'e Service> {
    let text = |field: &str| policy[field].as_str().unwrap_or_default();
    engine.world.ecs.service(text("cluster"), text("name"))
}

/// The fleet's entry of a service.
pub(super) fn policy_of(engine: &Engine, service: &str) -> Option<Value> {
    engine.account().policies().into_iter().find(|policy| policy["name"] == service)
}
