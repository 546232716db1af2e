//! What is spent of a budget, as a metric.

use planner::budget::Amount;
use serde_json::{Value, json};
use shared::runtime::report::NAMESPACE;

/// What is spent of a budget, and what may be: names of its metrics.
pub const METRICS: [&str; 2] = ["BudgetSpent", "BudgetLimit"];

/// One embedded-metric document: what is believed to be spent in this period, and the limit.
pub(crate) fn document(system: &str, budget: &str, (spent, limit): (&Amount, &Amount), millis: i64) -> Value {
    // A currency is no unit that CloudWatch knows.
    let metrics = METRICS.map(|name| json!({ "Name": name, "Unit": "None" }));
    let [spent_name, limit_name] = METRICS;
    json!({
        "_aws": {
            "Timestamp": millis,
            "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["System", "Budget"]], "Metrics": metrics }],
        },
        "System": system,
        "Budget": budget,
        spent_name: spent.units(),
        limit_name: limit.units(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spend_and_limit_of_a_budget_are_metrics_of_the_automation() {
        let (spent, limit) = ("412.37 USD".parse().unwrap(), "500 USD".parse().unwrap());
        let monthly = document("huskit", "monthly", (&spent, &limit), 1);
        let written = &monthly["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(
            (&written["Namespace"], &written["Dimensions"]),
            (&json!(NAMESPACE), &json!([["System", "Budget"]]))
        );
        let metric = |name: &str| json!({ "Name": name, "Unit": "None" });
        assert_eq!(written["Metrics"], json!([metric("BudgetSpent"), metric("BudgetLimit")]));
        let values = json!([monthly["System"], monthly["Budget"], monthly["BudgetSpent"], monthly["BudgetLimit"]]);
        assert_eq!(values, json!(["huskit", "monthly", 412.37, 500.0]));
    }
}
