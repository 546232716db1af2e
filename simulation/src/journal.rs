//! What happened, in order: what the laws look at, and what a person reads.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use crate::wire::writes;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// An invocation begins.
    Begins {
        /// Its number.
        invocation: u64,
        /// `rollout`, `capacity` and so on.
        function: &'static str,
        /// What it gets.
        payload: Value,
    },
    /// A call took effect, or was refused.
    Call {
        /// Number of the invocation that made it.
        invocation: u64,
        /// Who made it.
        function: &'static str,
        /// `ecs`, `dynamodb` and so on.
        service: &'static str,
        /// `UpdateService` and so on.
        operation: String,
        /// What was asked, as the SDK sent it.
        input: Value,
        /// What AWS says; whether the function gets that is another question.
        answer: Result<Value, crate::wire::Failure>,
        /// Why the function does not get the answer, where it does not.
        lost: Option<&'static str>,
    },
    /// An invocation ended.
    Ends {
        /// Its number.
        invocation: u64,
        /// Whose.
        function: &'static str,
        /// Its answer, or its error; killed and timed out are errors too.
        result: Result<Value, String>,
    },
    /// SNS took a message.
    Message(Message),
    /// A line of a function's log, or an embedded-metric document.
    Log {
        /// Number of the invocation.
        invocation: u64,
        /// Whose.
        function: &'static str,
        /// The line.
        line: String,
    },
    /// AWS or a person changed something in the account.
    World(String),
    /// What a queue of messages that were given up got.
    DeadLetter {
        /// The queue's ARN.
        queue: String,
        /// The record.
        body: Value,
    },
}

/// A message to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// ARN of the topic.
    pub topic: String,
    /// The subject, as e-mail shows it.
    pub subject: String,
    /// The text for e-mail.
    pub text: String,
    /// The custom notification for chat, as JSON.
    pub chat: String,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}  ", self.at)?;
        self.what.fmt(f)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Begins { invocation, function, payload } => {
                write!(f, "{function} #{invocation} begins: {}", short(f, &payload.to_string()))
            }
            What::Call { invocation, function, service, operation, input, answer, lost } => {
                write!(f, "{function} #{invocation}   {service}:{operation} {}", short(f, &input.to_string()))?;
                match answer {
                    Ok(answer) => write!(f, " -> {}", short(f, &answer.to_string()))?,
                    Err(failure) => write!(f, " -> {failure}")?,
                }
                lost.map_or(Ok(()), |why| write!(f, " ({why})"))
            }
            What::Ends { invocation, function, result: Ok(answer) } => {
                write!(f, "{function} #{invocation} ends: {}", short(f, &answer.to_string()))
            }
            What::Ends { invocation, function, result: Err(error) } => {
                write!(f, "{function} #{invocation} FAILS: {}", short(f, error))
            }
            What::Message(message) => write!(f, "message: {}", message.subject),
            What::Log { function, line, .. } => write!(f, "{function} log: {}", short(f, line)),
            What::World(text) => f.write_str(text),
            What::DeadLetter { queue, body } => write!(f, "dead letter in {queue}: {}", short(f, &body.to_string())),
        }
    }
}

/// A field that says something in a line: a name, a number, the providers of a strategy.
fn scalar((name, value): (&String, &Value)) -> Option<String> {
    let last = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let shown = match value {
        Value::String(text) if text.len() < 120 => last(text),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Array(items) if name == "capacityProviderStrategy" => {
            let provider = |item: &Value| item["capacityProvider"].as_str().unwrap_or_default().to_owned();
            items.iter().map(provider).collect::<Vec<_>>().join("+")
        }
        _ => return None,
    };
    Some(format!("{name} {shown}"))
}

/// Longest that a value is shown.
const SHOWN: usize = 400;

fn short(f: &fmt::Formatter<'_>, text: &str) -> String {
    match text.char_indices().nth(SHOWN).filter(|_| !f.alternate()) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a function decided, except to leave all as it is; of a request, what each function decided that knows its action.
fn decisions(answer: &Value) -> impl Iterator<Item = &Value> {
    let others = answer.as_object().into_iter().flat_map(|parts| parts.values()).map(|part| &part["decisions"]);
    let lines = std::iter::once(&answer["decisions"]).chain(others).filter_map(Value::as_array).flatten();
    lines.filter(|line| !matches!(line["decision"].as_str(), Some("keep" | "left_unchanged")))
}

impl What {
    /// Does a person want to read it in a timeline? Not every call, and not every look that changed nothing.
    pub fn matters(&self) -> bool {
        match self {
            What::Begins { .. } | What::Log { .. } => false,
            What::Call { service, operation, lost, .. } => {
                lost.is_some() || writes(operation) && !matches!(*service, "dynamodb" | "sns")
            }
            What::Ends { result: Ok(answer), .. } => {
                answer["error"]["message"].is_string() || decisions(answer).next().is_some()
            }
            What::Ends { .. } | What::Message(_) | What::World(_) | What::DeadLetter { .. } => true,
        }
    }

    /// The same in plain lines: decisions with their sentences, messages with their subjects.
    pub fn lines(&self) -> Vec<String> {
        match self {
            What::Ends { function, result: Ok(answer), .. } => {
                let refused = answer["error"]["message"].as_str().map(|why| format!("{function}: refused: {why}"));
                let plain = |line: &Value| {
                    let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
                    let subject = ["service", "alarm", "budget", "system"].map(text).concat();
                    let why = [text("message"), text("why")].concat();
                    let planned = if line["outcome"] == "planned" { "would " } else { "" };
                    format!("{function}: {subject}: {planned}{} ({}): {why}", text("decision"), text("reason"))
                };
                refused.into_iter().chain(decisions(answer).map(plain)).collect()
            }
            What::Call { function, service, operation, input, answer, lost, .. } => {
                let fields: Vec<String> = input.as_object().into_iter().flatten().filter_map(scalar).collect();
                let refused = answer.as_ref().err().map_or_else(String::new, |failure| format!(" -> {failure}"));
                let lost = lost.map_or_else(String::new, |why| format!(" ({why})"));
                vec![format!("{function}: {service}:{operation} {}{refused}{lost}", fields.join(", "))]
            }
            other => vec![other.to_string()],
        }
    }
}
