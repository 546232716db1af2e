//! Event patterns, as EventBridge matches them.
//!
//! A pattern names fields; each named field must match one of the alternatives in its list. A field whose value is a list
//! matches when one of its items does. What a pattern does not name does not matter.

use serde_json::{Map, Value};

/// Whether an event matches a pattern.
pub fn matches(pattern: &Value, event: &Value) -> bool {
    let fields = pattern.as_object().expect("a pattern is an object");
    all(fields, event)
}

fn all(fields: &Map<String, Value>, event: &Value) -> bool {
    fields.iter().all(|(name, wanted)| match (name.as_str(), wanted) {
        ("$or", Value::Array(alternatives)) => alternatives.iter().any(|one| matches(one, event)),
        (_, Value::Object(inner)) => match event.get(name) {
            Some(Value::Array(items)) => items.iter().any(|item| all(inner, item)),
            Some(value) => all(inner, value),
            // Only `exists: false` and its like match what is not there.
            None => all(inner, &Value::Null),
        },
        (_, Value::Array(alternatives)) => alternatives.iter().any(|one| alternative(one, event.get(name))),
        _ => panic!("`{name}` of a pattern is a list or an object"),
    })
}

fn alternative(wanted: &Value, value: Option<&Value>) -> bool {
    if let Some(filter) = wanted.as_object() {
        let (kind, argument) = filter.iter().next().expect("a filter has one field");
        assert_eq!(filter.len(), 1, "a filter has one field: {wanted}");
        if kind == "exists" {
            // A leaf that is null is there; an object is no leaf.
            let there = value.is_some_and(|value| !value.is_object());
            return there == argument.as_bool().expect("`exists` is true or false");
        }
        return leaves(value).into_iter().any(|leaf| filtered(kind, argument, leaf));
    }
    leaves(value).into_iter().any(|leaf| leaf == wanted)
}

fn leaves(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
    }
}

fn filtered(kind: &str, argument: &Value, leaf: &Value) -> bool {
    match kind {
        "prefix" => folded(argument, leaf, |text, prefix| text.starts_with(prefix)),
        "suffix" => folded(argument, leaf, |text, suffix| text.ends_with(suffix)),
        "equals-ignore-case" => {
            both(argument, leaf).is_some_and(|(wanted, text)| wanted.to_lowercase() == text.to_lowercase())
        }
        "wildcard" => both(argument, leaf).is_some_and(|(wanted, text)| wildcard(wanted.as_bytes(), text.as_bytes())),
        "anything-but" => match argument {
            Value::Object(inner) => {
                let (kind, argument) = inner.iter().next().expect("a filter");
                let options = argument.as_array().cloned().unwrap_or_else(|| vec![argument.clone()]);
                !options.iter().any(|option| filtered(kind, option, leaf))
            }
            Value::Array(options) => !options.contains(leaf),
            one => one != leaf,
        },
        "numeric" => {
            let bounds = argument.as_array().expect("`numeric` is a list");
            leaf.as_f64().is_some_and(|number| bounds.chunks(2).all(|bound| holds(number, &bound[0], &bound[1])))
        }
        other => panic!("EventBridge filter `{other}` is not known here"),
    }
}

fn both<'a>(argument: &'a Value, leaf: &'a Value) -> Option<(&'a str, &'a str)> {
    Some((argument.as_str()?, leaf.as_str()?))
}

/// `{"prefix": "a"}`, or `{"prefix": {"equals-ignore-case": "a"}}`.
fn folded(argument: &Value, leaf: &Value, test: fn(&str, &str) -> bool) -> bool {
    let Some(text) = leaf.as_str() else { return false };
    match argument.get("equals-ignore-case") {
        Some(wanted) => test(&text.to_lowercase(), &wanted.as_str().unwrap_or_default().to_lowercase()),
        None => argument.as_str().is_some_and(|wanted| test(text, wanted)),
    }
}

fn wildcard(wanted: &[u8], text: &[u8]) -> bool {
    match wanted.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skip| wildcard(rest, &text[skip..])),
        Some((first, rest)) => text.split_first().is_some_and(|(own, after)| own == first && wildcard(rest, after)),
    }
}

fn holds(number: f64, operator: &Value, bound: &Value) -> bool {
    let bound = bound.as_f64().expect("a number");
    match operator.as_str().expect("an operator") {
        "=" => number == bound,
        "<" => number < bound,
        "<=" => number <= bound,
        ">" => number > bound,
        ">=" => number >= bound,
        other => panic!("operator `{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn matches_as_the_documentation_says() {
        let event = json!({"source": "aws.x", "resources": ["a/1", "b/2"], "detail": {"n": 5, "tag": null, "name": "Web", "list": [{"k": 1}, {"k": 2}]}});
        for (pattern, expected) in [
            (json!({"source": ["aws.x", "aws.y"]}), true),
            (json!({"source": ["aws.y"]}), false),
            (json!({"resources": [{"prefix": "b/"}]}), true),
            (json!({"resources": [{"prefix": "c/"}]}), false),
            (json!({"resources": [{"suffix": "/1"}]}), true),
            (json!({"detail": {"tag": [null]}}), true),
            (json!({"detail": {"tag": [{"exists": true}]}}), true),
            (json!({"detail": {"other": [{"exists": true}]}}), false),
            (json!({"detail": {"other": [{"exists": false}]}}), true),
            (json!({"other": {"deep": [{"exists": false}]}}), true),
            (json!({"other": {"deep": ["x"]}}), false),
            (json!({"detail": {"n": [{"numeric": [">", 3, "<=", 5]}]}}), true),
            (json!({"detail": {"n": [{"numeric": [">", 5]}]}}), false),
            (json!({"detail": {"n": ["5"]}}), false),
            (json!({"detail": {"name": [{"anything-but": ["Web"]}]}}), false),
            (json!({"detail": {"name": [{"anything-but": {"prefix": "A"}}]}}), true),
            (json!({"detail": {"other": [{"anything-but": ["Web"]}]}}), false),
            (json!({"detail": {"name": [{"equals-ignore-case": "web"}]}}), true),
            (json!({"detail": {"name": [{"prefix": {"equals-ignore-case": "wE"}}]}}), true),
            (json!({"detail": {"name": [{"wildcard": "W*b"}]}}), true),
            (json!({"detail": {"name": [{"wildcard": "W*x"}]}}), false),
            (json!({"detail": {"list": {"k": [2]}}}), true),
            (json!({"$or": [{"source": ["aws.y"]}, {"detail": {"n": [5]}}]}), true),
        ] {
            assert_eq!(matches(&pattern, &event), expected, "{pattern}");
        }
    }
}
