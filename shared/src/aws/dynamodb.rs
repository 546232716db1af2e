//! Amazon DynamoDB: documents under a partition and a sort key.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::{Map, Number, Value};

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Error, Kind, Result};
use crate::many;

/// Most items that `BatchGetItem` takes.
const BATCH: usize = 100;
/// How often a batch is asked for what DynamoDB left unprocessed, and how long before the first time: twice as long each time,
/// as AWS recommends.
const ROUNDS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// What must hold for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// There is no such item.
    Absent,
    /// The item's `version` is this one.
    Version(u64),
}

/// One table.
#[derive(Clone, Debug)]
pub struct DynamoDb {
    connection: Connection,
    client: aws_sdk_dynamodb::Client,
    table: String,
}

impl DynamoDb {
    /// A gateway to `table`; no call is made.
    pub fn new(connection: &Connection, table: &str) -> DynamoDb {
        let mut config = aws_sdk_dynamodb::config::Builder::from(connection.config());
        config.set_endpoint_url(connection.endpoint(Service::DynamoDb));
        config.set_retry_partition(connection.retry_partition());
        let client = aws_sdk_dynamodb::Client::from_conf(config.build());
        DynamoDb { connection: connection.clone(), client, table: table.to_owned() }
    }

    /// The document under the keys, read consistently.
    ///
    /// Requires `dynamodb:GetItem`.
    ///
    /// # Errors
    /// `NotFound` when the table is gone.
    pub async fn get(&self, pk: &str, sk: &str) -> Result<Option<Value>> {
        let call = self.client.get_item().table_name(&self.table).consistent_read(true);
        let call = call.key("pk", AttributeValue::S(pk.into())).key("sk", AttributeValue::S(sk.into()));
        let answer = call.send().await.map_err(classify).context(|| format!("get item {pk} {sk}"))?;
        answer.item.map(|item| document(item).map(|(.., document)| document)).transpose()
    }

    /// The documents under `sk` of each `pk`, read consistently; one result for each, in order. Those of a call that fails have
    /// its error.
    ///
    /// Requires `dynamodb:GetItem`.
    /// Requires `dynamodb:BatchGetItem`.
    pub async fn get_all(&self, pks: &[String], sk: &str) -> Vec<Result<Option<Value>>> {
        if let [pk] = pks {
            return vec![self.get(pk, sk).await];
        }
        let batches = many::all(pks.chunks(BATCH).map(|pks| self.batch(pks, sk))).await;
        let each = pks.chunks(BATCH).zip(batches).flat_map(|(pks, (found, left))| {
            pks.iter().map(move |pk| match &left {
                Some((unread, error)) if unread.contains(pk) => {
                    Err(error.copy().context(format!("get item {pk} {sk}")))
                }
                _ => Ok(found.get(pk).cloned()),
            })
        });
        each.collect()
    }

    /// What is there of a batch, and which of it could not be read. A key that DynamoDB neither answers nor leaves unprocessed
    /// is that of no item: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>.
    ///
    /// Requires `dynamodb:BatchGetItem`.
    async fn batch(&self, pks: &[String], sk: &str) -> (BTreeMap<String, Value>, Option<(BTreeSet<String>, Error)>) {
        let (mut found, mut left, mut pause) = (BTreeMap::new(), pks.iter().cloned().collect(), FIRST_PAUSE);
        for round in 0..ROUNDS {
            if round > 0 {
                self.connection.pause(pause).await;
                pause *= 2;
            }
            match self.round(&left, sk, &mut found).await {
                Ok(unprocessed) if unprocessed.is_empty() => return (found, None),
                Ok(unprocessed) => left = unprocessed,
                Err(error) => return (found, Some((left, error))),
            }
        }
        (found, Some((left, Error::new(Kind::Throttled, "left unprocessed"))))
    }

    /// One call for a batch; returns the keys that it leaves unprocessed.
    async fn round(
        &self,
        pks: &BTreeSet<String>,
        sk: &str,
        found: &mut BTreeMap<String, Value>,
    ) -> Result<BTreeSet<String>> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let key = |pk: &String| HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))]);
        let wanted = KeysAndAttributes::builder().set_keys(Some(pks.iter().map(key).collect())).consistent_read(true);
        let wanted = wanted.build().map_err(|error| Error::invalid("batch of keys").with_source(error))?;
        let answer = self.client.batch_get_item().request_items(&self.table, wanted).send().await.map_err(classify)?;
        for item in answer.responses.and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default() {
            let (pk, _, item) = document(item)?;
            found.insert(pk, item);
        }
        let unprocessed = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table));
        let pk = |key: HashMap<String, AttributeValue>| key.get("pk").and_then(|pk| pk.as_s().ok().cloned());
        Ok(unprocessed.map(|left| left.keys.into_iter().filter_map(pk).collect()).unwrap_or_default())
    }

    /// Every document of the table with its keys. For tables of some dozen items, and now and then.
    ///
    /// Requires `dynamodb:Scan`.
    ///
    /// # Errors
    /// `NotFound` when the table is gone.
    pub async fn all(&self) -> Result<Vec<(String, String, Value)>> {
        let mut items = self.client.scan().table_name(&self.table).into_paginator().items().send();
        let mut all = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(classify).context(|| format!("scan table {}", self.table))?;
            all.push(document(item)?);
        }
        Ok(all)
    }

    /// Writes the document if `condition` holds.
    ///
    /// When an answer is lost, the SDK writes again, and the condition fails on the first attempt's own item: that is
    /// a success, not a conflict.
    ///
    /// Requires `dynamodb:PutItem`.
    ///
    /// # Errors
    /// `Conflict` when the condition does not hold: another writer was first.
    pub async fn put(&self, pk: &str, sk: &str, document: &Value, condition: Condition) -> Result<()> {
        let fields =
            document.as_object().ok_or_else(|| Error::invalid(format!("put item {pk} {sk}: not an object")))?;
        let mut item: HashMap<String, AttributeValue> =
            fields.iter().map(|(key, value)| (key.clone(), encode(value))).collect();
        item.insert("pk".into(), AttributeValue::S(pk.into()));
        item.insert("sk".into(), AttributeValue::S(sk.into()));
        let call = self.client.put_item().table_name(&self.table).set_item(Some(item.clone()));
        let call = call.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let call = match condition {
            Condition::Absent => call.condition_expression("attribute_not_exists(pk)"),
            Condition::Version(version) => call
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", AttributeValue::N(version.to_string())),
        };
        let attempts = Attempts::default();
        match call.customize().interceptor(attempts.clone()).send().await {
            Ok(_) => Ok(()),
            Err(error) if attempts.several() && stands(error.as_service_error(), &item) => Ok(()),
            Err(error) => Err(classify(error)).context(|| format!("put item {pk} {sk}")),
        }
    }
}

/// Both keys of an item, and the rest of it.
fn document(item: HashMap<String, AttributeValue>) -> Result<(String, String, Value)> {
    let (mut keys, mut fields) = ((String::new(), String::new()), Map::new());
    for (name, value) in item {
        match (name.as_str(), value) {
            ("pk", AttributeValue::S(pk)) => keys.0 = pk,
            ("sk", AttributeValue::S(sk)) => keys.1 = sk,
            (_, value) => drop(fields.insert(name, decode(value)?)),
        }
    }
    Ok((keys.0, keys.1, fields.into()))
}

/// Did the condition fail because this very item is there already?
fn stands(error: Option<&PutItemError>, item: &HashMap<String, AttributeValue>) -> bool {
    matches!(error, Some(PutItemError::ConditionalCheckFailedException(failed)) if failed.item() == Some(item))
}

/// Counts how often the SDK sent a request. An item that is there before the only attempt is another writer's, however
/// much it looks like ours.
#[derive(Clone, Debug, Default)]
struct Attempts(Arc<AtomicU32>);

impl Attempts {
    fn several(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn encode(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(flag) => AttributeValue::Bool(*flag),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(items) => AttributeValue::L(items.iter().map(encode).collect()),
        Value::Object(fields) => {
            AttributeValue::M(fields.iter().map(|(key, value)| (key.clone(), encode(value))).collect())
        }
    }
}

fn decode(value: AttributeValue) -> Result<Value> {
    Ok(match value {
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::Bool(flag) => flag.into(),
        AttributeValue::N(number) => Value::Number(
            number
                .parse::<Number>()
                .map_err(|error| Error::invalid(format!("number `{number}`")).with_source(error))?,
        ),
        AttributeValue::S(text) => text.into(),
        AttributeValue::L(items) => items.into_iter().map(decode).collect::<Result<Vec<_>>>()?.into(),
        AttributeValue::M(fields) => {
            fields.into_iter().map(|(key, value)| Ok((key, decode(value)?))).collect::<Result<Map<_, _>>>()?.into()
        }
        other => return Err(Error::invalid(format!("attribute of a kind that is never written: {}", kind(&other)))),
    })
}

/// The kind alone: a value may be anything.
fn kind(value: &AttributeValue) -> &'static str {
    match value {
        AttributeValue::B(_) => "binary",
        AttributeValue::Bs(_) | AttributeValue::Ns(_) | AttributeValue::Ss(_) => "a set",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::testing::{Replay, run};
    use crate::error::Kind;
    use serde_json::json;

    #[test]
    fn a_document_survives_the_way_there_and_back() {
        let document = json!({"n": 7, "big": 9007199254740993u64, "f": 1.5, "t": "x", "b": true, "z": null, "l": [1, {"a": []}], "m": {}});
        assert_eq!(decode(encode(&document)).unwrap(), document);
        assert!(decode(AttributeValue::Ss(vec![])).unwrap_err().to_string().contains("a set"));
    }

    #[test]
    fn a_write_whose_answer_was_lost_is_no_conflict_with_itself() {
        let lost = || (500, json!({"__type": "InternalServerError", "message": "lost"}));
        let conflict = |note: &str| {
            let item = json!({"pk": {"S": "a"}, "sk": {"S": "b"}, "version": {"N": "8"}, "note": {"S": note}});
            (400, json!({"__type": "ConditionalCheckFailedException", "message": "no", "Item": item}))
        };
        let put = |answers: &[(u16, Value)]| {
            let replay = Replay::new(answers);
            let table = DynamoDb::new(&replay.connection(), "ledger");
            let document = json!({"version": 8, "note": "ours"});
            run(table.put("a", "b", &document, Condition::Version(7))).map_err(|error| error.kind())
        };
        assert_eq!(put(&[lost(), conflict("ours")]), Ok(()));
        assert_eq!(put(&[lost(), conflict("theirs")]), Err(Kind::Conflict));
        // The same words of another writer, before we wrote at all.
        assert_eq!(put(&[conflict("ours")]), Err(Kind::Conflict));
    }

    #[test]
    fn a_write_demands_the_version_that_was_read() {
        let conflict =
            json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "no"});
        let replay = Replay::new(&[(200, json!({})), (400, conflict)]);
        let table = DynamoDb::new(&replay.connection(), "ledger");
        run(async {
            table.put("a", "b", &json!({"version": 1}), Condition::Absent).await.unwrap();
            let error = table.put("a", "b", &json!({"version": 8}), Condition::Version(7)).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Conflict);
        });
        let sent = replay.sent();
        assert_eq!(sent[0]["ConditionExpression"], "attribute_not_exists(pk)");
        assert_eq!(sent[1]["ExpressionAttributeValues"][":version"], json!({"N": "7"}));
        assert_eq!(sent[1]["Item"]["pk"], json!({"S": "a"}));
    }

    #[test]
    fn an_item_is_read_consistently_and_without_its_keys() {
        let item = json!({"Item": {"pk": {"S": "a"}, "sk": {"S": "b"}, "n": {"N": "7"}}});
        let replay = Replay::new(&[(200, item), (200, json!({}))]);
        let table = DynamoDb::new(&replay.connection(), "ledger");
        run(async {
            assert_eq!(table.get("a", "b").await.unwrap(), Some(json!({"n": 7})));
            assert_eq!(table.get("a", "c").await.unwrap(), None);
        });
        assert_eq!(replay.sent()[0]["ConsistentRead"], true);
    }

    #[test]
    fn what_a_batch_leaves_unprocessed_is_asked_for_again_and_what_it_has_not_is_no_item() {
        let key = |pk: &str| json!({"pk": {"S": pk}, "sk": {"S": "s"}});
        let item = |pk: &str| json!({"pk": {"S": pk}, "sk": {"S": "s"}, "name": {"S": pk}});
        let first = json!({
            "Responses": {"ledger": [item("a")]}, "UnprocessedKeys": {"ledger": {"Keys": [key("c")], "ConsistentRead": true}},
        });
        let second = json!({"Responses": {"ledger": [item("c")]}, "UnprocessedKeys": {}});
        let replay = Replay::new(&[(200, first), (200, second)]);
        let table = DynamoDb::new(&replay.connection(), "ledger");
        let found = run(table.get_all(&["a", "b", "c"].map(str::to_owned), "s"));
        let found: Vec<Option<Value>> = found.into_iter().map(Result::unwrap).collect();
        assert_eq!(found, [Some(json!({"name": "a"})), None, Some(json!({"name": "c"}))]);
        let sent = replay.sent();
        assert_eq!(sent[0]["RequestItems"]["ledger"]["ConsistentRead"], true);
        assert_eq!(sent[1]["RequestItems"]["ledger"]["Keys"], json!([key("c")]));
    }

    #[test]
    fn what_cannot_be_read_is_an_error_and_never_an_item_that_is_not_there() {
        let unprocessed = json!({"Keys": [{"pk": {"S": "b"}, "sk": {"S": "s"}}]});
        let again = (200, json!({"Responses": {"ledger": []}, "UnprocessedKeys": {"ledger": unprocessed}}));
        let replay = Replay::new(&vec![again; ROUNDS as usize]);
        let found = run(DynamoDb::new(&replay.connection(), "ledger").get_all(&["a", "b"].map(str::to_owned), "s"));
        let kinds: Vec<_> = found.iter().map(|found| found.as_ref().map_err(Error::kind)).collect();
        assert_eq!(kinds, [Ok(&None), Err(Kind::Throttled)]);
    }

    #[test]
    fn a_hundred_keys_go_into_a_call_and_each_has_the_error_of_its_own() {
        let names: Vec<String> = (0..101).map(|n| format!("service/{n:03}")).collect();
        let denied = json!({"__type": "AccessDeniedException", "message": "no"});
        let replay = Replay::new(&[(400, denied), (200, json!({"Responses": {"ledger": []}}))]);
        let found = run(DynamoDb::new(&replay.connection(), "ledger").get_all(&names, "s"));
        assert_eq!(replay.sent()[0]["RequestItems"]["ledger"]["Keys"].as_array().unwrap().len(), 100);
        assert_eq!((found.len(), found.iter().filter(|found| found.is_err()).count()), (101, 100));
        assert!(found[99].as_ref().unwrap_err().to_string().starts_with("get item service/099 s: AccessDenied"));
    }

    #[test]
    fn all_documents_are_read_over_pages_each_with_its_keys() {
        let item = |n: &str| json!({"pk": {"S": n}, "sk": {"S": "s"}, "n": {"N": n}});
        let first = json!({"Items": [item("1")], "LastEvaluatedKey": {"pk": {"S": "1"}, "sk": {"S": "s"}}});
        let replay = Replay::new(&[(200, first), (200, json!({"Items": [item("2")]}))]);
        let all = run(DynamoDb::new(&replay.connection(), "ledger").all()).unwrap();
        let expected = |n: u64| (n.to_string(), "s".to_owned(), json!({ "n": n }));
        assert_eq!(all, [expected(1), expected(2)]);
        assert_eq!(replay.sent()[1]["ExclusiveStartKey"]["pk"]["S"], "1");
    }
}
