//! Laws about what is left in the ledger.

use serde_json::{Map, Value};

use super::watch::{Broken, Watch, broken};
use crate::engine::Engine;

const HOUR: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// Every item of the ledger by its keys, as JSON.
pub fn items(engine: &Engine) -> Vec<(String, String, Value)> {
    let items = engine.world.dynamodb.all();
    items.map(|((pk, sk), item)| (pk.clone(), sk.clone(), plain(item, true))).collect()
}

/// An attribute value as JSON.
pub(super) fn plain(value: &Value, is_item: bool) -> Value {
    let fields = value.as_object().expect("an attribute");
    if is_item {
        return Value::Object(fields.iter().map(|(name, field)| (name.clone(), plain(field, false))).collect());
    }
    let (kind, inner) = fields.iter().next().expect("one kind");
    match kind.as_str() {
        "M" => Value::Object(inner.as_object().map_or_else(Map::new, |fields| {
            fields.iter().map(|(name, field)| (name.clone(), plain(field, false))).collect()
        })),
        "L" => inner.as_array().into_iter().flatten().map(|item| plain(item, false)).collect(),
        "N" => inner.as_str().and_then(|text| text.parse::<i64>().ok()).map_or_else(|| inner.clone(), Value::from),
        "NULL" => Value::Null,
        _ => inner.clone(),
    }
}

/// When everything has come to rest nothing is pending, and nothing was lost without a word.
pub(super) fn at_rest(engine: &Engine, watch: &mut Watch) -> Result<(), Broken> {
    const LAW: &str = "nothing is pending in the end";
    for (pk, sk, item) in items(engine) {
        watch.meets(LAW);
        let unsent = item["outbox"].as_array().map_or(0, Vec::len);
        if unsent > 0 {
            let how = format!("{pk} {sk} has {unsent} unsent messages: {}", item["outbox"]);
            return Err(broken(engine, LAW, how));
        }
        if let Some(left) = left(engine, &item, engine.now() - HOUR) {
            return Err(broken(engine, LAW, format!("{pk} {sk}: {left}")));
        }
        let phase = &item["rollout"]["phase"];
        // One that waited for the end of a freeze may just have begun.
        let since =
            phase.as_object().into_iter().flatten().find_map(|(_, phase)| phase["since"].as_str()?.parse().ok());
        let begun = since.is_some_and(|since: jiff::Timestamp| since + HOUR > engine.now());
        if !phase.is_null() && phase["staged"].is_null() && !begun {
            let how = format!("{pk}: a rollout is still in phase {phase}");
            return Err(broken(engine, LAW, how));
        }
    }
    Ok(())
}

/// What should have ended by then and has not.
fn left(engine: &Engine, item: &Value, by: jiff::Timestamp) -> Option<String> {
    let before = |at: &Value| at.as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok()).is_some_and(|at| at < by);
    // The tag of a release whose image was deleted cannot be moved; a message says so.
    let releases = item["releases"].as_array().into_iter().flatten();
    let images = releases.flat_map(|release| release["images"].as_object().into_iter().flatten());
    let is_gone = |image: &Value| engine.world.ecr.image(image["digest"].as_str().unwrap_or_default()).is_none();
    let deleted = images.into_iter().any(|(_, image)| is_gone(image));
    let remains = |work: &&Value| before(&work["since"]) && !(deleted && work["work"] == "move_tags");
    let outstanding = item["outstanding"].as_array().into_iter().flatten().find(remains);
    let restart = &item["restart"];
    let (pending, moving) = (&item["pending"], &item["provider_move"]);
    let is_open = |restart: &Value| {
        restart.is_object() && restart["deployment"].is_null() && restart["result"].is_null() && before(&restart["at"])
    };
    if let Some(work) = outstanding {
        return Some(format!("a verified release still needs {work}"));
    }
    if is_open(restart) {
        return Some(format!("nothing says what became of the restart {restart}"));
    }
    if pending.is_object() && before(&pending["at"]) {
        return Some(format!("a remedy is still being requested: {pending}"));
    }
    let in_progress = moving["outcome"].get("in_progress").is_some() && before(&moving["since"]);
    in_progress.then(|| format!("a move is still in progress: {moving}"))
}
