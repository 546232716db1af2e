//! Metrics of one service in CloudWatch embedded metric format.

use jiff::Timestamp;
use planner::fleet::ServicePolicy;
use planner::model::{TasksByProvider, Usd};
use serde_json::{Value, json};
use shared::runtime::report::NAMESPACE;

use super::cost::HourlyCost;

/// Tasks by capacity provider, their cost an hour, and what was saved since the last observation; the last two only where
/// a list price is known.
///
/// Format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
pub(crate) fn metrics(
    system: &str,
    policy: &ServicePolicy,
    tasks: TasksByProvider,
    cost: Option<&HourlyCost>,
    saved: Usd,
    now: Timestamp,
) -> Value {
    let mut names = vec!["TasksOnDemand", "TasksSpot"];
    let mut document = json!({
        "System": system,
        "Service": policy.name,
        "TasksOnDemand": tasks.on_demand,
        "TasksSpot": tasks.spot,
    });
    if let Some(cost) = cost {
        names.extend(["EstimatedCostPerHour", "EstimatedSavings"]);
        document["EstimatedCostPerHour"] = cost.current.dollars().into();
        document["EstimatedSavings"] = saved.dollars().into();
    }
    let unit = |name: &str| if name.starts_with("Tasks") { "Count" } else { "None" };
    let metrics: Vec<Value> = names.iter().map(|name| json!({ "Name": name, "Unit": unit(name) })).collect();
    document["_aws"] = json!({
        "Timestamp": now.as_millisecond(),
        "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["System", "Service"]], "Metrics": metrics }],
    });
    document
}
