//! What an invocation decided and did: one value from which log lines, metrics and the response are rendered.

use serde_json::{Value, json};

use crate::error::{Error, Kind, Result};
use planner::model::{Image, ServiceId};

/// Where every metric of the automation is.
pub const NAMESPACE: &str = "Automation";

/// What became of a decision.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing was to be done.
    Unchanged,
    /// These things were done.
    Changed(Vec<String>),
    /// These things would be done; dry-run.
    Planned(Vec<String>),
    /// It went wrong.
    Failed(Error),
}

impl Outcome {
    /// Stable name for logs, metrics and responses.
    pub fn label(&self) -> &'static str {
        match self {
            Outcome::Unchanged => "unchanged",
            Outcome::Changed(_) => "changed",
            Outcome::Planned(_) => "planned",
            Outcome::Failed(_) => "failed",
        }
    }

    /// What was done, or would be.
    pub fn changes(&self) -> &[String] {
        match self {
            Outcome::Changed(changes) | Outcome::Planned(changes) => changes,
            Outcome::Unchanged | Outcome::Failed(_) => &[],
        }
    }

    /// What went wrong.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Outcome::Failed(error) => Some(error),
            Outcome::Unchanged | Outcome::Changed(_) | Outcome::Planned(_) => None,
        }
    }
}

/// One decision about one service.
#[derive(Debug)]
pub struct Line {
    /// Which service.
    pub service: ServiceId,
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

/// Everything that an invocation decided and did.
#[derive(Debug, Default)]
pub struct Report {
    /// Was anything allowed to change?
    pub dry_run: bool,
    /// The decisions, in the order they were made.
    pub lines: Vec<Line>,
    /// Subjects of the messages that were sent.
    pub messages: Vec<String>,
}

impl Report {
    /// Writes one line per decision that is not to keep. What went wrong is told once, by the runtime, when the
    /// invocation fails; here it is only counted.
    pub fn log(&self, dry_run: bool) {
        for line in &self.lines {
            let (cluster, service) = (&line.service.cluster, &line.service.name);
            let (repository, digest) = match &line.image {
                Some((repository, image)) => (repository.as_str(), image.digest.as_str()),
                None => ("", ""),
            };
            let (decision, reason, outcome) = (line.decision, line.reason, line.outcome.label());
            let (kind, changes) =
                (line.outcome.error().map(|error| error.kind().label()), line.outcome.changes().join("; "));
            macro_rules! decided {
                ($level:ident) => {
                    tracing::$level!(
                        ecs.cluster = cluster,
                        ecs.service = service,
                        image.repository = repository,
                        image.digest = digest,
                        decision,
                        reason,
                        outcome,
                        error.kind = kind,
                        changes,
                        dry_run,
                        "{}",
                        line.why
                    )
                };
            }
            match &line.outcome {
                Outcome::Unchanged => decided!(debug),
                Outcome::Changed(_) | Outcome::Planned(_) => decided!(info),
                Outcome::Failed(_) => decided!(warn),
            }
        }
    }

    /// The response of the invocation.
    pub fn response(&self) -> Value {
        let line = |line: &Line| {
            let mut value = json!({
                "service": line.service.to_string(),
                "decision": line.decision,
                "reason": line.reason,
                "why": line.why,
                "outcome": line.outcome.label(),
                "changes": line.outcome.changes(),
            });
            if let Some(error) = line.outcome.error() {
                value["error"] = json!({ "kind": error.kind().label(), "message": error.to_string() });
            }
            value
        };
        json!({
            "dry_run": self.dry_run,
            "services": self.lines.iter().map(line).collect::<Vec<_>>(),
            "messages": self.messages,
        })
    }

    /// One embedded-metric document: how many decisions of each outcome.
    /// Format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
    pub fn metrics(&self, system: &str, function: &str, millis: i64, duration_ms: u64) -> Value {
        let count = |label: &str| self.lines.iter().filter(|line| line.outcome.label() == label).count();
        let did = |decision: &str| {
            self.lines
                .iter()
                .filter(|line| line.decision == decision && matches!(line.outcome, Outcome::Changed(_)))
                .count()
        };
        let names = ["Changed", "Planned", "Failed", "Rolled", "Completed", "RolledBack", "MessagesSent", "DurationMs"];
        let metrics: Vec<Value> = names
            .iter()
            .map(|name| json!({ "Name": name, "Unit": if *name == "DurationMs" { "Milliseconds" } else { "Count" } }))
            .collect();
        json!({
            "_aws": {
                "Timestamp": millis,
                "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["System", "Function"]], "Metrics": metrics }],
            },
            "System": system,
            "Function": function,
            "Changed": count("changed"),
            "Planned": count("planned"),
            "Failed": count("failed"),
            "Rolled": did("roll") + did("update"),
            "Completed": did("complete"),
            "RolledBack": did("fail"),
            "MessagesSent": self.messages.len(),
            "DurationMs": duration_ms,
        })
    }

    /// The response, or one error that names every service that failed.
    ///
    /// # Errors
    /// The kind is that of the first failure; one failed service fails the invocation so that alarms mean something.
    pub fn into_result(self) -> Result<Value> {
        let failed: Vec<(&Line, &Error)> =
            self.lines.iter().filter_map(|line| Some((line, line.outcome.error()?))).collect();
        let Some((_, first)) = failed.first() else { return Ok(self.response()) };
        let kind: Kind = first.kind();
        let told: Vec<String> = failed.iter().map(|(line, error)| format!("{}: {error}", line.service)).collect();
        Err(Error::new(kind, told.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(outcome: Outcome) -> Line {
        let service = ServiceId { cluster: "prod".into(), name: "api".into() };
        Line {
            service,
            decision: "roll",
            reason: "newer_image",
            why: "a newer image was pushed".into(),
            image: None,
            outcome,
        }
    }

    #[test]
    fn one_failed_service_fails_the_invocation_and_is_named() {
        let failed = Outcome::Failed(Error::new(Kind::Throttled, "update service"));
        let report = Report { lines: vec![line(Outcome::Unchanged), line(failed)], ..Report::default() };
        let error = report.into_result().unwrap_err();
        assert_eq!((error.to_string().as_str(), error.kind()), ("prod/api: update service", Kind::Throttled));
    }

    #[test]
    fn the_response_says_what_was_done_and_why() {
        let report =
            Report { lines: vec![line(Outcome::Changed(vec!["registered api:8".into()]))], ..Report::default() };
        let metrics = report.metrics("acme", "rollout", 1, 7);
        assert_eq!((metrics["Rolled"].as_u64(), metrics["DurationMs"].as_u64()), (Some(1), Some(7)));
        let response = report.into_result().unwrap();
        assert_eq!(response["services"][0]["changes"][0], "registered api:8");
        assert_eq!(response["services"][0]["why"], "a newer image was pushed");
    }
}
