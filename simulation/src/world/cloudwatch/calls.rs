//! DescribeAlarms: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>.

use ::tests::template::list;
use serde_json::{Value, json};

use super::metrics::{number, whole};
use super::state::{Alarm, CloudWatch, arn};
use crate::account::REGION;
use crate::wire::{Answer, Failure};
use crate::world::Cx;
use crate::world::time::seconds;

pub(super) fn describe_alarms(cloudwatch: &CloudWatch, input: &Value, cx: &mut Cx<'_>) -> Answer {
    let invalid = |sentence: &str| Failure::new("ValidationError", sentence);
    let names = list(&input["AlarmNames"]);
    if names.len() > 100 {
        return Err(invalid("1 validation error detected: AlarmNames must have length less than or equal to 100"));
    }
    if !names.is_empty() && input["AlarmNamePrefix"].is_string() {
        return Err(invalid("AlarmNames and AlarmNamePrefix are mutually exclusive"));
    }
    let prefix = input["AlarmNamePrefix"].as_str().unwrap_or_default();
    let types = list(&input["AlarmTypes"]);
    let metric = types.is_empty() || types.iter().any(|kind| kind == "MetricAlarm");
    let wanted = |name: &str| match names.is_empty() {
        true => name.starts_with(prefix),
        false => names.iter().any(|own| own == name),
    };
    let mut found = Vec::new();
    let here = |alarm: &Alarm| alarm.region == input["Region"].as_str().unwrap_or(REGION);
    for (name, alarm) in cloudwatch.alarms.iter().filter(|(name, alarm)| metric && wanted(name) && here(alarm)) {
        let shown = shown(name, alarm, cx);
        if input["StateValue"].as_str().is_none_or(|state| shown["StateValue"] == state) {
            found.push(shown);
        }
    }
    let most = input["MaxRecords"].as_u64().unwrap_or(50);
    if !(1..=100).contains(&most) {
        return Err(invalid("MaxRecords must be between 1 and 100"));
    }
    let from: usize = match input["NextToken"].as_str() {
        Some(token) => token.parse().map_err(|_| Failure::new("InvalidNextToken", "Invalid token"))?,
        None => 0,
    };
    let end = (from + usize::try_from(most).unwrap_or(50)).min(found.len());
    let mut answer =
        json!({ "MetricAlarms": found.get(from.min(end)..end).unwrap_or_default(), "CompositeAlarms": [] });
    if end < found.len() {
        answer["NextToken"] = end.to_string().into();
    }
    Ok(answer)
}

fn shown(name: &str, alarm: &Alarm, cx: &mut Cx<'_>) -> Value {
    let state = alarm.seen(cx);
    let properties = &alarm.properties;
    let mut shown = json!({
        "AlarmName": name, "AlarmArn": arn(alarm.region, name), "AlarmConfigurationUpdatedTimestamp": seconds(alarm.configured),
        "ActionsEnabled": properties["ActionsEnabled"].as_bool().unwrap_or(true),
        "OKActions": list(&properties["OKActions"]), "AlarmActions": list(&properties["AlarmActions"]),
        "InsufficientDataActions": [], "StateValue": state.value, "StateReason": state.reason,
        "StateUpdatedTimestamp": seconds(state.since), "StateTransitionedTimestamp": seconds(state.since),
        "EvaluationPeriods": whole(&properties["EvaluationPeriods"]),
        "ComparisonOperator": properties["ComparisonOperator"],
        "TreatMissingData": properties["TreatMissingData"].as_str().unwrap_or("missing"),
    });
    if let Some(threshold) = number(&properties["Threshold"]) {
        shown["Threshold"] = threshold.into();
    }
    if let Some(count) = whole(&properties["DatapointsToAlarm"]) {
        shown["DatapointsToAlarm"] = count.into();
    }
    if let Some(data) = &state.data {
        shown["StateReasonData"] = data.clone().into();
    }
    for field in ["AlarmDescription", "MetricName", "Namespace", "Statistic", "ExtendedStatistic"] {
        if let Some(text) = properties[field].as_str() {
            shown[field] = text.into();
        }
    }
    if let Some(period) = whole(&properties["Period"]) {
        shown["Period"] = period.into();
    }
    if properties["Dimensions"].is_array() {
        shown["Dimensions"] = properties["Dimensions"].clone();
    }
    if properties["Metrics"].is_array() {
        shown["Metrics"] = properties["Metrics"].clone();
    }
    shown
}
