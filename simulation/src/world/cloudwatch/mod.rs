//! Amazon CloudWatch: the system's alarms, evaluated each minute from what really is.
//!
//! - Evaluation, missing data, states: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html>.
//! - Events on changes of state only, guaranteed: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>.
//!   None when an alarm is deleted, or made anew under another name.
//! - Mute rules keep actions back, not changes of state and their events:
//!   <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAlarmMuteRule.html>.
//! - `FILL` fills the newest minute too, whose data may be late:
//!   <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>.
//!
//! Alarms of the automation itself (functions, queues, topics) are not evaluated: they stay OK.

mod calls;
mod evaluate;
mod expression;
mod metrics;
mod mute;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use ::tests::template::text;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Cx, World};
use crate::account::{ACCOUNT, Account, REGION};
use crate::wire::Answer;
use metrics::Query;

pub use evaluate::set_state;
pub use mute::Mute;

/// What goes on later.
#[derive(Clone, Debug)]
pub enum Wake {
    /// Every alarm is evaluated.
    Minute,
}

/// The alarms and mute rules.
#[derive(Debug, Default)]
pub struct CloudWatch {
    /// By name.
    pub alarms: BTreeMap<String, Alarm>,
    /// The mute rules.
    pub mutes: Vec<Mute>,
}

/// An alarm.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// Its state.
    pub state: State,
    /// The state before, as the next event has it.
    pub previous: Option<State>,
    /// Its properties in the template.
    pub properties: Value,
    queries: Vec<Query>,
    /// Is it evaluated?
    watched: bool,
    configured: Timestamp,
    /// The newest points of each metric, the newest last; nothing where there was no data.
    series: BTreeMap<String, VecDeque<(Timestamp, Option<f64>)>>,
    past: Vec<(Timestamp, State)>,
}

/// A state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub value: &'static str,
    /// Why, for people.
    pub reason: String,
    /// Why, as JSON; nothing after SetAlarmState.
    pub data: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

impl Alarm {
    fn new(properties: &Value, now: Timestamp) -> Alarm {
        let queries = Query::of(properties);
        let watched = queries.iter().any(Query::is_of_system);
        let (value, reason) = match watched {
            true => ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation"),
            false => ("OK", "Threshold Crossed: no datapoints were received."),
        };
        Alarm {
            state: State { value, reason: reason.to_owned(), data: None, since: now },
            previous: None,
            properties: properties.clone(),
            queries,
            watched,
            configured: now,
            series: BTreeMap::new(),
            past: Vec::new(),
        }
    }

    fn seen(&self, cx: &mut Cx<'_>) -> &State {
        let at = cx.staleness().map(|age| cx.now - age);
        let past = at.and_then(|at| self.past.iter().find(|(until, _)| *until > at));
        past.map_or(&self.state, |(_, state)| state)
    }
}

impl CloudWatch {
    pub(super) fn new(account: &Account) -> CloudWatch {
        let alarms = account.of_type("AWS::CloudWatch::Alarm").iter();
        let alarms = alarms
            .map(|resource| (resource.reference.clone(), Alarm::new(&resource.properties, Timestamp::UNIX_EPOCH)));
        let mutes = account.of_type("AWS::CloudWatch::AlarmMuteRule").iter();
        CloudWatch { alarms: alarms.collect(), mutes: mutes.map(|resource| Mute::of(&resource.properties)).collect() }
    }

    /// Is an alarm in ALARM? Of one that is not there: no. Deployments ask it.
    pub fn in_alarm(&self, name: &str) -> bool {
        self.alarms.get(name).is_some_and(|alarm| alarm.state.value == "ALARM")
    }
}

/// Is an alarm in ALARM?
pub fn alarm_in_alarm(world: &World, name: &str) -> bool {
    world.cloudwatch.in_alarm(name)
}

/// A person deletes an alarm. There is no event, and nothing that it said is taken back.
pub fn delete(world: &mut World, name: &str, cx: &mut Cx<'_>) {
    if world.cloudwatch.alarms.remove(name).is_some() {
        cx.note(format!("a person deletes alarm {name}"));
    }
}

/// A person renames an alarm: a new one is made with the other name, and the old one deleted. No event tells of the old one.
pub fn rename(world: &mut World, from: &str, to: &str, cx: &mut Cx<'_>) {
    if let Some(alarm) = world.cloudwatch.alarms.remove(from) {
        cx.note(format!("a person renames alarm {from} to {to}"));
        world.cloudwatch.alarms.insert(to.to_owned(), Alarm::new(&alarm.properties, cx.now));
    }
}

fn arn(name: &str) -> String {
    format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}")
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn whole(value: &Value) -> Option<usize> {
    value.as_u64().or_else(|| text(value).parse().ok()).and_then(|count| usize::try_from(count).ok())
}

/// Right after the deploy.
pub(super) fn begin(world: &mut World, cx: &mut Cx<'_>) {
    for alarm in world.cloudwatch.alarms.values_mut() {
        alarm.state.since = cx.now;
        alarm.configured = cx.now;
    }
    if world.cloudwatch.alarms.values().any(|alarm| alarm.watched) {
        let seconds = cx.rng.between(61, 119);
        cx.after(SignedDuration::from_secs(seconds), super::Wake::CloudWatch(Wake::Minute));
    }
}

pub(super) fn call(world: &mut World, operation: &str, input: &Value, cx: &mut Cx<'_>) -> Answer {
    match operation {
        "DescribeAlarms" => calls::describe_alarms(world, input, cx),
        other => panic!("the model has no cloudwatch:{other}"),
    }
}

pub(super) fn wake(world: &mut World, wake: Wake, cx: &mut Cx<'_>) {
    let Wake::Minute = wake;
    let sights = metrics::look(world);
    evaluate::minute(world, &sights, cx);
    cx.after(SignedDuration::from_mins(1), super::Wake::CloudWatch(Wake::Minute));
}
