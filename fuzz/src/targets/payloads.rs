//! What starts a function: events, messages of SNS, requests, ticks.

use std::collections::BTreeMap;

use serde_json::Value;
use shared::runtime::actions::{ACTIONS, Action};

use crate::laws;
use crate::record::Recording;
use crate::target::{Sample, Target, Verdict, invoked, verdict, widest};

/// The payloads of a function: those that were recorded, every file of `events/`, and every request with all its parameters.
pub fn target(recording: &Recording, function: &'static str) -> Target {
    let places = recording.invocations.iter().enumerate().filter(|(_, invocation)| invocation.function == function);
    let of_queue = |payload: &Value| payload.pointer("/Records/0/eventSource").is_some();
    let mut samples: Vec<Sample> = places
        .filter(|(_, invocation)| !of_queue(&invocation.payload))
        .map(|(place, invocation)| Sample {
            name: format!("invocation-{place}"),
            function,
            invocation: place,
            value: invocation.payload.clone(),
        })
        .collect();
    let widest = widest(recording, function);
    let files = tests::events().into_iter().filter(|(name, event)| {
        // The others are ignored one and all, which three of them show as well.
        name.starts_with("request.") == event.get("action").is_some() && concerns(function, name)
    });
    samples.extend(files.map(|(name, value)| Sample { name, function, invocation: widest, value }));
    for (number, request) in documented().into_iter().enumerate() {
        let knows = |action: &Action| action.name == request["action"] && action.functions.contains(&function);
        if function == "request" || ACTIONS.iter().any(knows) {
            samples.push(Sample { name: format!("documented-{number}"), function, invocation: widest, value: request });
        }
    }
    Target { name: format!("payload-{function}"), samples, check, cases: 120 }
}

/// Every request that the documentation shows.
fn documented() -> Vec<Value> {
    let text = std::fs::read_to_string(tests::root().join("docs/operations/requests.md")).unwrap_or_default();
    let quoted = text.split(['`', '\'']).filter(|part| part.starts_with("{\"action\""));
    quoted.filter_map(|part| serde_json::from_str(part).ok()).collect()
}

/// May an event of this name reach the function?
fn concerns(function: &str, name: &str) -> bool {
    let sources: &[&str] = match function {
        "rollout" => &[
            "ecr.",
            "ecs.",
            "inspector2.",
            "health.",
            "secretsmanager.",
            "ssm.",
            "cloudformation.",
            "scheduler.",
            "unknown.",
        ],
        "capacity" => &["ecs.", "cloudformation.", "scheduler.", "unknown."],
        "alarm" => &["cloudwatch.", "cloudformation.", "scheduler.", "unknown."],
        "budget" => &["sns.", "scheduler.", "unknown."],
        _ => &["request.", "unknown."],
    };
    sources.iter().any(|source| name.starts_with(source)) || name.starts_with("request.")
}

fn check(recording: &Recording, sample: &Sample, payload: &Value) -> Verdict {
    let observed = invoked(recording, sample, payload.clone());
    if payload.get("action").is_some()
        && let Some(Err(error)) = &observed.result
        && let Some(law) = laws::unnamed(error, &fields(payload))
        && error.kind() == shared::Kind::Invalid
        && !laws::is_of_aws(error)
    {
        return Verdict::Broken(law);
    }
    verdict(&observed)
}

/// What a mistake in a request may be called: its own fields, and those that it lacks. `request` is in front of every error, so not its name.
fn fields(payload: &Value) -> Vec<&str> {
    let known =
        ["action", "id", "service", "alarm", "budget", "by", "reason", "at", "until", "tier", "image", "deployment"];
    let own: BTreeMap<&str, ()> =
        payload.as_object().into_iter().flatten().map(|(name, _)| (name.as_str(), ())).collect();
    own.into_keys().filter(|name| !name.is_empty()).chain(known).collect()
}
