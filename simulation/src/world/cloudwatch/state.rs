//! The alarms and their states.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde_json::Value;

use super::metrics::Query;
use super::mute::Mute;
use crate::account::{ACCOUNT, Account, Resource};
use crate::world::Cx;

/// The alarms and mute rules.
#[derive(Debug, Default)]
pub struct CloudWatch {
    /// By name.
    pub alarms: BTreeMap<String, Alarm>,
    /// The mute rules.
    pub mutes: Vec<Mute>,
    /// Services that have served: users come to them.
    pub(super) visited: BTreeSet<String>,
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
    /// Where it is.
    pub region: &'static str,
    pub(super) queries: Vec<Query>,
    /// Is it evaluated?
    pub(super) watched: bool,
    pub(super) configured: Timestamp,
    /// The newest points of each metric, the newest last; nothing where there was no data.
    pub(super) series: BTreeMap<String, VecDeque<(Timestamp, Option<f64>)>>,
    pub(super) past: Vec<(Timestamp, State)>,
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
    pub(super) fn new(region: &'static str, properties: &Value, now: Timestamp) -> Alarm {
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
            region,
            queries,
            watched,
            configured: now,
            series: BTreeMap::new(),
            past: Vec::new(),
        }
    }

    pub(super) fn seen(&self, cx: &mut Cx<'_>) -> &State {
        let at = cx.staleness().map(|age| cx.now - age);
        let past = at.and_then(|at| self.past.iter().find(|(until, _)| *until > at));
        past.map_or(&self.state, |(_, state)| state)
    }
}

impl CloudWatch {
    pub(crate) fn new(account: &Account) -> CloudWatch {
        let alarms = account.of_type("AWS::CloudWatch::Alarm").iter();
        let alarm = |resource: &Resource| Alarm::new(resource.region, &resource.properties, Timestamp::UNIX_EPOCH);
        let alarms = alarms.map(|resource| (resource.reference.clone(), alarm(resource)));
        let mutes = account.of_type("AWS::CloudWatch::AlarmMuteRule").iter();
        let mutes = mutes.map(|resource| Mute::of(&resource.properties)).collect();
        CloudWatch { alarms: alarms.collect(), mutes, visited: BTreeSet::new() }
    }

    /// Is an alarm in ALARM? One that does not exist is not. ECS reads this for deployments with alarms.
    pub fn in_alarm(&self, name: &str) -> bool {
        self.alarms.get(name).is_some_and(|alarm| alarm.state.value == "ALARM")
    }
}

pub(super) fn arn(region: &str, name: &str) -> String {
    format!("arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}")
}
