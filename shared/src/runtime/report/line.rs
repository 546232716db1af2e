//! One decision about one subject, and what one item adds to a report.

use planner::model::Image;
use serde_json::{Value, json};

use super::outcome::Outcome;
use crate::error::{Error, Kind};
use crate::ledger::Subject;
use crate::notify::cut;

/// Longest sentence, in characters: it may quote what AWS says, which has any length, and a line of the log has 256 KB:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>.
const WHY: usize = 10_000;

/// One decision.
#[derive(Debug)]
pub struct Line {
    /// What it is about.
    pub subject: Subject,
    /// Label of the action.
    pub decision: &'static str,
    /// Label of the reason.
    pub reason: &'static str,
    /// The reason as a sentence.
    pub why: String,
    /// Repository and image in question, when there is one.
    pub image: Option<(String, Image)>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Line {
    /// A decision without an image.
    pub fn new(
        subject: Subject,
        (decision, reason): (&'static str, &'static str),
        why: impl Into<String>,
        outcome: Outcome,
    ) -> Line {
        let why = cut(&why.into(), WHY, "...");
        Line { subject, decision, reason, why, image: None, outcome }
    }

    /// Writes the decision line. An error is logged once, by the runtime, when the invocation fails; here it is only
    /// named by its kind.
    pub(super) fn log(&self, dry_run: bool) {
        let (cluster, service) = match &self.subject {
            Subject::Service(id) => (Some(id.cluster.as_str()), Some(id.name.as_str())),
            Subject::Alarm(_) | Subject::Budget(_) | Subject::Database(_) | Subject::System(_) => (None, None),
        };
        let (alarm, budget, database, system) = match &self.subject {
            Subject::Alarm(name) => (Some(name.as_str()), None, None, None),
            Subject::Budget(name) => (None, Some(name.as_str()), None, None),
            Subject::Database(name) => (None, None, Some(name.as_str()), None),
            Subject::System(name) => (None, None, None, Some(name.as_str())),
            Subject::Service(_) => (None, None, None, None),
        };
        let (repository, digest) = match &self.image {
            Some((repository, image)) => (Some(repository.as_str()), Some(image.digest.as_str())),
            None => (None, None),
        };
        let (decision, reason, outcome) = (self.decision, self.reason, self.outcome.label());
        let kind = self.outcome.error().map(Error::kind).map(Kind::label);
        let changes = self.outcome.changes().join("; ");
        macro_rules! decided {
            ($level:ident) => {
                tracing::$level!(
                    ecs.cluster = cluster,
                    ecs.service = service,
                    alarm.name = alarm,
                    budget.name = budget,
                    database.name = database,
                    system.name = system,
                    image.repository = repository,
                    image.digest = digest,
                    decision,
                    reason,
                    outcome,
                    error.kind = kind,
                    changes,
                    dry_run,
                    "{}",
                    self.why
                )
            };
        }
        match &self.outcome {
            Outcome::Unchanged => decided!(debug),
            Outcome::Changed(_) | Outcome::Planned(_) => decided!(info),
            Outcome::Failed(_) => decided!(warn),
        }
    }

    /// The decision in a response: the subject under the name of its kind.
    pub(super) fn response(&self) -> Value {
        let (kind, name) = match &self.subject {
            Subject::Service(id) => ("service", id.to_string()),
            Subject::Alarm(name) => ("alarm", name.clone()),
            Subject::Budget(name) => ("budget", name.clone()),
            Subject::Database(name) => ("database", name.clone()),
            Subject::System(name) => ("system", name.clone()),
        };
        let mut value = json!({
            kind: name,
            "decision": self.decision,
            "reason": self.reason,
            "why": self.why,
            "outcome": self.outcome.label(),
            "changes": self.outcome.changes(),
        });
        if let Some(error) = self.outcome.error() {
            value["error"] = json!({ "kind": error.kind().label(), "message": error.to_string() });
        }
        value
    }
}

/// What one item adds to the report.
#[derive(Debug)]
pub struct Done {
    subject: Subject,
    pub(super) lines: Vec<Line>,
    pub(super) counted: Vec<&'static str>,
    pub(super) documents: Vec<Value>,
}

/// How far a [`Done`] was before a pass.
#[derive(Clone, Copy, Debug)]
pub(in crate::runtime) struct Mark(usize, usize, usize);

impl Done {
    /// Nothing done yet for `subject`.
    pub fn new(subject: Subject) -> Done {
        Done { subject, lines: Vec::new(), counted: Vec::new(), documents: Vec::new() }
    }

    /// What it is about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Adds a decision: labels of action and reason, the sentence, what became of it.
    pub fn decided(&mut self, labels: (&'static str, &'static str), why: impl Into<String>, outcome: Outcome) {
        self.push(Line::new(self.subject.clone(), labels, why, outcome));
    }

    /// Adds a line.
    pub fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Adds an error that kept the item from being processed.
    pub fn failed(&mut self, error: Error) {
        self.decided(("none", "error"), format!("{} could not be processed", self.subject), Outcome::Failed(error));
    }

    /// Counts one of the function's own counters.
    pub fn count(&mut self, counter: &'static str) {
        self.counted.push(counter);
    }

    /// Adds an embedded-metric document of the function's own.
    pub fn document(&mut self, document: Value) {
        self.documents.push(document);
    }

    pub(in crate::runtime) fn mark(&self) -> Mark {
        Mark(self.lines.len(), self.counted.len(), self.documents.len())
    }

    /// Forgets what was added since the mark: the pass is made again.
    pub(in crate::runtime) fn back_to(&mut self, mark: Mark) {
        self.lines.truncate(mark.0);
        self.counted.truncate(mark.1);
        self.documents.truncate(mark.2);
    }
}
