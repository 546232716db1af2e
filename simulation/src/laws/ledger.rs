//! Laws about what is left in the ledger.

use serde_json::{Map, Value};

use super::watch::{Broken, Watch, broken};
use crate::engine::Engine;
use crate::journal::{Entry, What};
use crate::weather::Weather;

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

/// Nothing is given up while AWS does what it is asked to.
pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    const LAW: &str = "no dead letter on a good day";
    if engine.weather != Weather::CALM && engine.weather != Weather::OVER {
        return Ok(());
    }
    let is_good = watch.messages.is_calm() && !watch.messages.refused;
    if is_good {
        watch.meets(LAW);
    }
    match &entry.what {
        What::DeadLetter { body, .. } if is_good => Err(broken(engine, LAW, body.to_string())),
        _ => Ok(()),
    }
}
