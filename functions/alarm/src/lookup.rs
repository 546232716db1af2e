//! Asks CloudWatch for the state of alarms: an event is a hint, and some are lost.

use std::collections::BTreeMap;

use planner::alarm::{AlarmLocation, AlarmLookup, AlarmPolicy, AlarmReading, StateChange};
use serde_json::{Value as Json, json};
use shared::aws::Alarm;
use shared::{Error, many};

use crate::app::App;
use crate::trigger::measurement;

/// The answer about one alarm, and the error of a call that failed, once for all alarms of its region.
pub(crate) type Answer = (AlarmLookup, Option<Error>);

/// The alarms of a region by name; an error until it is reported.
type Found = std::result::Result<BTreeMap<String, Alarm>, Option<Error>>;

impl App {
    /// Looks alarms up, each in its region; one answer per alarm, in order.
    pub(crate) async fn lookups(&self, alarms: &[&AlarmPolicy]) -> Vec<Answer> {
        let mut regions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for alarm in alarms {
            regions.entry(self.region_of(alarm)).or_default().push(&alarm.name);
        }
        let asked = regions.iter().map(async |(region, names)| (*region, self.cloudwatch.alarms(region, names).await));
        let mut answers: BTreeMap<&str, Found> = BTreeMap::new();
        for (region, asked) in many::all(asked).await {
            answers.insert(region, asked.map_err(Some));
        }
        alarms.iter().map(|alarm| answer(answers.get_mut(self.region_of(alarm)), &alarm.name)).collect()
    }
}

fn answer(found: Option<&mut Found>, name: &str) -> Answer {
    match found {
        Some(Ok(alarms)) => match alarms.get(name) {
            Some(alarm) => (AlarmLookup::Found(Box::new(reading(alarm))), None),
            None => (AlarmLookup::Missing, None),
        },
        Some(Err(error)) => (AlarmLookup::Failed, error.take()),
        None => (AlarmLookup::Failed, None),
    }
}

/// The same as an event says, as far as CloudWatch returns it.
fn reading(alarm: &Alarm) -> AlarmReading {
    let data = alarm.reason_data.parse::<Json>().unwrap_or_default();
    let configuration = match &alarm.metric {
        Some((name, statistic, period)) => {
            let metric = json!({"metric": {"name": name}, "period": period, "stat": statistic});
            json!({"metrics": [{"metricStat": metric}]})
        }
        None => Json::Null,
    };
    let change = StateChange {
        state: alarm.state,
        previous: None,
        at: alarm.since,
        reason: alarm.reason.clone(),
        description: alarm.description.clone(),
        measurement: measurement::read(&configuration, &data, &alarm.reason),
        suppression: None,
        location: AlarmLocation::of_arn(&alarm.arn),
    };
    AlarmReading { change, has_data: says_what_was_evaluated(&data) }
}

/// Is it data that an evaluation leaves: when CloudWatch queried the metric, or which child alarms decided?
fn says_what_was_evaluated(data: &Json) -> bool {
    let children = data.get("triggeringAlarms").and_then(Json::as_array);
    data.get("queryDate").is_some_and(Json::is_string) || children.is_some_and(|children| !children.is_empty())
}

#[cfg(test)]
mod tests {
    use planner::alarm::AlarmState;

    use super::*;

    fn alarm(reason_data: &str) -> Alarm {
        Alarm {
            state: AlarmState::Alarm,
            since: "2026-11-21T10:20:11Z".parse().unwrap(),
            reason: "Threshold Crossed: 1 datapoint [23.0 (21/11/26 10:19:00)] was greater than the threshold (10.0)."
                .into(),
            reason_data: reason_data.into(),
            description: "Too many errors.".into(),
            arn: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a".into(),
            metric: Some(("5xxErrorRate".into(), "Average".into(), 300)),
        }
    }

    #[test]
    fn an_alarm_that_was_looked_up_says_what_its_event_would_say() {
        let reading = reading(&alarm(r#"{"queryDate":"2026-11-21T10:20:11.428+0000","recentDatapoints":[23.0]}"#));
        let measured = reading.change.measurement.unwrap();
        assert_eq!(
            (measured.what.as_str(), measured.figure.as_deref()),
            ("5xxErrorRate (Average of 5 min)", Some("23"))
        );
        assert_eq!(reading.change.location.region, "us-east-1");
        assert!(reading.has_data);
    }

    #[test]
    fn a_state_that_was_set_has_no_data_of_an_evaluation() {
        for (data, measured) in [
            ("", false),
            ("not json", false),
            ("{}", false),
            (r#"{"triggeringAlarms":[]}"#, false),
            (r#"{"triggeringAlarms":[{"arn":"arn:aws:cloudwatch:eu-central-1:1:alarm:a"}]}"#, true),
            // Data that is missing is evaluated too.
            (r#"{"queryDate":"2026-11-21T09:00:11.400+0000","recentDatapoints":[]}"#, true),
        ] {
            assert_eq!(reading(&alarm(data)).has_data, measured, "{data}");
        }
    }

    #[test]
    fn a_call_that_failed_is_reported_once() {
        let mut failed = Err(Some(Error::invalid("describe alarms in us-east-1: no")));
        assert!(matches!(answer(Some(&mut failed), "a"), (AlarmLookup::Failed, Some(_))));
        assert!(matches!(answer(Some(&mut failed), "b"), (AlarmLookup::Failed, None)));
        assert!(matches!(answer(Some(&mut Ok(BTreeMap::new())), "a"), (AlarmLookup::Missing, None)));
    }
}
