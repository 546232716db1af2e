//! How templates and the wire write values.

use jiff::Timestamp;
use serde_json::Value;

use crate::account::{ACCOUNT, REGION};
use crate::world::time::seconds;

pub(super) fn arn(rest: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:{rest}")
}

/// A number, which a parameter may have made a text.
pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A truth, which a parameter may have made a text.
pub(super) fn truth(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_str()?.parse().ok())
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Properties of a template with the names, and the kinds of values, that they have on the wire.
pub(super) fn wire(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(wire).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, field)| {
                    let mut letters = name.chars();
                    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
                    let name: String = first.into_iter().chain(letters).collect();
                    let field = match name.as_str() {
                        "options" | "dockerLabels" => field.clone(),
                        _ => wire(field),
                    };
                    (name, field)
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// A time as ECS answers it: seconds since 1970.
pub(super) fn epoch(at: Timestamp) -> Value {
    seconds(at).into()
}
