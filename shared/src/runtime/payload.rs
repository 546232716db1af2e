//! What reaches a function: events from EventBridge, requests by direct invocation, records of SNS.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use jiff::Timestamp;
use serde_json::Value;

pub use super::kind::kind;
use super::request::Request;
use crate::error::{Error, Result};
use planner::model::{ServiceId, read_time};

/// A payload, distinguished by its keys and never by which parse fails.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// An event, `source` and `detail-type`.
    Event(Event),
    /// A request, `action`.
    Request(Request),
    /// Messages through SNS, `Records`: one `Sns` object each.
    Notifications(Vec<Value>),
}

/// An EventBridge event, as far as functions read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `aws.ecs`.
    pub source: String,
    /// `ECS Deployment State Change`.
    pub detail_type: String,
    /// When, if the event says so properly.
    pub at: Option<Timestamp>,
    /// ARNs of what it is about.
    pub resources: Vec<String>,
    /// The rest.
    pub detail: Value,
}

impl Payload {
    /// Reads whatever arrived.
    ///
    /// # Errors
    /// `Invalid` when it is neither event nor request, with its keys and never its values: they may be secrets.
    pub fn parse(payload: Value) -> Result<Payload> {
        let Some(fields) = payload.as_object() else {
            return Err(Error::bad_field("event", kind(&payload), "a JSON object"));
        };
        if fields.contains_key("action") {
            return Request::parse(payload).map(Payload::Request);
        }
        if fields.contains_key("detail-type") && fields.contains_key("source") {
            return Event::parse(payload).map(Payload::Event);
        }
        if let Some(records) = fields.get("Records") {
            return notifications(records).map(Payload::Notifications);
        }
        let keys: Vec<&str> = fields.keys().map(String::as_str).take(8).collect();
        let expected = "`source` and `detail-type` (an event), or `action` (a request)";
        Err(Error::bad_field("event", format!("an object with the keys [{}]", keys.join(", ")), expected))
    }
}

impl Payload {
    /// When it was meant to arrive: the time of the event, of the newest message, of the request.
    pub fn at(&self) -> Option<Timestamp> {
        let sent = |sns: &Value| sns.get("Timestamp").and_then(Value::as_str).and_then(read_time);
        match self {
            Payload::Event(event) => event.at,
            Payload::Request(request) => request.at,
            Payload::Notifications(messages) => messages.iter().filter_map(sent).max(),
        }
    }

    /// Is it a request that changes nothing?
    pub fn is_plan(&self) -> bool {
        matches!(self, Payload::Request(request) if request.is_plan())
    }
}

impl Event {
    fn parse(mut payload: Value) -> Result<Event> {
        // The envelope type refuses the whole event for an impossible date, and nothing rests on the date.
        let at = payload.get("time").and_then(Value::as_str).and_then(read_time);
        if at.is_none()
            && let Some(fields) = payload.as_object_mut()
        {
            fields.remove("time");
        }
        let event: EventBridgeEvent<Value> =
            serde_json::from_value(payload).map_err(|error| Error::invalid("event envelope").with_source(error))?;
        Ok(Event {
            source: event.source,
            detail_type: event.detail_type,
            at,
            resources: event.resources.unwrap_or_default(),
            detail: event.detail,
        })
    }

    /// Source and detail type, which together say what it is.
    pub fn about(&self) -> (&str, &str) {
        (&self.source, &self.detail_type)
    }

    /// A text of the detail.
    ///
    /// # Errors
    /// `Invalid`, naming the field, when it is missing, empty or no text.
    pub fn text(&self, field: &str) -> Result<&str> {
        let value = self.detail.get(field).unwrap_or(&Value::Null);
        match value.as_str() {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(Error::bad_field(&format!("detail.{field}"), kind(value), "a text that is not empty")),
        }
    }

    /// The service that `resources` names, and nothing else does; `None` for the old ARN form, which names no cluster.
    ///
    /// # Errors
    /// `Invalid` when there is no ARN, or one of something else.
    pub fn service(&self) -> Result<Option<ServiceId>> {
        let arn = self.resources.first();
        let arn = arn.ok_or_else(|| Error::bad_field("resources", "[]", "the ARN of the service"))?;
        match arn.parse::<ServiceId>() {
            Ok(service) => Ok(Some(service)),
            // Of a service that was created before 2018.
            Err(_) if arn.contains(":service/") => Ok(None),
            Err(error) => Err(error.context("resources[0]")),
        }
    }

    /// A text of the detail; absent, null and empty are one.
    pub fn optional(&self, field: &str) -> &str {
        self.detail.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The `Sns` object of every record: one invocation may bring several.
fn notifications(records: &Value) -> Result<Vec<Value>> {
    let bad = |value: &Value| Error::bad_field("Records", kind(value), "a list of SNS records");
    let records = records.as_array().ok_or_else(|| bad(records))?;
    records.iter().map(|record| record.get("Sns").cloned().ok_or_else(|| bad(record))).collect()
}
