//! What reached the function: events from EventBridge, ticks, and requests from people.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use shared::model::{ServiceId, Span};
use shared::{Error, Result};

/// Who starts the one-off tasks before a roll; the rule in the template matches this prefix.
pub const STARTED_BY: &str = "rollout/";

/// What reached the function, reduced to where to look.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// An image was pushed under a tag. What the tag names is looked up, never taken from the event.
    Push {
        /// The repository.
        repository: String,
        /// The tag.
        tag: String,
        /// When, if the event says so properly.
        at: Option<Timestamp>,
    },
    /// A scan ended.
    Scan {
        /// The repository.
        repository: String,
    },
    /// A deployment of this service changed its state.
    Deployment {
        /// The service.
        service: ServiceId,
    },
    /// A one-off task before a roll ended in this cluster.
    TaskEnded {
        /// The cluster.
        cluster: String,
    },
    /// The slow tick, or a stack update that may have put something back: look at everything.
    Everything,
    /// A person asks for something.
    Request(Request),
    /// Nothing for this function, and why.
    Ignored(String),
}

/// What a person may ask for by direct invocation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Look at everything, as the tick does.
    Reconcile {
        /// Only this service.
        #[serde(default)]
        service: Option<String>,
    },
    /// Decide and explain, change nothing.
    Plan {
        /// Only this service.
        #[serde(default)]
        service: Option<String>,
    },
    /// Back to the release before; the current images go into quarantine.
    Rollback {
        /// The service.
        service: String,
        /// Who asks.
        by: String,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Roll an image although it was refused.
    Retry {
        /// The service.
        service: String,
        /// Who asks.
        by: String,
        /// A tag or digest; what the tag policy wants when left out.
        #[serde(default)]
        image: Option<String>,
        /// Its repository, for a service that follows several.
        #[serde(default)]
        repository: Option<String>,
    },
    /// Hold pushes back.
    Freeze {
        /// Only this service.
        #[serde(default)]
        service: Option<String>,
        /// Who asks.
        by: String,
        /// Until when.
        until: Span,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Release what a freeze holds.
    Unfreeze {
        /// Only this service.
        #[serde(default)]
        service: Option<String>,
        /// Who asks.
        by: String,
    },
}

impl Request {
    /// The service that is named, if one is.
    pub fn service(&self) -> Option<&str> {
        match self {
            Request::Reconcile { service } | Request::Plan { service } => service.as_deref(),
            Request::Freeze { service, .. } | Request::Unfreeze { service, .. } => service.as_deref(),
            Request::Rollback { service, .. } | Request::Retry { service, .. } => Some(service),
        }
    }
}

impl Trigger {
    /// Reads whatever arrived, told apart by its keys and never by which parse fails.
    ///
    /// # Errors
    /// `Invalid` when the payload is meant for this function and broken; it then goes to the dead-letter queue.
    pub fn parse(payload: Value) -> Result<Trigger> {
        let Some(fields) = payload.as_object() else {
            return Err(Error::bad_field("event", kind(&payload), "a JSON object"));
        };
        if fields.contains_key("action") {
            return request(payload);
        }
        if fields.contains_key("detail-type") && fields.contains_key("source") {
            return event(payload);
        }
        let keys: Vec<&str> = fields.keys().map(String::as_str).take(8).collect();
        let expected = "`source` and `detail-type` (an event), or `action` (a request)";
        Err(Error::bad_field("event", format!("an object with the keys [{}]", keys.join(", ")), expected))
    }
}

fn request(payload: Value) -> Result<Trigger> {
    let action = payload.get("action").and_then(Value::as_str).unwrap_or_default().to_owned();
    let request: Request = serde_json::from_value(payload)
        .map_err(|error| Error::invalid(format!("request `{action}`")).with_source(error))?;
    Ok(match request {
        Request::Reconcile { service: None } => Trigger::Everything,
        request => Trigger::Request(request),
    })
}

fn event(mut payload: Value) -> Result<Trigger> {
    // The envelope type refuses the whole event for an impossible date, and nothing here rests on the date.
    let at = payload.get("time").and_then(Value::as_str).and_then(|time| time.parse::<Timestamp>().ok());
    if at.is_none()
        && let Some(fields) = payload.as_object_mut()
    {
        fields.remove("time");
    }
    let event: EventBridgeEvent<Value> =
        serde_json::from_value(payload).map_err(|error| Error::invalid("event envelope").with_source(error))?;
    let resources: Vec<String> = event.resources.clone().unwrap_or_default();
    match (event.source.as_str(), event.detail_type.as_str()) {
        ("aws.ecr", "ECR Image Action") => push(&event.detail, at),
        ("aws.ecr", "ECR Image Scan") => {
            Ok(Trigger::Scan { repository: text(&event.detail, "repository-name")?.to_owned() })
        }
        ("aws.ecs", "ECS Deployment State Change") => deployment(&resources),
        ("aws.ecs", "ECS Task State Change") => task(&event.detail),
        ("aws.cloudformation", "CloudFormation Stack Status Change") => Ok(Trigger::Everything),
        (source, detail_type) => {
            Ok(Trigger::Ignored(format!("`{detail_type}` of {source} is nothing for this function")))
        }
    }
}

fn push(detail: &Value, at: Option<Timestamp>) -> Result<Trigger> {
    let (action, result) = (text(detail, "action-type")?, text(detail, "result")?);
    let repository = text(detail, "repository-name")?;
    if (action, result) != ("PUSH", "SUCCESS") {
        return Ok(Trigger::Ignored(format!("{action} of {repository} with result {result} brings no image")));
    }
    // Absent, null and empty are one: the child manifests of a multi-architecture push have no tag.
    match detail.get("image-tag").and_then(Value::as_str).unwrap_or_default() {
        "" => Ok(Trigger::Ignored(format!("a push of {repository} without a tag brings nothing to roll"))),
        tag => Ok(Trigger::Push { repository: repository.to_owned(), tag: tag.to_owned(), at }),
    }
}

/// The service is named in `resources` alone; the detail has neither cluster nor service.
fn deployment(resources: &[String]) -> Result<Trigger> {
    let arn = resources.first().ok_or_else(|| Error::bad_field("resources", "[]", "the ARN of the service"))?;
    match arn.parse::<ServiceId>() {
        Ok(service) => Ok(Trigger::Deployment { service }),
        // The old ARN form, of a service that was created before 2018.
        Err(_) if arn.contains(":service/") => Ok(Trigger::Ignored(format!("{arn} names no cluster"))),
        Err(error) => Err(error.context("resources[0]")),
    }
}

fn task(detail: &Value) -> Result<Trigger> {
    let started_by = detail.get("startedBy").and_then(Value::as_str).unwrap_or_default();
    let status = text(detail, "lastStatus")?;
    if !started_by.starts_with(STARTED_BY) || status != "STOPPED" {
        return Ok(Trigger::Ignored(format!(
            "a task started by `{started_by}` that is {status} is none of ours that ended"
        )));
    }
    let arn = text(detail, "clusterArn")?;
    let cluster = arn.rsplit('/').next().unwrap_or(arn).to_owned();
    Ok(Trigger::TaskEnded { cluster })
}

fn text<'a>(detail: &'a Value, field: &str) -> Result<&'a str> {
    let value = detail.get(field).unwrap_or(&Value::Null);
    match value.as_str() {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(Error::bad_field(&format!("detail.{field}"), kind(value), "a text that is not empty")),
    }
}

/// What a value is, without what it says: a payload may carry secrets.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "an empty text",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn push_event(tag: Value, time: &str) -> Value {
        json!({
            "source": "aws.ecr", "detail-type": "ECR Image Action", "time": time, "resources": [],
            "detail": {"action-type": "PUSH", "result": "SUCCESS", "repository-name": "a/b", "image-tag": tag}
        })
    }

    #[test]
    fn a_push_is_where_to_look_and_no_more() {
        let trigger = Trigger::parse(push_event("v1".into(), "2026-11-21T10:00:00Z")).unwrap();
        let at = Some("2026-11-21T10:00:00Z".parse().unwrap());
        assert_eq!(trigger, Trigger::Push { repository: "a/b".into(), tag: "v1".into(), at });
    }

    #[test]
    fn an_impossible_date_loses_the_date_and_not_the_event() {
        let trigger = Trigger::parse(push_event("v1".into(), "2023-02-29T02:36:48Z")).unwrap();
        assert_eq!(trigger, Trigger::Push { repository: "a/b".into(), tag: "v1".into(), at: None });
    }

    #[test]
    fn a_push_without_a_tag_is_ignored_with_a_reason() {
        for tag in [Value::Null, "".into()] {
            let trigger = Trigger::parse(push_event(tag, "2026-11-21T10:00:00Z")).unwrap();
            assert_eq!(trigger, Trigger::Ignored("a push of a/b without a tag brings nothing to roll".into()));
        }
    }

    #[test]
    fn a_broken_payload_is_an_error_that_tells_no_values() {
        let no_repository =
            json!({"source": "aws.ecr", "detail-type": "ECR Image Scan", "detail": {"secret": "hunter2"}});
        for (payload, expected) in [
            (json!([1]), "event: got `a list`, expected a JSON object"),
            (json!({"Records": []}), "an object with the keys [Records]"),
            (no_repository, "detail.repository-name: got `nothing`, expected a text"),
            (json!({"action": "rollback", "by": "anna"}), "request `rollback`: missing field `service`"),
            (json!({"action": "dance"}), "request `dance`: unknown variant `dance`"),
            (json!({"action": "freeze", "by": "anna", "until": "soon"}), "until: got `soon`, expected a duration"),
            (json!({"action": "plan", "servce": "web"}), "unknown field `servce`"),
        ] {
            let error = Trigger::parse(payload).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{error}\nlacks\n{expected}");
        }
    }

    #[test]
    fn the_tick_and_a_stack_update_look_at_everything() {
        assert_eq!(Trigger::parse(json!({"action": "reconcile"})).unwrap(), Trigger::Everything);
        let update =
            json!({"source": "aws.cloudformation", "detail-type": "CloudFormation Stack Status Change", "detail": {}});
        assert_eq!(Trigger::parse(update).unwrap(), Trigger::Everything);
    }
}
