//! From points to states, and the events about their changes.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::expression;
use super::metrics::{Query, System, number, whole};
use super::state::{Alarm, CloudWatch, State, arn};
use crate::world::Cx;

/// Points that are kept beyond those that are evaluated.
const SPARE: usize = 3;

/// The state that an alarm evaluates to.
struct Verdict {
    value: &'static str,
    reason: String,
    data: String,
}

impl CloudWatch {
    /// Measures the last minute and evaluates every alarm.
    pub(crate) fn minute(&mut self, system: System<'_>, cx: &mut Cx<'_>) {
        let serving = system.sights.iter().filter(|(_, sight)| sight.serving > 0);
        self.visited.extend(serving.map(|(service, _)| service.clone()));
        let names: Vec<String> = self.alarms.keys().cloned().collect();
        for name in names {
            let alarm = &self.alarms[&name];
            if !alarm.watched {
                continue;
            }
            let measured: Vec<(String, Option<f64>)> =
                alarm.queries.iter().filter_map(|query| measured(query, &self.visited, system)).collect();
            let minute = Timestamp::from_second((cx.now.as_second() / 60 - 1) * 60).unwrap_or(cx.now);
            let late = cx.rng.chance(cx.weather.late);
            let Some(alarm) = self.alarms.get_mut(&name) else { continue };
            for (id, value) in measured {
                let series = alarm.series.entry(id).or_default();
                series.push_back((minute, value));
                while series.len() > keeps(alarm_periods(&alarm.properties), &alarm.queries) {
                    series.pop_front();
                }
            }
            if let Some(verdict) = alarm.judge(late, cx.now).filter(|verdict| verdict.value != alarm.state.value) {
                self.change(&name, verdict.value, verdict.reason, Some(verdict.data), cx);
            }
        }
    }

    /// A person sets the state of an alarm, until it is evaluated next: a drill. The event has no data of a reason.
    pub fn set_state(&mut self, name: &str, value: &'static str, reason: &str, cx: &mut Cx<'_>) {
        if self.alarms.get(name).is_some_and(|alarm| alarm.state.value != value) {
            cx.note(format!("a person sets alarm {name} to {value}"));
            self.change(name, value, reason.to_owned(), None, cx);
        }
    }

    fn change(&mut self, name: &str, value: &'static str, reason: String, data: Option<String>, cx: &mut Cx<'_>) {
        let windows = self.mutes.iter();
        let muted = windows.filter_map(|mute| Some((mute.arn(), mute.window(name, cx.now)?))).next();
        let Some(alarm) = self.alarms.get_mut(name) else { return };
        let before = std::mem::replace(&mut alarm.state, State { value, reason, data, since: cx.now });
        alarm.past.retain(|(until, _)| *until + SignedDuration::from_mins(2) > cx.now);
        alarm.past.push((cx.now, before.clone()));
        alarm.previous = Some(before.clone());
        cx.note(format!("alarm {name}: {} -> {value}: {}", before.value, alarm.state.reason));
        let mut detail = json!({
            "alarmName": name, "state": shown(&alarm.state), "previousState": shown(&before),
            "configuration": alarm.configuration(),
        });
        if let Some((rule, (begin, end))) = muted {
            detail["muteDetail"] =
                json!({ "mutedByArn": rule, "muteWindowStart": time(begin), "muteWindowEnd": time(end) });
        }
        let (region, kind) = (alarm.region, ("aws.cloudwatch", "CloudWatch Alarm State Change"));
        cx.emit_in(region, kind, &[arn(region, name)], detail);
    }
}

fn measured(query: &Query, visited: &BTreeSet<String>, system: System<'_>) -> Option<(String, Option<f64>)> {
    match &query.expression {
        None => Some((query.id.clone(), query.measure(system))),
        // Metrics Insights over CloudFront.
        Some(text) if text.starts_with("SELECT") => {
            let metric = Query { namespace: "AWS/CloudFront".into(), metric: "5xxErrorRate".into(), ..query.clone() };
            // No one has the address of a website before it is there.
            let known = metric.service(system.account).is_some_and(|service| visited.contains(&service));
            Some((text.clone(), metric.measure(system).filter(|_| known)))
        }
        Some(_) => None,
    }
}

fn alarm_periods(properties: &Value) -> usize {
    whole(&properties["EvaluationPeriods"]).unwrap_or(1)
}

/// Minutes that are kept of each metric.
fn keeps(periods: usize, queries: &[Query]) -> usize {
    let longest = queries.iter().map(|query| query.period / 60).max().unwrap_or(1).max(1);
    periods * usize::try_from(longest).unwrap_or(1) + SPARE
}

impl Alarm {
    fn period(&self) -> i64 {
        self.queries.iter().map(|query| query.period).max().unwrap_or(60)
    }

    /// Value of what is compared in a period of minutes that ends `back` periods ago; the newest minute may be missing still.
    fn value(&self, back: usize, late: bool) -> (Timestamp, Option<f64>) {
        let width = usize::try_from(self.period() / 60).unwrap_or(1).max(1);
        let of = |id: &str| {
            let query = self.queries.iter().find(|query| query.id == id);
            let series = self.series.get(id)?;
            let end = series.len().checked_sub(back * width)?;
            let from = end.saturating_sub(width);
            let end = if late && back == 0 { end.saturating_sub(1).max(from) } else { end };
            let points: Vec<f64> = series.range(from..end).filter_map(|(_, value)| *value).collect();
            let last = *points.last()?;
            Some(match query.map(|query| query.stat.as_str()) {
                Some("Sum" | "SampleCount") => points.iter().sum(),
                Some("Minimum") => points.iter().copied().fold(last, f64::min),
                Some("Maximum") => points.iter().copied().fold(last, f64::max),
                // Averages and percentiles of one cause.
                // Points are few.
                #[allow(clippy::cast_precision_loss)]
                _ => points.iter().sum::<f64>() / points.len() as f64,
            })
        };
        let returned = self.queries.iter().find(|query| query.returned);
        let value = returned.and_then(|query| match &query.expression {
            Some(text) => expression::value(text, &of),
            None => of(&query.id),
        });
        let any = self.series.values().next();
        let newest = any.and_then(|series| series.back()).map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at);
        let ago = SignedDuration::from_secs(self.period() * i64::try_from(back).unwrap_or(0));
        (newest - ago, value)
    }

    /// The state by the newest periods; nothing where it stays.
    fn judge(&self, late: bool, now: Timestamp) -> Option<Verdict> {
        let periods = alarm_periods(&self.properties);
        let needed = whole(&self.properties["DatapointsToAlarm"]).unwrap_or(periods);
        let threshold = number(&self.properties["Threshold"]).unwrap_or(0.0);
        let operator = self.properties["ComparisonOperator"].as_str().unwrap_or_default();
        let treat = self.properties["TreatMissingData"].as_str().unwrap_or("missing");
        // A newest period whose data is late is not looked at, unless math has filled it.
        let first = usize::from(self.value(0, late).1.is_none() && late);
        let points: Vec<(Timestamp, Option<f64>)> =
            (first..first + periods).map(|back| self.value(back, late && back == 0)).collect();
        let known: Vec<(Timestamp, f64)> = points.iter().filter_map(|(at, value)| Some((*at, (*value)?))).collect();
        let missing = periods - known.len();
        let breaching = known.iter().filter(|(_, value)| breaches(operator, *value, threshold)).count();
        let filled = if treat == "breaching" { missing } else { 0 };
        let value = if breaching + filled >= needed {
            "ALARM"
        } else if known.is_empty() && treat == "missing" {
            "INSUFFICIENT_DATA"
        } else if missing > 0 && treat == "ignore" {
            return None;
        } else {
            "OK"
        };
        let data = self.reason_data(&known, threshold, now);
        let reason = self.reason(value, &known, missing, (periods, needed), operator, threshold);
        Some(Verdict { value, reason, data })
    }

    fn reason(
        &self,
        value: &str,
        known: &[(Timestamp, f64)],
        missing: usize,
        (periods, needed): (usize, usize),
        operator: &str,
        threshold: f64,
    ) -> String {
        if value == "INSUFFICIENT_DATA" {
            let points = if missing == 1 { "1 datapoint was" } else { &format!("{missing} datapoints were") };
            return format!("Insufficient Data: {points} unknown.");
        }
        if known.is_empty() {
            let treated = if value == "ALARM" { "Breaching" } else { "NonBreaching" };
            let span = if periods == 1 { "1 period" } else { &format!("{periods} periods") };
            let points =
                if missing == 1 { "1 missing datapoint was" } else { &format!("{missing} missing datapoints were") };
            return format!(
                "Threshold Crossed: no datapoints were received for {span} and {points} treated as [{treated}]."
            );
        }
        let crossing: Vec<(Timestamp, f64)> = known
            .iter()
            .copied()
            .filter(|(_, point)| breaches(operator, *point, threshold) == (value == "ALARM"))
            .collect();
        let one = |(at, point): &(Timestamp, f64)| {
            format!("{point:?} ({})", at.to_zoned(TimeZone::UTC).strftime("%d/%m/%y %H:%M:%S"))
        };
        let shown: Vec<String> = crossing.iter().take(5).map(one).collect();
        let not = if value == "ALARM" { "" } else { "not " };
        let verb = if crossing.len() == 1 { "was" } else { "were" };
        let minimum = if value == "ALARM" { needed } else { periods + 1 - needed };
        let points = if minimum == 1 { "datapoint" } else { "datapoints" };
        let from = if value == "ALARM" { "OK -> ALARM" } else { "ALARM -> OK" };
        format!(
            "Threshold Crossed: {} out of the last {periods} datapoints [{}] {verb} {not}{} the threshold ({threshold:?}) \
            (minimum {minimum} {points} for {from} transition).",
            crossing.len(),
            shown.join(", "),
            words(operator),
        )
    }

    fn reason_data(&self, known: &[(Timestamp, f64)], threshold: f64, now: Timestamp) -> String {
        let recent: Vec<f64> = known.iter().rev().map(|(_, value)| *value).collect();
        let evaluated: Vec<Value> =
            known.iter().map(|(at, value)| json!({ "timestamp": time(*at), "value": value })).collect();
        let mut data = json!({ "version": "1.0", "queryDate": time(now) });
        if let Some((at, _)) = known.last() {
            data["startDate"] = time(*at).into();
        }
        if let Some(stat) = self.queries.iter().find(|query| query.returned && query.expression.is_none()) {
            data["statistic"] = stat.stat.clone().into();
        }
        data["period"] = self.period().into();
        data["recentDatapoints"] = json!(recent);
        data["threshold"] = threshold.into();
        data["evaluatedDatapoints"] = evaluated.into();
        data.to_string()
    }

    fn configuration(&self) -> Value {
        let metrics: Vec<Value> = self.queries.iter().map(Query::shown).collect();
        let mut configuration = json!({ "metrics": metrics });
        if let Some(description) = self.properties["AlarmDescription"].as_str() {
            configuration["description"] = description.into();
        }
        configuration
    }
}

fn breaches(operator: &str, value: f64, threshold: f64) -> bool {
    match operator {
        "GreaterThanThreshold" => value > threshold,
        "GreaterThanOrEqualToThreshold" => value >= threshold,
        "LessThanThreshold" => value < threshold,
        "LessThanOrEqualToThreshold" => value <= threshold,
        other => panic!("the model has no operator {other}"),
    }
}

fn words(operator: &str) -> &'static str {
    match operator {
        "GreaterThanThreshold" => "greater than",
        "GreaterThanOrEqualToThreshold" => "greater than or equal to",
        "LessThanThreshold" => "less than",
        _ => "less than or equal to",
    }
}

/// As every time of an alarm is written: without a colon in the offset.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}

fn shown(state: &State) -> Value {
    let mut shown = json!({ "value": state.value, "reason": state.reason, "timestamp": time(state.since) });
    if let Some(data) = &state.data {
        shown["reasonData"] = data.clone().into();
    }
    shown
}
