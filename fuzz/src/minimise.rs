//! The smallest input that still fails.

use serde_json::Value;

/// Most tries for one input.
const TRIES: usize = 600;

/// Takes away what the failure does not need, as long as `fails` says that it still does.
pub fn minimised(value: &Value, mut fails: impl FnMut(&Value) -> bool) -> Value {
    let (mut smallest, mut tries) = (value.clone(), 0);
    loop {
        let before = smallest.clone();
        for path in paths(&before) {
            for smaller in smaller(&smallest, &path) {
                if tries == TRIES {
                    return smallest;
                }
                tries += 1;
                if fails(&smaller) {
                    smallest = smaller;
                    break;
                }
            }
        }
        if smallest == before {
            return smallest;
        }
    }
}

/// The place of every part, the outer ones first.
fn paths(value: &Value) -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut at = 0;
    while at < found.len() {
        let path = found[at].clone();
        let inner: Vec<String> = match part(value, &path) {
            Some(Value::Object(fields)) => fields.keys().cloned().collect(),
            Some(Value::Array(items)) => (0..items.len().min(50)).map(|index| index.to_string()).collect(),
            _ => Vec::new(),
        };
        found.extend(inner.into_iter().map(|name| [&path[..], &[name]].concat()));
        at += 1;
    }
    found
}

fn part<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    })
}

fn part_mut<'v>(value: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, name| match value {
        Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?),
        value => value.get_mut(name),
    })
}

/// The document with less at that place.
fn smaller(value: &Value, path: &[String]) -> Vec<Value> {
    let Some(own) = part(value, path) else { return Vec::new() };
    let mut found = Vec::new();
    if let [outer @ .., name] = path {
        let mut without = value.clone();
        match part_mut(&mut without, outer) {
            Some(Value::Object(fields)) => drop(fields.shift_remove(name)),
            Some(Value::Array(items)) => drop(name.parse().map(|index: usize| items.remove(index))),
            _ => {}
        }
        found.push(without);
    }
    let mut with = |other: Value| {
        let mut changed = value.clone();
        if let Some(place) = part_mut(&mut changed, path) {
            *place = other;
            found.push(changed);
        }
    };
    match own {
        Value::String(text) => {
            if let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(text) {
                for path in paths(&inner).iter().filter(|path| !path.is_empty()).take(200) {
                    smaller(&inner, path).into_iter().take(1).for_each(|less| with(less.to_string().into()));
                }
            }
            let characters: Vec<char> = text.chars().collect();
            let piece = |from: usize, to: usize| Value::from(characters[from..to].iter().collect::<String>());
            let length = characters.len();
            for step in [length / 2, length / 4, length / 16, 1] {
                if step > 0 && length > step {
                    with(piece(step, length));
                    with(piece(0, length - step));
                }
            }
        }
        Value::Array(items) if items.len() > 3 => {
            let half = items.len() / 2;
            with(items[..half].to_vec().into());
            with(items[half..].to_vec().into());
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_failure_does_not_need_is_taken_away() {
        let value = json!({ "a": [1, { "b": "xxxéxxx", "c": 2 }], "d": { "e": "f" } });
        let fails = |value: &Value| value.to_string().contains('é');
        assert_eq!(minimised(&value, fails), json!({ "a": [{ "b": "é" }] }));
        let inside = json!({ "body": json!({ "a": "é", "b": 1 }).to_string() });
        assert_eq!(minimised(&inside, fails), json!({ "body": "é" }));
    }
}
