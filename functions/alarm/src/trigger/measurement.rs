//! What an alarm measures and what was measured, in words, from whatever the event has of it.

use jiff::SignedDuration;
use planner::alarm::Measurement;
use planner::model::format_duration;
use serde_json::Value;

/// Reads the alarm's configuration, the data of its reason, and the sentence of it, in this order of trust.
pub(crate) fn read(configuration: &Value, data: &Value, reason: &str) -> Option<Measurement> {
    let sentence = sentence(reason);
    let children = data.get("triggeringAlarms").and_then(Value::as_array);
    let children = children
        .into_iter()
        .flatten()
        .filter(|child| child.pointer("/state/value").and_then(Value::as_str).is_none_or(|value| value == "ALARM"));
    let children = children.filter_map(|child| child.get("arn").and_then(Value::as_str).and_then(name_of));
    let measurement = Measurement {
        what: what(configuration).unwrap_or_default(),
        figure: newest(data).or(sentence.figure),
        comparison: sentence.comparison,
        // That of an anomaly is another for each point.
        threshold: data
            .get("threshold")
            .and_then(number)
            .or_else(|| evaluated(data, "threshold"))
            .or(sentence.threshold),
        children: children.collect(),
    };
    (measurement != Measurement::default()).then_some(measurement)
}

/// `HTTPCode_Target_5XX_Count (Sum of 1 min)`, or the label or text of an expression.
fn what(configuration: &Value) -> Option<String> {
    let metrics = configuration.get("metrics").and_then(Value::as_array)?;
    let returned = |metric: &&Value| metric.get("returnData").and_then(Value::as_bool).unwrap_or(true);
    // A band is returned beside the metric that it is about.
    let band =
        |metric: &&Value| text(metric, "expression").is_some_and(|text| text.starts_with("ANOMALY_DETECTION_BAND"));
    let metric = metrics.iter().filter(returned).find(|metric| !band(metric)).or(metrics.first())?;
    if let Some(statistics) = metric.get("metricStat") {
        let name = statistics.pointer("/metric/name").and_then(Value::as_str)?;
        let period = statistics.get("period").and_then(Value::as_u64).map(seconds);
        let parts = [text(statistics, "stat").map(str::to_owned), period.map(|period| format!("of {period}"))];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        return Some(match parts.is_empty() {
            true => name.to_owned(),
            false => format!("{name} ({})", parts.join(" ")),
        });
    }
    text(metric, "label").or_else(|| text(metric, "expression")).map(str::to_owned)
}

fn text<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn seconds(seconds: u64) -> String {
    format_duration(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)))
}

/// The newest point that decided. An anomaly alarm's points are ranges; others are numbers, or nothing where no data is.
fn newest(data: &Value) -> Option<String> {
    let recent = data.get("recentDatapoints").and_then(Value::as_array);
    evaluated(data, "value").or_else(|| recent.into_iter().flatten().rev().find_map(number))
}

/// A number of the newest evaluated point that has it.
fn evaluated(data: &Value, field: &str) -> Option<String> {
    let points = data.get("evaluatedDatapoints").and_then(Value::as_array);
    points.into_iter().flatten().find_map(|point| point.get(field).and_then(number))
}

/// A number as people read it: at most two places after the point.
fn number(value: &Value) -> Option<String> {
    value.as_f64().map(plain)
}

fn plain(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[derive(Default)]
struct Sentence {
    figure: Option<String>,
    comparison: Option<String>,
    threshold: Option<String>,
}

/// `... datapoints [66.66 (09/09/24 01:54:00)] were greater than the threshold (10.0) ...`
fn sentence(reason: &str) -> Sentence {
    let after = |mark: &str| reason.split_once(mark).map(|(_, rest)| rest);
    let leading = |text: &str| {
        let end = text.find(|c: char| !(c.is_ascii_digit() || ".-+Ee".contains(c))).unwrap_or(text.len());
        text[..end].parse::<f64>().ok().map(plain)
    };
    let comparison = reason.split_once(" the threshold").or_else(|| reason.split_once(" the upper threshold"));
    let comparison = comparison.or_else(|| reason.split_once(" the lower threshold")).and_then(|(before, _)| {
        let start = [" was ", " were "].iter().filter_map(|verb| Some(before.rfind(verb)? + verb.len())).max()?;
        Some(before[start..].trim().to_owned())
    });
    Sentence {
        figure: after("[").and_then(leading),
        comparison: comparison.filter(|words| !words.is_empty() && words.len() < 40),
        threshold: after("threshold (").and_then(leading),
    }
}

/// The name in an alarm's ARN; names may have colons.
fn name_of(arn: &str) -> Option<String> {
    arn.split_once(":alarm:").map(|(_, name)| name.to_owned())
}
