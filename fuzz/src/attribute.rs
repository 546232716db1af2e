//! Items of DynamoDB as plain documents, which is how the targets break them.

use serde_json::{Map, Value, json};

/// Items of an answer as DynamoDB writes them.
pub fn encoded(answer: Value) -> Value {
    in_answer(answer, attribute)
}

/// Items of an answer as plain documents.
pub fn decoded(answer: Value) -> Value {
    in_answer(answer, plain)
}

/// The items of an answer.
pub fn items(answer: &Value) -> impl Iterator<Item = &Value> {
    let tables = answer.get("Responses").and_then(Value::as_object).into_iter().flatten().map(|(_, items)| items);
    let lists = answer.get("Items").into_iter().chain(tables).filter_map(Value::as_array);
    answer.get("Item").into_iter().chain(lists.flatten())
}

fn in_answer(mut answer: Value, field: impl Fn(Value) -> Value) -> Value {
    let item = |place: &mut Value| {
        for (_, place) in place.as_object_mut().into_iter().flatten() {
            *place = field(place.take());
        }
    };
    answer.get_mut("Item").into_iter().for_each(item);
    let mut list = |items: &mut Value| items.as_array_mut().into_iter().flatten().for_each(item);
    answer.get_mut("Items").into_iter().for_each(&mut list);
    let tables = answer.get_mut("Responses").and_then(Value::as_object_mut);
    tables.into_iter().flatten().for_each(|(_, items)| list(items));
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
        let batch = json!({ "Responses": { "ledger": [{ "pk": "a" }, 7] }, "UnprocessedKeys": {} });
        assert_eq!(decoded(encoded(batch.clone())), batch);
        assert_eq!(items(&batch).count(), 2);
    }
}
