//! The services of the deployed fleet document, as far as a story needs them.

use serde_json::Value;

/// A service of the fleet.
#[derive(Clone, Debug)]
pub struct Service {
    /// Name of the service.
    pub name: String,
    /// Name of its ECS cluster: `huskit-prod`.
    pub cluster: String,
    /// The repository of its image.
    pub repository: String,
    /// The tag that it follows.
    pub tag: String,
    /// Tasks of its baseline.
    pub baseline: u64,
    /// Most tasks that scaling may start.
    pub greatest: u64,
    /// Its scheduled downtime.
    pub sleep: Option<Sleep>,
    /// The distribution that serves it.
    pub distribution: Option<String>,
}

/// A daily window of scheduled downtime.
#[derive(Clone, Debug)]
pub struct Sleep {
    /// Time zone of both times.
    pub zone: String,
    /// Its begin, `HH:MM`.
    pub from: String,
    /// Its end, `HH:MM`.
    pub to: String,
}

/// Reads a service of the fleet document.
pub fn service(document: &Value) -> Service {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let image = &document["images"][0];
    Service {
        name: text(&document["name"]),
        cluster: text(&document["cluster"]),
        repository: text(&image["repository"]),
        tag: text(&image["tag"]["exact"]),
        baseline: document["baseline"]["min"].as_u64().unwrap_or_default(),
        greatest: document["baseline"]["max"].as_u64().unwrap_or_default(),
        sleep: document["sleep"]["windows"].get(0).map(|window| Sleep {
            zone: text(&document["sleep"]["zone"]),
            from: text(&window["from"]),
            to: text(&window["to"]),
        }),
        distribution: document["rollout"]["invalidate"]["distribution"].as_str().map(str::to_owned),
    }
}
