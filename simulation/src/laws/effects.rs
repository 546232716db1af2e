//! Laws about effects: a decision has one, and so has a request with an id, however often AWS or a person repeats something.

use serde_json::Value;

use super::lookup::{known, policy_of};
use super::remembered::Open;
use super::watch::{Broken, Watch, broken};
use super::written::Written;
use crate::engine::Engine;
use crate::journal::{Entry, What};
use crate::world::ecs::Cause;

/// Decisions that start a deployment or register a revision.
const STARTING: [&str; 5] = ["roll", "update", "restart", "scale_in", "scale_out"];

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry, written: Option<&Written>) -> Result<(), Broken> {
    match &entry.what {
        What::Begins { invocation, payload, .. } => {
            let text = |field: &str| payload[field].as_str().map(str::to_owned);
            let request = text("id").zip(text("action"));
            let is_batch = payload["Records"].as_array().is_some_and(|records| records.len() > 1);
            watch.effects.open.insert(*invocation, Open { request, is_batch, ..Open::default() });
        }
        What::Log { invocation, line, .. } => {
            let field = |name: &str| Some(line.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0);
            if let (Some(decision), Some(service)) = (field("decision"), field("ecs.service"))
                && STARTING.contains(&decision)
                && let Some(open) = watch.effects.open.get_mut(invocation)
            {
                *open.decided.entry(service.to_owned()).or_default() += 1;
            }
        }
        // A revision whose answer the function never got is registered again: ECS has no token for that, and one more harms no service.
        What::Call { operation, lost: Some(_), .. } if operation == "RegisterTaskDefinition" => {}
        What::Call { invocation, function, operation, input, answer: Ok(_), .. } => {
            if let Some(effect) = effect(engine, operation, input) {
                return took_effect(watch, engine, (*invocation, function, input), effect);
            }
        }
        What::Ends { invocation, function, result } => return ends(watch, engine, *invocation, (function, result)),
        _ => {}
    }
    let Some(written) = written else { return Ok(()) };
    let request = watch.effects.open.get(&written.invocation).and_then(|open| open.request.clone());
    let Some((id, action)) = request else { return Ok(()) };
    for event in written.events() {
        let is_its = event["action"] == action.as_str() || event["reason_label"] == format!("{action}_requested");
        if is_its && event["action"] != "keep" {
            let what = format!("{action}: {} {}", event["action"], event["reason_label"]);
            once(watch, engine, (id.clone(), format!("{} {}", written.pk, written.sk), what))?;
        }
    }
    Ok(())
}

/// A call started something.
fn took_effect(
    watch: &mut Watch,
    engine: &Engine,
    (invocation, function, input): (u64, &str, &Value),
    (subject, effect): (String, &'static str),
) -> Result<(), Broken> {
    let Some(open) = watch.effects.open.get_mut(&invocation) else { return Ok(()) };
    *open.done.entry((subject.clone(), effect)).or_default() += 1;
    let restarts = input["forceNewDeployment"] == true && function == "rollout";
    match open.request.clone().filter(|(_, action)| restarts && action == "restart") {
        Some((id, action)) => once(watch, engine, (id, subject, format!("{action}: a deployment"))),
        None => Ok(()),
    }
}

/// What a call that took effect starts, and of what.
fn effect(engine: &Engine, operation: &str, input: &Value) -> Option<(String, &'static str)> {
    let text = |field: &str| input[field].as_str().map(str::to_owned);
    match operation {
        "UpdateService" if input["forceNewDeployment"] == true || input["taskDefinition"].is_string() => {
            let name = text("service")?;
            let service = policy_of(engine, &name).and_then(|policy| known(engine, &policy))?;
            // An update to what the service has already starts nothing.
            let starts = service.primary().created_at == engine.now() && service.primary().cause == Cause::Call;
            starts.then_some((name, "deployment"))
        }
        "RegisterTaskDefinition" => Some((text("family")?, "revision")),
        _ => None,
    }
}

/// A decision starts one deployment and registers one revision at most, also where the answer to a call was lost.
fn ends(
    watch: &mut Watch,
    engine: &Engine,
    invocation: u64,
    (function, result): (&str, &Result<Value, String>),
) -> Result<(), Broken> {
    const LAW: &str = "a decision has one effect";
    let Some(open) = watch.effects.open.remove(&invocation) else { return Ok(()) };
    for ((subject, effect), count) in open.done {
        watch.meets(LAW);
        // A family has the name of its service at its end.
        let decided = open.decided.iter().find(|(service, _)| subject.ends_with(service.as_str()));
        let decided = decided.map_or(1, |(_, decided)| (*decided).max(1));
        // One that did not end has not logged what it decided.
        let unknown = open.is_batch && result.is_err();
        if count > decided && !unknown {
            let how =
                format!("{function} #{invocation}: {count} times a {effect} of {subject} for {decided} decisions");
            return Err(broken(engine, LAW, how));
        }
    }
    Ok(())
}

fn once(watch: &mut Watch, engine: &Engine, effect: (String, String, String)) -> Result<(), Broken> {
    const LAW: &str = "a request with an id takes effect once";
    watch.meets(LAW);
    let (id, subject, what) = effect.clone();
    let count = watch.effects.asked.entry(effect).or_default();
    *count += 1;
    match *count {
        1 => Ok(()),
        count => Err(broken(engine, LAW, format!("{id}: {subject}: {what}, {count} times"))),
    }
}
