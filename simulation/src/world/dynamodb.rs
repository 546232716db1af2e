//! Amazon DynamoDB: one table with keys `pk` and `sk`, conditional writes, consistent and eventually consistent reads.
//!
//! Conditions: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html>. Size of an
//! item: 400 KB. Batches: `BatchGetItem` returns up to 100 items and may leave some under `UnprocessedKeys`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Cx;
use crate::wire::{Answer, Failure};

/// Largest item, in bytes.
const LARGEST: usize = 400 * 1024;

/// Both keys of an item.
type Key = (String, String);

/// The table.
#[derive(Debug, Default)]
pub struct DynamoDb {
    /// Versions of each item, the newest last; `None` where it was deleted.
    items: BTreeMap<Key, Vec<(Timestamp, Option<Value>)>>,
}

impl DynamoDb {
    pub(super) fn call(&mut self, operation: &str, input: &Value, cx: &mut Cx<'_>) -> Answer {
        match operation {
            "GetItem" => {
                let item = self.read(&input["Key"], input["ConsistentRead"] == true, cx);
                Ok(item.map_or_else(|| json!({}), |item| json!({ "Item": item })))
            }
            "BatchGetItem" => self.batch_get(input, cx),
            "PutItem" => self.put(input, cx),
            "DeleteItem" => {
                let key = key(&input["Key"]);
                self.refuse(input, self.current(&key))?;
                self.items.entry(key).or_default().push((cx.now, None));
                Ok(json!({}))
            }
            "Scan" | "Query" => {
                let items: Vec<&Value> = self.all().map(|(_, item)| item).collect();
                Ok(json!({ "Items": items, "Count": items.len() }))
            }
            other => panic!("the model has no dynamodb:{other}"),
        }
    }

    /// Every item that is there.
    pub fn all(&self) -> impl Iterator<Item = (&(String, String), &Value)> {
        self.items.iter().filter_map(|(key, versions)| Some((key, versions.last()?.1.as_ref()?)))
    }

    fn current(&self, key: &(String, String)) -> Option<&Value> {
        self.items.get(key)?.last()?.1.as_ref()
    }

    /// A consistent read is of the last version; another may be of one that was the last some time ago.
    fn read(&self, keys: &Value, consistent: bool, cx: &mut Cx<'_>) -> Option<Value> {
        let versions = self.items.get(&key(keys))?;
        let at = match consistent {
            true => cx.now,
            false => cx.staleness().map_or(cx.now, |age| cx.now - age),
        };
        versions.iter().rev().find(|(since, _)| *since <= at)?.1.clone()
    }

    fn batch_get(&self, input: &Value, cx: &mut Cx<'_>) -> Answer {
        let (mut found, mut unprocessed) = (Map::new(), Map::new());
        for (table, wanted) in input["RequestItems"].as_object().unwrap() {
            let keys = wanted["Keys"].as_array().unwrap();
            if keys.len() > 100 {
                return Err(Failure::new("ValidationException", "Too many items requested for the BatchGetItem call"));
            }
            let (mut items, mut left) = (Vec::new(), Vec::new());
            for key in keys {
                match cx.goes_wrong(cx.weather.partial, "an answer has only a part") {
                    true => left.push(key.clone()),
                    false => items.extend(self.read(key, wanted["ConsistentRead"] == true, cx)),
                }
            }
            found.insert(table.clone(), items.into());
            if !left.is_empty() {
                let mut again = wanted.clone();
                again["Keys"] = left.into();
                unprocessed.insert(table.clone(), again);
            }
        }
        Ok(json!({ "Responses": found, "UnprocessedKeys": unprocessed }))
    }

    fn put(&mut self, input: &Value, cx: &mut Cx<'_>) -> Answer {
        let item = &input["Item"];
        let size = item.to_string().len();
        if size > LARGEST {
            return Err(Failure::new("ValidationException", "Item size has exceeded the maximum allowed size"));
        }
        let key = key(item);
        self.refuse(input, self.current(&key))?;
        self.items.entry(key).or_default().push((cx.now, Some(item.clone())));
        Ok(json!({}))
    }

    fn refuse(&self, input: &Value, current: Option<&Value>) -> Result<(), Failure> {
        let Some(condition) = input["ConditionExpression"].as_str() else { return Ok(()) };
        if condition.split(" AND ").all(|one| holds(one.trim(), input, current)) {
            return Ok(());
        }
        let mut failure = Failure::new("ConditionalCheckFailedException", "The conditional request failed");
        if let (Some(item), "ALL_OLD") = (current, input["ReturnValuesOnConditionCheckFailure"].as_str().unwrap_or(""))
        {
            failure.more = Box::new(json!({ "Item": item }));
        }
        Err(failure)
    }
}

fn key(keys: &Value) -> (String, String) {
    let text = |name: &str| keys[name]["S"].as_str().unwrap_or_else(|| panic!("a key {name}: {keys}")).to_owned();
    (text("pk"), text("sk"))
}

fn holds(condition: &str, input: &Value, current: Option<&Value>) -> bool {
    let name = |name: &str| input["ExpressionAttributeNames"][name].as_str().unwrap_or(name).to_owned();
    if let Some(path) = condition.strip_prefix("attribute_not_exists(").and_then(|rest| rest.strip_suffix(')')) {
        return current.is_none_or(|item| item.get(name(path)).is_none());
    }
    if let Some(path) = condition.strip_prefix("attribute_exists(").and_then(|rest| rest.strip_suffix(')')) {
        return current.is_some_and(|item| item.get(name(path)).is_some());
    }
    match condition.split_once(" = ") {
        Some((path, value)) => {
            let value = &input["ExpressionAttributeValues"][value];
            current.is_some_and(|item| item.get(name(path)) == Some(value))
        }
        None => panic!("the model does not know the condition `{condition}`"),
    }
}
