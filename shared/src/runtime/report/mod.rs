//! What an invocation decided and did: one value from which log lines, metrics and the response are rendered.

mod line;
mod outcome;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::mode::Mode;
use super::outbox::Sent;
use crate::error::{Error, Result};
use crate::ledger::Subject;

pub use line::{Done, Line};
pub use outcome::Outcome;

/// Where every metric of the automation is.
pub const NAMESPACE: &str = "Automation";

/// So long after it was written an unsent message fails the invocation, so that Lambda soon repeats it. Afterwards it is left to the
/// ticks: the last of Lambda's attempts comes after three minutes, and what it fails would lie among the dead letters although nothing is
/// lost, <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>.
const REPEATED_FOR: SignedDuration = SignedDuration::from_mins(2);

/// Counters that every function has, and how long it took.
const COMMON: [&str; 5] = ["Changed", "Planned", "Failed", "MessagesSent", "DurationMs"];

/// An embedded-metric document of one metric of a Lambda function, by its name: alarms in the templates look at it, and the
/// templates know the function's name, while the documents say what the system is called. `more` are further dimensions.
pub fn of_function(
    function: &str,
    more: &[(&str, &str)],
    (metric, unit): (&str, &str),
    value: i64,
    millis: i64,
) -> Value {
    let names: Vec<&str> = std::iter::once("FunctionName").chain(more.iter().map(|(name, _)| *name)).collect();
    let mut document = json!({
        "_aws": {
            "Timestamp": millis,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [names],
                "Metrics": [{ "Name": metric, "Unit": unit }],
            }],
        },
        "FunctionName": function,
        metric: value,
    });
    for (name, value) in more {
        document[name] = json!(value);
    }
    document
}

/// Everything that an invocation decided and did.
#[derive(Debug)]
pub struct Report {
    mode: Mode,
    lines: Vec<Line>,
    counted: Vec<&'static str>,
    documents: Vec<Value>,
    messages: Vec<String>,
    sent: usize,
    /// Subjects of which a message could not be sent.
    unsent: Vec<Line>,
    /// Is one of these messages so new that the invocation is to be repeated for it?
    repeat: bool,
    oldest_unsent: Option<SignedDuration>,
}

impl Report {
    /// Nothing done yet.
    pub fn new(mode: Mode) -> Report {
        let (lines, unsent, counted, documents) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (messages, sent, repeat, oldest_unsent) = (Vec::new(), 0, false, None);
        Report { mode, lines, counted, documents, messages, sent, unsent, repeat, oldest_unsent }
    }

    /// Adds what was done for one item. A final "keep" says nothing that the changes before it have not said.
    pub fn add(&mut self, mut done: Done) {
        if done.lines.iter().any(|line| !matches!(line.outcome, Outcome::Unchanged)) {
            done.lines.retain(|line| !matches!(line.outcome, Outcome::Unchanged));
        }
        self.lines.extend(done.lines);
        self.counted.extend(done.counted);
        self.documents.extend(done.documents);
    }

    /// Adds a decision.
    pub fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Adds what became of the messages about a subject, or why they could not even be read.
    pub fn sent(&mut self, subject: Subject, sent: Result<Sent>) {
        let why = format!("messages of {subject} could not be sent; the next invocation tries again");
        let failed = |error| Line::new(subject, ("send", "error"), why, Outcome::Failed(error));
        let sent = match sent {
            Ok(sent) => sent,
            Err(error) => return self.lines.push(failed(error)),
        };
        self.sent += sent.subjects.len();
        self.messages.extend(sent.subjects);
        self.oldest_unsent = self.oldest_unsent.max(sent.oldest_unsent);
        self.repeat |= sent.error.is_some() && sent.oldest_unsent.is_none_or(|age| age < REPEATED_FOR);
        self.unsent.extend(sent.error.map(failed));
    }

    /// Adds the subject of a message that would be sent.
    pub fn would_send(&mut self, subject: String) {
        self.messages.push(subject);
    }

    /// Writes one line per decision that is not to keep.
    pub fn log(&self) {
        for line in self.all() {
            line.log(self.mode != Mode::Act);
        }
    }

    /// The decisions, then what could not be sent.
    fn all(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().chain(&self.unsent)
    }

    /// The response of the invocation.
    pub fn response(&self) -> Value {
        json!({
            "dry_run": self.mode != Mode::Act,
            "decisions": self.all().map(Line::response).collect::<Vec<_>>(),
            "messages": self.messages,
        })
    }

    /// Embedded-metric documents: one with the counters of the function, and those that items added.
    /// Format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
    pub fn metrics(
        &self,
        function: &str,
        counters: &[&str],
        system: &str,
        millis: i64,
        duration_ms: u64,
    ) -> Vec<Value> {
        let outcomes = |label: &str| self.all().filter(|line| line.outcome.label() == label).count();
        let value = |name: &str| match name {
            "Changed" => json!(outcomes("changed")),
            "Planned" => json!(outcomes("planned")),
            "Failed" => json!(outcomes("failed")),
            "MessagesSent" => json!(self.sent),
            "DurationMs" => json!(duration_ms),
            own => json!(self.counted.iter().filter(|counted| **counted == own).count()),
        };
        let names: Vec<&str> = COMMON.iter().chain(counters).copied().collect();
        let unit = |name: &str| if name == "DurationMs" { "Milliseconds" } else { "Count" };
        let metrics: Vec<Value> = names.iter().map(|name| json!({ "Name": name, "Unit": unit(name) })).collect();
        let mut document = json!({
            "_aws": {
                "Timestamp": millis,
                "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["System", "Function"]], "Metrics": metrics }],
            },
            "System": system,
            "Function": function,
        });
        for name in names {
            document[name] = value(name);
        }
        std::iter::once(document).chain(self.documents.iter().cloned()).collect()
    }

    /// Embedded-metric documents for the alarms on the Lambda function `function`: one for each subject that failed, and
    /// how long the oldest message is unsent.
    pub fn health(&self, function: &str, millis: i64) -> Vec<Value> {
        let failed = self.lines.iter().filter(|line| line.outcome.error().is_some());
        let failed: BTreeSet<String> = failed.map(|line| line.subject.to_string()).collect();
        let of =
            |subject: &String| of_function(function, &[("Subject", subject)], ("SubjectFailed", "Count"), 1, millis);
        let age = self
            .oldest_unsent
            .map(|age| of_function(function, &[], ("OldestUnsentSeconds", "Seconds"), age.as_secs().max(0), millis));
        failed.iter().map(of).chain(age).collect()
    }

    /// The response, or one error that names every subject that failed. To an engineer who requested something, a message
    /// that could not be sent is no failure: the request took effect, and the response says the rest.
    ///
    /// # Errors
    /// The kind is that of the first failure; one failed subject fails the invocation so that alarms mean something.
    pub fn into_result(self, requested: bool) -> Result<Value> {
        let unsent = self.unsent.iter().filter(|_| self.repeat && !requested);
        let failed: Vec<(&Line, &Error)> =
            self.lines.iter().chain(unsent).filter_map(|line| Some((line, line.outcome.error()?))).collect();
        let Some((_, first)) = failed.first() else { return Ok(self.response()) };
        let kind = first.kind();
        let sentences: Vec<String> = failed.iter().map(|(line, error)| format!("{}: {error}", line.subject)).collect();
        Err(Error::new(kind, sentences.join("; ")))
    }
}

#[cfg(test)]
mod tests;
