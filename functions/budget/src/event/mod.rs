//! What reached the function: messages through SNS, ticks, and requests from people.

mod anomaly;
mod text;

use jiff::Timestamp;
use planner::budget::{Input, Notice, request};
use planner::model::Span;
use serde::Deserialize;
use serde_json::Value;
use shared::event::{Payload, moment};
use shared::{Error, Result};

pub use anomaly::{Anomaly, RootCause};

/// What reached the function, reduced to where to look.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// Messages through SNS.
    Messages(Vec<Message>),
    /// The tick: look at every budget.
    Everything,
    /// A person asks for something.
    Request(Request),
    /// Nothing for this function, and why.
    Ignored(String),
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

/// What may be asked for by direct invocation.
///
/// `at` is the moment that is meant where it is ahead of the clock: a schedule may be early, and the end of a period is
/// then still its end. One that is behind is a late delivery, and the clock counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Look, as the tick does.
    Reconcile {
        /// When the schedule meant it.
        #[serde(default)]
        at: Option<Timestamp>,
    },
    /// Decide and explain, change nothing.
    Plan {
        /// Only this budget.
        #[serde(default)]
        budget: Option<String>,
    },
    /// End what is in force, for the rest of the period; a higher tier still begins.
    Release {
        /// Only this budget.
        #[serde(default)]
        budget: Option<String>,
        /// Who asks.
        by: String,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// Keep all tiers off until then.
    Hold {
        /// Only this budget.
        #[serde(default)]
        budget: Option<String>,
        /// Until when.
        until: Span,
        /// Who asks.
        by: String,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    },
    /// End a release and a hold.
    Resume {
        /// Only this budget.
        #[serde(default)]
        budget: Option<String>,
        /// Who asks.
        by: String,
    },
    /// A figure that is not believed is right.
    Confirm {
        /// The budget.
        budget: String,
        /// Who asks.
        by: String,
    },
}

impl Request {
    /// The budget that is named, if one is.
    pub fn budget(&self) -> Option<&str> {
        match self {
            Request::Reconcile { .. } => None,
            Request::Plan { budget } | Request::Release { budget, .. } => budget.as_deref(),
            Request::Hold { budget, .. } | Request::Resume { budget, .. } => budget.as_deref(),
            Request::Confirm { budget, .. } => Some(budget),
        }
    }

    /// What it asks of the planner; `None` when it only asks to look.
    ///
    /// # Errors
    /// `Invalid` when a time is past.
    pub fn input(&self, now: Timestamp) -> Result<Option<Input>> {
        let request = match self.clone() {
            Request::Reconcile { .. } | Request::Plan { .. } => return Ok(None),
            Request::Release { by, reason, .. } => planner::budget::Request::Release(request::Release { by, reason }),
            Request::Hold { by, reason, until, .. } => {
                planner::budget::Request::Hold(request::Hold { by, reason, until: until.end(now)? })
            }
            Request::Resume { by, .. } => planner::budget::Request::Resume(request::Resume { by }),
            Request::Confirm { by, .. } => planner::budget::Request::Confirm(request::Confirm { by }),
        };
        Ok(Some(Input::Request(request)))
    }
}

impl Trigger {
    /// Reads whatever arrived, and the moment at which it is to be decided.
    ///
    /// # Errors
    /// `Invalid` when the payload is meant for this function and broken. A message that cannot be understood is no
    /// error: it goes to people as it came.
    pub fn parse(payload: Value, clock: Timestamp) -> Result<(Trigger, Timestamp)> {
        if let Some(records) = payload.get("Records") {
            let messages = messages(records, clock)?;
            let newest = messages.iter().map(|message| message.at).max();
            return Ok((Trigger::Messages(messages), moment(newest, clock)));
        }
        match Payload::parse(payload)? {
            Payload::Event(event) => {
                let (source, detail_type) = event.about();
                let ignored = format!("`{detail_type}` of {source} is nothing for this function");
                Ok((Trigger::Ignored(ignored), clock))
            }
            Payload::Request(payload) => Ok(match shared::event::request(payload)? {
                Request::Reconcile { at } => (Trigger::Everything, moment(at, clock)),
                request => (Trigger::Request(request), clock),
            }),
        }
    }
}

/// Every record: one invocation may bring several.
fn messages(records: &Value, clock: Timestamp) -> Result<Vec<Message>> {
    let bad = |value: &Value| Error::bad_field("Records", shared::event::kind(value), "a list of SNS records");
    let records = records.as_array().ok_or_else(|| bad(records))?;
    records.iter().map(|record| message(record.get("Sns").ok_or_else(|| bad(record))?, clock)).collect()
}

fn message(sns: &Value, clock: Timestamp) -> Result<Message> {
    let text = |field: &str| sns.get(field).and_then(Value::as_str);
    let missing = |field: &str| Error::bad_field(&format!("Records[].Sns.{field}"), "nothing", "a text");
    let body = text("Message").ok_or_else(|| missing("Message"))?;
    let at = text("Timestamp").and_then(|at| at.parse().ok()).unwrap_or(clock);
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

    #[test]
    fn every_record_is_read_and_one_that_cannot_be_understood_hides_no_other() {
        let known = "Budget Name: a\nAlert Type: ACTUAL\nACTUAL Amount: $1.00\n";
        let payload = json!({"Records": [record("hello"), record(known)]});
        let (Trigger::Messages(messages), at) = Trigger::parse(payload, clock()).unwrap() else {
            panic!("no messages")
        };
        assert_eq!((messages.len(), &messages[0].content, at), (2, &Content::Unknown, clock()));
        assert_eq!(messages[0].subject, None);
        assert!(matches!(&messages[1].content, Content::Budget { name, .. } if name == "a"));
    }

    #[test]
    fn requests_name_who_asks_and_mistakes_are_told() {
        for (payload, expected) in [
            (json!({"action": "release"}), "missing field `by`"),
            (json!({"action": "confirm", "by": "anna"}), "missing field `budget`"),
            (json!({"action": "hold", "by": "anna", "until": "soon"}), "until: got `soon`"),
            (json!({"action": "plan", "bugdet": "x"}), "unknown field `bugdet`"),
            (
                json!({"Records": [{"eventSource": "aws:sqs"}]}),
                "Records: got `an object`, expected a list of SNS records",
            ),
            (json!({"Records": [{"Sns": {"MessageId": "m"}}]}), "Records[].Sns.Message: got `nothing`"),
        ] {
            let error = Trigger::parse(payload, clock()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}\nlacks\n{expected}");
        }
        let hold = json!({"action": "hold", "by": "anna", "until": "2h", "reason": "launch"});
        let (Trigger::Request(hold), _) = Trigger::parse(hold, clock()).unwrap() else { panic!("no request") };
        let until = "2026-11-21T12:00:00Z".parse().unwrap();
        let expected = request::Hold { by: "anna".into(), reason: Some("launch".into()), until };
        let expected = Input::Request(planner::budget::Request::Hold(expected));
        assert_eq!(hold.input(clock()).unwrap(), Some(expected));
    }

    #[test]
    fn a_message_from_ahead_of_the_clock_is_decided_at_its_own_moment() {
        let sent = |at: &str| {
            let mut sent = record("hello");
            sent["Sns"]["Timestamp"] = at.into();
            sent
        };
        let (ahead, behind) = (sent("2026-12-01T00:00:03Z"), sent("2026-11-20T00:00:00Z"));
        let (_, moment) = Trigger::parse(json!({"Records": [ahead, behind]}), clock()).unwrap();
        assert_eq!(moment, "2026-12-01T00:00:03Z".parse().unwrap());
    }

    #[test]
    fn a_tick_is_decided_at_the_moment_that_was_meant_unless_it_comes_late() {
        for (at, moment) in
            [("2026-11-21T09:00:00Z", clock()), ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z".parse().unwrap())]
        {
            let tick = Trigger::parse(json!({"action": "reconcile", "at": at}), clock()).unwrap();
            assert_eq!(tick, (Trigger::Everything, moment));
        }
    }
}
