//! What an invocation decided and did: one value from which log lines, metrics and the response are rendered.

mod line;
mod outcome;

use serde_json::{Value, json};

use super::mode::Mode;
use crate::error::{Error, Result};
use crate::ledger::Subject;

pub use line::{Done, Line};
pub use outcome::Outcome;

/// Where every metric of the automation is.
pub const NAMESPACE: &str = "Automation";

/// Counters that every function has, and how long it took.
const COMMON: [&str; 5] = ["Changed", "Planned", "Failed", "MessagesSent", "DurationMs"];

/// The embedded-metric document of an invocation whose function does not decide from what is deployed. Its dimension is
/// the name of the Lambda function, which the template knows: the documents say what the system is called.
pub fn rejected(function: &str, millis: i64) -> Value {
    json!({
        "_aws": {
            "Timestamp": millis,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["FunctionName"]],
                "Metrics": [{ "Name": "ConfigurationRejected", "Unit": "Count" }],
            }],
        },
        "FunctionName": function,
        "ConfigurationRejected": 1,
    })
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
}

impl Report {
    /// Nothing done yet.
    pub fn new(mode: Mode) -> Report {
        Report { mode, lines: Vec::new(), counted: Vec::new(), documents: Vec::new(), messages: Vec::new(), sent: 0 }
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

    /// Adds the messages that were sent about a subject, or why they could not be sent.
    pub fn sent(&mut self, subject: Subject, sent: Result<Vec<String>>) {
        match sent {
            Ok(messages) => {
                self.sent += messages.len();
                self.messages.extend(messages);
            }
            Err(error) => {
                let why = format!("messages of {subject} could not be sent; the next invocation tries again");
                self.lines.push(Line::new(subject, ("send", "error"), why, Outcome::Failed(error)));
            }
        }
    }

    /// Adds the subject of a message that would be sent.
    pub fn would_send(&mut self, subject: String) {
        self.messages.push(subject);
    }

    /// Writes one line per decision that is not to keep.
    pub fn log(&self) {
        for line in &self.lines {
            line.log(self.mode != Mode::Act);
        }
    }

    /// The response of the invocation.
    pub fn response(&self) -> Value {
        json!({
            "dry_run": self.mode != Mode::Act,
            "decisions": self.lines.iter().map(Line::response).collect::<Vec<_>>(),
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
        let outcomes = |label: &str| self.lines.iter().filter(|line| line.outcome.label() == label).count();
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

    /// The response, or one error that names every subject that failed.
    ///
    /// # Errors
    /// The kind is that of the first failure; one failed subject fails the invocation so that alarms mean something.
    pub fn into_result(self) -> Result<Value> {
        let failed: Vec<(&Line, &Error)> =
            self.lines.iter().filter_map(|line| Some((line, line.outcome.error()?))).collect();
        let Some((_, first)) = failed.first() else { return Ok(self.response()) };
        let kind = first.kind();
        let sentences: Vec<String> = failed.iter().map(|(line, error)| format!("{}: {error}", line.subject)).collect();
        Err(Error::new(kind, sentences.join("; ")))
    }
}

#[cfg(test)]
mod tests;
