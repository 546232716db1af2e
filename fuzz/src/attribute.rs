//! Items of DynamoDB as plain documents, which is how the targets break them.

use serde_json::{Map, Value, json};

/// Items of an answer as DynamoDB writes them.
pub fn encoded(answer: Value) -> Value {
    in_answer(answer, |item| match item {
        Value::Object(fields) => {
            fields.into_iter().map(|(name, field)| (name, attribute(field))).collect::<Map<_, _>>().into()
        }
        other => other,
    })
}

/// Items of an answer as plain documents.
pub fn decoded(answer: Value) -> Value {
    in_answer(answer, |item| match item {
        Value::Object(fields) => {
            fields.into_iter().map(|(name, field)| (name, plain(field))).collect::<Map<_, _>>().into()
        }
        other => other,
    })
}

fn in_answer(mut answer: Value, item: impl Fn(Value) -> Value) -> Value {
    if let Some(one) = answer.get_mut("Item") {
        *one = item(one.take());
    }
    for one in answer.get_mut("Items").and_then(Value::as_array_mut).into_iter().flatten() {
        *one = item(one.take());
    }
    answer
}

fn attribute(value: Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(flag) => json!({ "BOOL": flag }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(items) => json!({ "L": items.into_iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(fields) => {
            json!({ "M": fields.into_iter().map(|(name, field)| (name, attribute(field))).collect::<Map<_, _>>() })
        }
    }
}

/// The value of an attribute; what is none stays as it is.
pub fn plain(attribute: Value) -> Value {
    let Value::Object(fields) = &attribute else { return attribute };
    let Some((kind, value)) = fields.iter().next().filter(|_| fields.len() == 1) else { return attribute };
    match (kind.as_str(), value) {
        ("NULL", _) => Value::Null,
        ("BOOL" | "S", value) => value.clone(),
        ("N", Value::String(number)) => serde_json::from_str(number).unwrap_or_else(|_| attribute.clone()),
        ("L", Value::Array(items)) => items.iter().cloned().map(plain).collect(),
        ("M", Value::Object(fields)) => {
            fields.iter().map(|(name, field)| (name.clone(), plain(field.clone()))).collect::<Map<_, _>>().into()
        }
        _ => attribute,
    }
}

/// What an item takes of DynamoDB's 400 KB, and how deep it is:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>.
pub fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        // "approximately (length of attribute name) + (1 byte per two significant digits) + (1 byte)".
        Value::Number(number) => number.to_string().len().div_ceil(2) + 1,
        Value::String(text) => text.len(),
        Value::Array(items) => 3 + items.iter().map(|item| 1 + size(item)).sum::<usize>(),
        Value::Object(fields) => 3 + fields.iter().map(|(name, field)| 1 + name.len() + size(field)).sum::<usize>(),
    }
}

/// Levels of lists and maps.
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_survives_the_way_there_and_back() {
        let answer = json!({ "Item": { "pk": "a", "n": 1.5, "l": [true, null, { "m": "x" }] } });
        assert_eq!(decoded(encoded(answer.clone())), answer);
        assert_eq!(encoded(answer)["Item"]["n"], json!({ "N": "1.5" }));
    }
}
