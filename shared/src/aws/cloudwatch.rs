//! Amazon CloudWatch.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use aws_smithy_types::DateTime;
use aws_types::region::Region;
use jiff::Timestamp;
use planner::alarm::AlarmState;
use planner::model::within_reach;

use super::connection::{Connection, Service};
use super::error::classify;
use super::pace::Bucket;
use crate::error::{Context, Error, Result};

/// How many names one call takes, and how many alarms it returns at most:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html>.
const NAMES: usize = 100;

/// Reads alarms, in any region.
#[derive(Debug)]
pub struct CloudWatch {
    connection: Connection,
}

/// An alarm, as CloudWatch returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its state.
    pub state: AlarmState,
    /// Since when it is in that state.
    pub since: Timestamp,
    /// CloudWatch's sentence about the state.
    pub reason: String,
    /// The data of the sentence, JSON; empty when there is none.
    pub reason_data: String,
    /// The alarm's description, written in the template.
    pub description: String,
    /// Its ARN.
    pub arn: String,
    /// Metric, statistic and period in seconds, of an alarm on one metric.
    pub metric: Option<(String, String, i32)>,
}

/// What alarms of all kinds have.
struct Written {
    name: Option<String>,
    state: Option<StateValue>,
    /// When its state changed, and when something of it was last updated.
    times: [Option<DateTime>; 2],
    texts: [Option<String>; 4],
    metric: Option<(String, String, i32)>,
}

/// The same fields of three types.
macro_rules! written {
    ($alarm:ident, $metric:expr) => {
        Written {
            name: $alarm.alarm_name,
            state: $alarm.state_value,
            times: [$alarm.state_transitioned_timestamp, $alarm.state_updated_timestamp],
            texts: [$alarm.state_reason, $alarm.state_reason_data, $alarm.alarm_description, $alarm.alarm_arn],
            metric: $metric,
        }
    };
}

impl CloudWatch {
    /// A gateway over `connection`; no call is made.
    pub fn new(connection: &Connection) -> CloudWatch {
        CloudWatch { connection: connection.clone() }
    }

    fn client(&self, region: &str) -> aws_sdk_cloudwatch::Client {
        let mut config = aws_sdk_cloudwatch::config::Builder::from(self.connection.config());
        config.set_region(Some(Region::new(region.to_owned())));
        config.set_endpoint_url(self.connection.endpoint(Service::CloudWatch));
        config.set_retry_partition(self.connection.retry_partition());
        aws_sdk_cloudwatch::Client::from_conf(config.build())
    }

    /// The alarms with these names in `region`; one that is missing in the answer is not returned by CloudWatch.
    ///
    /// Requires `cloudwatch:DescribeAlarms`.
    ///
    /// # Errors
    /// `Denied`, `Throttled` or `Unavailable`; `Invalid` when an alarm has a state that is not known, or no time.
    pub async fn alarms(&self, region: &str, names: &[&str]) -> Result<BTreeMap<String, Alarm>> {
        let (client, context) = (self.client(region), || format!("describe alarms in {region}"));
        let mut alarms = BTreeMap::new();
        for names in names.chunks(NAMES) {
            let mut next = None;
            loop {
                let names = names.iter().map(|name| (*name).to_owned()).collect();
                // Without its types, only alarms on metrics are returned.
                let types = vec![AlarmType::MetricAlarm, AlarmType::CompositeAlarm, AlarmType::LogAlarm];
                let call = client.describe_alarms().set_alarm_names(Some(names)).set_alarm_types(Some(types));
                let call = call.max_records(NAMES as i32).set_next_token(next);
                self.connection.turn(Bucket::DescribeAlarms).await;
                let answer = call.send().await.map_err(classify).context(context)?;
                let on_metrics = answer.metric_alarms.unwrap_or_default().into_iter().map(|mut alarm| {
                    let metric = alarm.metric_name.take().zip(alarm.period).map(|(name, period)| {
                        let statistic = alarm.statistic.take().map(|statistic| statistic.as_str().to_owned());
                        (name, statistic.or(alarm.extended_statistic.take()).unwrap_or_default(), period)
                    });
                    written!(alarm, metric)
                });
                let composite = answer.composite_alarms.unwrap_or_default().into_iter();
                let on_logs = answer.log_alarms.unwrap_or_default().into_iter();
                let others =
                    composite.map(|alarm| written!(alarm, None)).chain(on_logs.map(|alarm| written!(alarm, None)));
                for written in on_metrics.chain(others) {
                    let (name, alarm) = read(written).context(context)?;
                    alarms.insert(name, alarm);
                }
                next = answer.next_token.filter(|token| !token.is_empty());
                if next.is_none() {
                    break;
                }
            }
        }
        Ok(alarms)
    }
}

fn read(written: Written) -> Result<(String, Alarm)> {
    let name = written.name.ok_or_else(|| Error::bad_field("AlarmName", "nothing", "a name"))?;
    let state = match written.state {
        Some(StateValue::Ok) => AlarmState::Ok,
        Some(StateValue::Alarm) => AlarmState::Alarm,
        Some(StateValue::InsufficientData) => AlarmState::InsufficientData,
        other => {
            let found = other.map_or("nothing".to_owned(), |state| state.to_string());
            return Err(Error::bad_field("StateValue", found, "OK, ALARM or INSUFFICIENT_DATA"));
        }
    };
    let since = written.times.into_iter().flatten().next();
    let since = since.and_then(|at| Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok());
    let since = since.ok_or_else(|| Error::bad_field("StateTransitionedTimestamp", "nothing", "a time"))?;
    let since = within_reach("StateTransitionedTimestamp", since)?;
    let [reason, reason_data, description, arn] = written.texts.map(Option::unwrap_or_default);
    Ok((name, Alarm { state, since, reason, reason_data, description, arn, metric: written.metric }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::aws::testing::{Replay, cbor, run};
    use crate::error::Kind;

    const PROTOCOL: &[(&str, &str)] = &[("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")];

    fn alarm(name: &str, value: &str) -> Value {
        json!({
            "AlarmName": name, "StateValue": value, "StateReason": "Threshold Crossed", "StateReasonData": "{}",
            "StateTransitionedTimestamp": 1_700_000_000, "StateUpdatedTimestamp": 1_700_000_100,
        })
    }

    fn asked(answers: &[(u16, Value)], names: &[&str]) -> (Result<BTreeMap<String, Alarm>>, Replay) {
        let answer = |replay: Replay, (status, body): &(u16, Value)| replay.then(*status, PROTOCOL, cbor(body));
        let replay = answers.iter().fold(Replay::new(&[]), answer);
        (run(CloudWatch::new(&replay.connection()).alarms("us-east-1", names)), replay)
    }

    #[test]
    fn alarms_of_every_kind_are_read_in_their_region_with_the_time_of_their_state() {
        let mut metric = alarm("cpu", "ALARM");
        metric["MetricName"] = "CPUUtilization".into();
        (metric["Statistic"], metric["Period"]) = ("Average".into(), 60.into());
        let answer = json!({"MetricAlarms": [metric], "CompositeAlarms": [alarm("all", "OK")], "LogAlarms": [alarm("log", "OK")]});
        let (alarms, replay) = asked(&[(200, answer)], &["cpu", "all", "gone"]);
        let alarms = alarms.unwrap();
        let cpu = &alarms["cpu"];
        assert_eq!((cpu.state, cpu.since), (AlarmState::Alarm, Timestamp::from_second(1_700_000_000).unwrap()));
        assert_eq!(cpu.metric, Some(("CPUUtilization".to_owned(), "Average".to_owned(), 60)));
        assert_eq!((alarms["all"].state, alarms["log"].state, alarms.len()), (AlarmState::Ok, AlarmState::Ok, 3));
        assert!(replay.uris()[0].starts_with("https://monitoring.us-east-1.amazonaws.com/"), "{:?}", replay.uris());
        for text in ["MetricAlarm", "CompositeAlarm", "gone"] {
            assert!(replay.bodies()[0].contains(text), "{text}");
        }
    }

    #[test]
    fn a_hundred_names_go_into_a_call_and_every_page_is_read() {
        let names: Vec<String> = (0..101).map(|n| format!("alarm-{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let page = |name: &str, next: &str| (200, json!({"MetricAlarms": [alarm(name, "OK")], "NextToken": next}));
        let (alarms, replay) = asked(&[page("a", "more"), page("b", ""), page("c", "")], &names);
        assert_eq!((alarms.unwrap().len(), replay.uris().len()), (3, 3));
        assert!(replay.bodies()[1].contains("more") && !replay.bodies()[1].contains("alarm-100"));
        assert!(replay.bodies()[2].contains("alarm-100"));
    }

    #[test]
    fn errors_are_read_by_their_code_and_name_the_region() {
        let body = json!({"__type": "com.amazonaws.cloudwatch#AccessDenied", "message": "no"});
        let error = asked(&[(400, body)], &["a"]).0.unwrap_err();
        assert!(error.to_string().starts_with("describe alarms in us-east-1: "), "{error}");
        assert_eq!(error.kind(), Kind::Denied);
        let odd = asked(&[(200, json!({"MetricAlarms": [alarm("a", "PARTIAL")]}))], &["a"]).0.unwrap_err();
        assert!(odd.to_string().contains("StateValue: got `PARTIAL`"), "{odd}");
    }
}
