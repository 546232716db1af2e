//! Breaks real samples: a field that is missing, doubled, unknown or of another type, a number at its end, a text of any kind.
//!
//! A document inside a text (the body of a queue's message, the data of an alarm's reason) is edited as a document too.

mod junk;
mod text;

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use simulation::rng::Rng;

/// Values of the samples by the name of their field: what is right elsewhere may be wrong here.
#[derive(Clone, Debug, Default)]
pub struct Pool(BTreeMap<String, Vec<Value>>);

/// Most values that are kept of one field.
const KEPT: usize = 40;

impl Pool {
    /// Takes every field of a document.
    pub fn add(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    let known = self.0.entry(name.clone()).or_default();
                    if known.len() < KEPT && !known.contains(field) {
                        known.push(field.clone());
                    }
                    self.add(field);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::String(text) => {
                if let Some(inner) = document(text) {
                    self.add(&inner);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn of(&self, name: &str, rng: &mut Rng) -> Option<Value> {
        self.0.get(name).map(|known| rng.pick(known).clone())
    }

    fn any(&self, rng: &mut Rng) -> Option<(String, Value)> {
        let names: Vec<&String> = self.0.keys().collect();
        let name = (!names.is_empty()).then(|| *rng.pick(&names))?;
        Some((name.clone(), self.of(name, rng)?))
    }
}

/// Breaks a document in one place, or in a few.
pub fn edit(value: &mut Value, rng: &mut Rng, pool: &Pool) {
    let times = *rng.pick(&[1, 1, 1, 1, 2, 2, 3, 5]);
    for _ in 0..times {
        // Every other time each part of the document is as likely as any other; else the outer ones are likelier.
        let at = rng.chance(0.5).then(|| rng.between(0, count(value) - 1));
        match at {
            Some(mut at) => nth(value, &mut at, rng, pool),
            None => descend(value, "", rng, pool),
        }
    }
}

/// Parts of a document, itself included.
fn count(value: &Value) -> i64 {
    1 + match value {
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Breaks the part of this number.
fn nth(value: &mut Value, at: &mut i64, rng: &mut Rng, pool: &Pool) {
    let named = |(name, field): (&String, &Value)| (name.clone(), count(field));
    let sizes: Vec<(String, i64)> = match &*value {
        Value::Object(fields) if *at > 0 => fields.iter().map(named).collect(),
        Value::Array(items) if *at > 0 => items.iter().map(|item| (String::new(), count(item))).collect(),
        _ => return part(value, "", rng, pool),
    };
    *at -= 1;
    for (index, (name, size)) in sizes.into_iter().enumerate() {
        if *at >= size {
            *at -= size;
            continue;
        }
        return match child(value, &name, index) {
            Some(inner) if *at == 0 => part(inner, &name, rng, pool),
            Some(inner) => nth(inner, at, rng, pool),
            None => {}
        };
    }
}

fn descend(value: &mut Value, name: &str, rng: &mut Rng, pool: &Pool) {
    let children: Vec<String> = match &*value {
        Value::Object(fields) => fields.keys().cloned().collect(),
        Value::Array(items) => items.iter().map(|_| String::new()).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    if children.is_empty() || rng.chance(0.15) {
        return part(value, name, rng, pool);
    }
    let places: Vec<usize> = (0..children.len()).collect();
    let index = *rng.pick(&places);
    if let Some(inner) = child(value, &children[index], index) {
        descend(inner, &children[index], rng, pool);
    }
}

fn child<'v>(value: &'v mut Value, name: &str, index: usize) -> Option<&'v mut Value> {
    match value {
        Value::Object(fields) => fields.get_mut(name),
        Value::Array(items) => items.get_mut(index),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Breaks one part, whose field has this name.
fn part(value: &mut Value, name: &str, rng: &mut Rng, pool: &Pool) {
    if rng.chance(0.12) {
        *value = junk::value(rng);
        return;
    }
    if rng.chance(0.15)
        && let Some(other) = pool.of(name, rng)
    {
        *value = other;
        return;
    }
    match value {
        Value::Object(fields) => object(fields, rng, pool),
        Value::Array(items) => array(items, rng),
        Value::String(inner) => match document(inner) {
            Some(mut document) if rng.chance(0.7) => {
                edit(&mut document, rng, pool);
                *inner = document.to_string();
            }
            _ => text::edit(inner, rng),
        },
        Value::Number(number) => {
            let near = number.as_i64().map(|number| number.wrapping_add(*rng.pick(&[-1, 1, 1000])));
            *value = near.filter(|_| rng.chance(0.2)).map_or_else(|| junk::number(rng), Value::from);
        }
        Value::Bool(flag) => *value = Value::Bool(!*flag),
        Value::Null => *value = junk::value(rng),
    }
}

/// A document that is written as a text.
fn document(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(|inner: &Value| inner.is_object() || inner.is_array())
}

fn object(fields: &mut Map<String, Value>, rng: &mut Rng, pool: &Pool) {
    let names: Vec<String> = fields.keys().cloned().collect();
    let name = if names.is_empty() { String::new() } else { rng.pick(&names).clone() };
    match rng.between(0, 6) {
        0..=2 => drop(fields.shift_remove(&name)),
        3 => {
            let field = fields.shift_remove(&name).unwrap_or_default();
            let mut other = name;
            text::edit(&mut other, rng);
            fields.insert(other, field);
        }
        4 => drop(fields.insert(junk::text(rng), junk::value(rng))),
        5 => {
            if let Some((name, field)) = pool.any(rng) {
                fields.insert(name, field);
            }
        }
        _ => {
            if let Some(field) = fields.get_mut(&name) {
                *field = junk::value(rng);
            }
        }
    }
}

fn array(items: &mut Vec<Value>, rng: &mut Rng) {
    if items.is_empty() {
        return items.push(junk::value(rng));
    }
    let places: Vec<usize> = (0..items.len()).collect();
    let at = *rng.pick(&places);
    match rng.between(0, 5) {
        0 => drop(items.remove(at)),
        1 => items.insert(at, junk::value(rng)),
        2 => items.insert(at, items[at].clone()),
        3 => items.reverse(),
        4 => items.clear(),
        _ => {
            // As many as fit into what AWS hands over.
            let room = 200_000 / items[at].to_string().len().max(1);
            let times = (*rng.pick(&[10, 101, 1_000, 5_000])).min(room);
            items.extend(std::iter::repeat_n(items[at].clone(), times));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_seed_breaks_a_document_the_same_way_and_each_part_of_it_sometimes() {
        let sample = json!({ "a": { "b": [1, "x", { "c": true }] }, "body": "{\"inner\":1}" });
        let mut pool = Pool::default();
        pool.add(&sample);
        let broken = |seed: u64| {
            let mut value = sample.clone();
            edit(&mut value, &mut Rng::seeded(seed), &pool);
            value
        };
        assert!((0..50).all(|seed| broken(seed) == broken(seed)));
        let lost = |path: &str| (0..2_000).any(|seed| broken(seed).pointer(path) != sample.pointer(path));
        assert!(["/a", "/a/b", "/a/b/0", "/a/b/2/c", "/body"].into_iter().all(lost));
        assert!(
            (0..2_000).any(|seed| broken(seed)["body"].as_str().is_some_and(|body| body.starts_with("{\"inner\":"))
                && broken(seed) != sample)
        );
    }
}
