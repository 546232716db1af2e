//! Messages of an SQS queue that stands in front of a function: what must not be lost waits there until it is handled.
//!
//! EventBridge writes the event as the body. SNS writes an envelope, or with raw message delivery the message itself.

use std::fmt;

use serde_json::{Value, json};

use super::payload::Payload;
use crate::error::{Error, Result};

/// One message of a queue.
#[derive(Clone, PartialEq)]
pub struct Queued {
    /// Its id, by which a failure is reported.
    pub id: String,
    /// What it brings.
    pub payload: Value,
}

/// The messages of a batch; `None` when the payload comes from no queue.
///
/// # Errors
/// `Invalid` when a message has no id: what cannot be reported must not be taken for done.
pub fn messages(payload: &Value) -> Result<Option<Vec<Queued>>> {
    let records = payload.get("Records").and_then(Value::as_array).filter(|records| !records.is_empty());
    let from_queue = |record: &Value| record.get("eventSource").and_then(Value::as_str) == Some("aws:sqs");
    let Some(records) = records.filter(|records| records.iter().all(from_queue)) else { return Ok(None) };
    records.iter().map(queued).collect::<Result<Vec<Queued>>>().map(Some)
}

/// The answer that makes SQS keep the messages that failed, and nothing else:
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>.
pub fn failures<'a>(ids: impl IntoIterator<Item = &'a str>) -> Value {
    let items: Vec<Value> = ids.into_iter().map(|id| json!({ "itemIdentifier": id })).collect();
    json!({ "batchItemFailures": items })
}

fn queued(record: &Value) -> Result<Queued> {
    let text = |field: &str| record.get(field).and_then(Value::as_str);
    let missing = |field: &str| Error::bad_field(&format!("Records[].{field}"), "nothing", "a text");
    let id = text("messageId").ok_or_else(|| missing("messageId"))?;
    let body = text("body").ok_or_else(|| missing("body"))?;
    Ok(Queued { id: id.to_owned(), payload: payload(id, body, record) })
}

/// What the body is to a function. A request is none: people send those to the request function. What another invocation has
/// handed on is.
fn payload(id: &str, body: &str, record: &Value) -> Value {
    let parsed: Value = serde_json::from_str(body).unwrap_or_default();
    let has = |fields: &[&str]| fields.iter().all(|field| parsed.get(field).is_some_and(Value::is_string));
    if has(&["source", "detail-type"]) || parsed.get("handed_on").is_some_and(Value::is_object) {
        return parsed;
    }
    let sns = match has(&["MessageId", "Message", "TopicArn"]) {
        true => parsed,
        false => {
            let sent = record.pointer("/attributes/SentTimestamp").and_then(Value::as_str);
            let sent = sent.and_then(|millis| jiff::Timestamp::from_millisecond(millis.parse().ok()?).ok());
            json!({ "MessageId": id, "Message": body, "Timestamp": sent.map(|at| at.to_string()) })
        }
    };
    json!({ "Records": [{ "EventSource": "aws:sns", "Sns": sns }] })
}

impl Queued {
    /// Reads what the message brings.
    ///
    /// # Errors
    /// As [`Payload::parse`].
    pub fn parse(&self) -> Result<Payload> {
        Payload::parse(self.payload.clone())
    }
}

/// Without what it brings: that may be a secret.
impl fmt::Debug for Queued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(bodies: &[&str]) -> Value {
        let record = |(n, body): (usize, &&str)| {
            json!({
                "messageId": format!("m-{n}"), "body": body, "eventSource": "aws:sqs",
                "attributes": {"SentTimestamp": "1763720000000", "ApproximateReceiveCount": "1"},
            })
        };
        json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
    }

    #[test]
    fn events_and_messages_of_sns_are_read_raw_and_in_their_envelope() {
        let event = r#"{"source":"aws.cloudwatch","detail-type":"CloudWatch Alarm State Change","detail":{}}"#;
        let envelope = r#"{"Type":"Notification","MessageId":"n","TopicArn":"arn:t","Subject":"AWS Budgets: a","Message":"Budget Name: a","Timestamp":"2026-11-21T09:59:00.000Z"}"#;
        let read = messages(&batch(&[event, envelope, "Budget Name: b"])).unwrap().unwrap();
        assert!(matches!(read[0].parse().unwrap(), Payload::Event(event) if event.source == "aws.cloudwatch"));
        let notification = |queued: &Queued| match queued.parse().unwrap() {
            Payload::Notifications(mut all) => all.remove(0),
            other => panic!("{other:?}"),
        };
        assert_eq!(notification(&read[1])["Subject"], "AWS Budgets: a");
        let raw = notification(&read[2]);
        assert_eq!((&raw["MessageId"], &raw["Message"]), (&json!("m-2"), &json!("Budget Name: b")));
        assert_eq!(raw["Timestamp"], "2025-11-21T10:13:20Z");
    }

    #[test]
    fn a_request_in_a_queue_is_none() {
        let read = messages(&batch(&[r#"{"action":"lift","by":"anna"}"#])).unwrap().unwrap();
        assert!(matches!(read[0].parse().unwrap(), Payload::Notifications(_)));
    }

    #[test]
    fn what_comes_from_no_queue_is_left_alone() {
        for payload in [json!({"action": "plan"}), json!({"Records": []}), json!({"Records": [{"Sns": {}}]})] {
            assert_eq!(messages(&payload).unwrap(), None);
        }
        let mut odd = batch(&["x"]);
        odd["Records"][0].as_object_mut().unwrap().remove("messageId");
        assert!(messages(&odd).unwrap_err().to_string().starts_with("Records[].messageId: got `nothing`"));
    }

    #[test]
    fn only_messages_that_failed_stay_in_the_queue() {
        assert_eq!(failures([]), json!({"batchItemFailures": []}));
        assert_eq!(failures(["a"]), json!({"batchItemFailures": [{"itemIdentifier": "a"}]}));
    }
}
