//! What reached the function: messages through SNS, ticks, and requests from people.

mod anomaly;
mod text;

use jiff::Timestamp;
use planner::budget::{self, BudgetPolicy, Input, Notice, request};
use planner::model::{Span, read_time};
use serde::Deserialize;
use serde_json::Value;
use shared::runtime::{NoParameters, Payload, Received, Request, Target};
use shared::{Error, Result};

pub use anomaly::{Anomaly, RootCause};

/// What started the function, reduced to where to look.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// Messages through SNS.
    Messages(Vec<Message>),
    /// The tick: every budget.
    Everything,
    /// A request `plan` about the budget of this name.
    Named(String),
    /// A request that changes what is in force.
    Request(BudgetRequest),
}

/// One message through SNS.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its id; a copy has the same.
    pub id: String,
    /// Its subject; most have one.
    pub subject: Option<String>,
    /// Its text, as it came.
    pub text: String,
    /// When it was sent.
    pub at: Timestamp,
    /// What it says.
    pub content: Content,
}

impl Message {
    /// What AWS Budgets says of a budget, if it is that.
    pub fn notice(&self) -> Option<&Notice> {
        match &self.content {
            Content::Budget { notice, .. } => Some(notice),
            Content::Anomaly(_) | Content::Unknown => None,
        }
    }

    /// Is it about this budget?
    pub fn is_about(&self, policy: &BudgetPolicy) -> bool {
        matches!(&self.content, Content::Budget { name, .. } if policy.is_named(name))
    }
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A budget has passed a threshold.
    Budget {
        /// The budget's name.
        name: String,
        /// What is said of it.
        notice: Notice,
    },
    /// Something costs more than it used to.
    Anomaly(Anomaly),
    /// Something that only people can read.
    Unknown,
}

/// What an engineer requests of budgets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetRequest {
    /// The budget; every one when none is named.
    pub budget: Option<String>,
    /// Who asks.
    pub by: String,
    /// Why, in their words.
    pub reason: Option<String>,
    /// The action, with its parameters.
    pub kind: RequestKind,
}

/// What may be requested of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// End the restrictions in force for the rest of the period; a higher tier still begins.
    Lift,
    /// Suspend all tiers until then.
    Hold(Span),
    /// Restore lifted restrictions, end a hold.
    Resume,
    /// The doubted figure is right.
    Confirm,
}

/// Parameters of `hold`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Until {
    until: Span,
}

impl BudgetRequest {
    fn parse(request: &Request) -> Result<Option<BudgetRequest>> {
        let kind = match request.action.as_str() {
            "hold" => RequestKind::Hold(request.parameters::<Until>()?.until),
            other => {
                request.parameters::<NoParameters>()?;
                match other {
                    "lift" => RequestKind::Lift,
                    "resume" => RequestKind::Resume,
                    "confirm" => RequestKind::Confirm,
                    _ => return Ok(None),
                }
            }
        };
        let (by, reason) = (request.by.clone(), request.reason.clone());
        Ok(Some(BudgetRequest { budget: named(request), by, reason, kind }))
    }

    /// What it is to the planner.
    ///
    /// # Errors
    /// `Invalid` when a time is past.
    pub fn input(&self, now: Timestamp) -> Result<Input> {
        let (by, reason) = (self.by.clone(), self.reason.clone());
        Ok(Input::Request(match &self.kind {
            RequestKind::Lift => budget::Request::Lift(request::Lift { by, reason }),
            RequestKind::Hold(until) => budget::Request::Hold(request::Hold { by, reason, until: until.end(now)? }),
            RequestKind::Resume => budget::Request::Resume(request::Resume { by }),
            RequestKind::Confirm => budget::Request::Confirm(request::Confirm { by }),
        }))
    }
}

fn named(request: &Request) -> Option<String> {
    match &request.target {
        Target::Budget(name) => Some(name.clone()),
        Target::Everything | Target::Service(_) | Target::Alarm(_) => None,
    }
}

impl Trigger {
    /// Reads what arrived at the time `clock`.
    ///
    /// # Errors
    /// `Invalid` when the payload is meant for this function and broken. A message that cannot be read is no error: it
    /// is forwarded as it came.
    pub fn parse(payload: Payload, clock: Timestamp) -> Result<Received<Trigger>> {
        Ok(match payload {
            Payload::Event(event) => {
                let (source, detail_type) = event.about();
                Received::Ignored(format!("`{detail_type}` of {source} is nothing for this function"))
            }
            Payload::Notifications(messages) => {
                let messages: Result<Vec<Message>> = messages.iter().map(|sns| message(sns, clock)).collect();
                Received::Trigger(Trigger::Messages(messages?))
            }
            Payload::Request(request) => Received::Trigger(match (BudgetRequest::parse(&request)?, named(&request)) {
                (Some(request), _) => Trigger::Request(request),
                (None, Some(name)) => Trigger::Named(name),
                (None, None) => Trigger::Everything,
            }),
        })
    }
}

fn message(sns: &Value, clock: Timestamp) -> Result<Message> {
    let text = |field: &str| sns.get(field).and_then(Value::as_str);
    let missing = |field: &str| Error::bad_field(&format!("Records[].Sns.{field}"), "nothing", "a text");
    let body = text("Message").ok_or_else(|| missing("Message"))?;
    let at = text("Timestamp").and_then(read_time).unwrap_or(clock);
    Ok(Message {
        id: text("MessageId").ok_or_else(|| missing("MessageId"))?.to_owned(),
        subject: text("Subject").filter(|subject| !subject.is_empty()).map(str::to_owned),
        text: body.to_owned(),
        at,
        content: content(body, at),
    })
}

fn content(body: &str, at: Timestamp) -> Content {
    if let Some(anomaly) = Anomaly::parse(body) {
        return Content::Anomaly(anomaly);
    }
    match text::parse(body, at) {
        Some((name, notice)) => Content::Budget { name, notice },
        None => Content::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn clock() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn record(message: &str) -> Value {
        json!({"EventSource": "aws:sns", "Sns": {"MessageId": "m", "Message": message, "Timestamp": "2026-11-21T09:59:00.000Z", "Subject": null}})
    }

    fn parse(payload: Value) -> Result<Received<Trigger>> {
        Trigger::parse(Payload::parse(payload)?, clock())
    }

    #[test]
    fn every_record_is_read_and_one_that_cannot_be_understood_hides_no_other() {
        let known = "Budget Name: a\nAlert Type: ACTUAL\nACTUAL Amount: $1.00\n";
        let payload = json!({"Records": [record("hello"), record(known)]});
        let Received::Trigger(Trigger::Messages(messages)) = parse(payload).unwrap() else { panic!("no messages") };
        assert_eq!((messages.len(), &messages[0].content), (2, &Content::Unknown));
        assert_eq!(messages[0].subject, None);
        assert!(matches!(&messages[1].content, Content::Budget { name, .. } if name == "a"));
    }

    #[test]
    fn requests_name_who_asks_and_mistakes_are_named() {
        for (payload, expected) in [
            (json!({"action": "lift"}), "request `lift`: by: got `nothing`"),
            (json!({"action": "confirm", "by": "anna"}), "request `confirm`: budget: got `nothing`"),
            (json!({"action": "hold", "budget": "b", "by": "anna", "until": "soon"}), "until: got `soon`"),
            (json!({"action": "plan", "bugdet": "x"}), "unknown field `bugdet`"),
            (
                json!({"Records": [{"eventSource": "aws:sqs"}]}),
                "Records: got `an object`, expected a list of SNS records",
            ),
            (json!({"Records": [{"Sns": {"MessageId": "m"}}]}), "Records[].Sns.Message: got `nothing`"),
        ] {
            let error = parse(payload).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}\nlacks\n{expected}");
        }
        let hold = json!({"action": "hold", "budget": "b", "by": "anna", "until": "2h", "reason": "launch"});
        let Received::Trigger(Trigger::Request(hold)) = parse(hold).unwrap() else { panic!("no request") };
        let until = "2026-11-21T12:00:00Z".parse().unwrap();
        let expected = request::Hold { by: "anna".into(), reason: Some("launch".into()), until };
        assert_eq!(hold.input(clock()).unwrap(), Input::Request(budget::Request::Hold(expected)));
    }

    #[test]
    fn the_newest_message_says_when_they_were_sent() {
        let sent = |at: &str| {
            let mut sent = record("hello");
            sent["Sns"]["Timestamp"] = at.into();
            sent
        };
        let (ahead, behind) = (sent("2026-12-01T00:00:03Z"), sent("2026-11-20T00:00:00Z"));
        let payload = Payload::parse(json!({"Records": [ahead, behind]})).unwrap();
        assert_eq!(payload.at(), Some("2026-12-01T00:00:03Z".parse().unwrap()));
    }
}
