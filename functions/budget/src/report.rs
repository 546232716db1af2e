//! What an invocation decided and did about budgets, in addition to services.

use planner::budget::Amount;
use serde_json::{Value, json};
use shared::report::{NAMESPACE, Outcome, Report as Services};
use shared::{Error, Result};

/// Metrics of each budget: its actual spend and its limit.
pub const METRICS: [&str; 2] = ["BudgetSpent", "BudgetLimit"];

/// Everything that an invocation decided and did.
pub(crate) struct Report {
    /// Decisions about budgets, in the order they were made.
    pub budgets: Vec<BudgetLine>,
    /// Decisions about services, and the messages that were sent.
    pub services: Services,
    /// Spend and limit of each budget that was read.
    pub standings: Vec<Standing>,
}

/// Spend and limit of a budget.
pub(crate) struct Standing {
    /// Its name.
    pub budget: String,
    /// The latest trusted figure of this period.
    pub spent: Amount,
    /// The limit.
    pub limit: Amount,
}

/// One decision about one budget.
pub(crate) struct BudgetLine {
    /// Its name; empty for a message about no budget.
    pub budget: String,
    /// Label of the action.
    pub decision: &'static str,
    /// Label of the reason.
    pub reason: &'static str,
    /// The reason as a sentence.
    pub why: String,
    /// The outcome.
    pub outcome: Outcome,
}

impl Report {
    pub fn new(dry_run: bool) -> Report {
        Report { budgets: Vec::new(), services: Services { dry_run, ..Services::default() }, standings: Vec::new() }
    }

    /// Adds an error that belongs to no decision.
    pub fn failed(&mut self, about: &str, error: Error) {
        let (budget, why) = (about.to_owned(), "message not sent".to_owned());
        let outcome = Outcome::Failed(error);
        self.budgets.push(BudgetLine { budget, decision: "none", reason: "error", why, outcome });
    }

    /// Writes one line per decision that is not to keep.
    pub fn log(&self) {
        for line in &self.budgets {
            let (budget, decision, reason, outcome) =
                (line.budget.as_str(), line.decision, line.reason, line.outcome.label());
            let (kind, dry_run) = (line.outcome.error().map(|error| error.kind().label()), self.services.dry_run);
            macro_rules! decided {
                ($level:ident) => {
                    tracing::$level!(
                        budget.name = budget,
                        decision,
                        reason,
                        outcome,
                        error.kind = kind,
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
        self.services.log(self.services.dry_run);
    }

    /// Embedded-metric documents: one of the invocation, one of each budget.
    pub fn metrics(&self, system: &str, millis: i64, duration_ms: u64) -> Vec<Value> {
        let own = self.services.metrics(system, "budget", millis, duration_ms);
        let standings = self.standings.iter().map(|standing| standing.metrics(system, millis));
        [own].into_iter().chain(standings).collect()
    }

    /// The response, or one error that names everything that failed.
    pub fn into_result(self) -> Result<Value> {
        let mut failed = self.budgets.iter().filter_map(|line| Some((line, line.outcome.error()?)));
        let Some((_, first)) = failed.clone().next() else {
            let line = |line: &BudgetLine| {
                json!({
                    "budget": line.budget,
                    "decision": line.decision,
                    "reason": line.reason,
                    "why": line.why,
                    "outcome": line.outcome.label(),
                    "changes": line.outcome.changes(),
                })
            };
            let budgets: Vec<Value> = self.budgets.iter().map(line).collect();
            let mut response = self.services.into_result()?;
            response["budgets"] = budgets.into();
            return Ok(response);
        };
        let kind = first.kind();
        let mut errors: Vec<String> =
            failed.by_ref().map(|(line, error)| format!("{}: {error}", line.budget)).collect();
        errors.extend(self.services.into_result().err().map(|error| error.to_string()));
        Err(Error::new(kind, errors.join("; ")))
    }
}

impl Standing {
    fn metrics(&self, system: &str, millis: i64) -> Value {
        // CloudWatch has no unit for a currency.
        let metrics = METRICS.map(|name| json!({ "Name": name, "Unit": "None" }));
        let [spent, limit] = METRICS;
        json!({
            "_aws": {
                "Timestamp": millis,
                "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["System", "Budget"]], "Metrics": metrics }],
            },
            "System": system,
            "Budget": self.budget,
            spent: self.spent.units(),
            limit: self.limit.units(),
        })
    }
}

#[cfg(test)]
mod tests {
    use shared::Kind;

    use super::*;

    fn line(budget: &str, outcome: Outcome) -> BudgetLine {
        let why = "41 % of the limit spent, no tier in force".to_owned();
        BudgetLine { budget: budget.into(), decision: "keep", reason: "same", why, outcome }
    }

    #[test]
    fn the_response_has_budgets_beside_services() {
        let mut report = Report::new(true);
        report.budgets.push(line("monthly", Outcome::Planned(vec!["x".into()])));
        let response = report.into_result().unwrap();
        assert_eq!((&response["budgets"][0]["budget"], &response["dry_run"]), (&"monthly".into(), &true.into()));
        assert_eq!(response["services"], json!([]));
    }

    #[test]
    fn spend_and_limit_of_each_budget_are_metrics_of_the_same_namespace() {
        let mut report = Report::new(false);
        let (spent, limit) = ("412.37 USD".parse().unwrap(), "500 USD".parse().unwrap());
        report.standings.push(Standing { budget: "monthly".into(), spent, limit });
        let documents = report.metrics("huskit", 1, 7);
        let [own, monthly] = documents.as_slice() else { panic!("{documents:?}") };
        let written = &monthly["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(written["Namespace"], own["_aws"]["CloudWatchMetrics"][0]["Namespace"]);
        assert_eq!(written["Dimensions"], json!([["System", "Budget"]]));
        let metric = |name: &str| json!({ "Name": name, "Unit": "None" });
        assert_eq!(written["Metrics"], json!([metric("BudgetSpent"), metric("BudgetLimit")]));
        let values = json!([monthly["System"], monthly["Budget"], monthly["BudgetSpent"], monthly["BudgetLimit"]]);
        assert_eq!(values, json!(["huskit", "monthly", 412.37, 500.0]));
    }

    #[test]
    fn one_failed_budget_fails_the_invocation_and_is_named() {
        let mut report = Report::new(false);
        report.budgets.push(line("fine", Outcome::Unchanged));
        report.budgets.push(line("monthly", Outcome::Failed(Error::new(Kind::Throttled, "describe budget"))));
        report.failed("budget/x", Error::invalid("publish"));
        let error = report.into_result().unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (Kind::Throttled, "monthly: describe budget; budget/x: publish")
        );
    }
}
