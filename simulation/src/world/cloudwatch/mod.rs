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
mod state;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::Value;

use super::Cx;
use super::wake::{self, Wake};
use crate::account::Account;
use crate::wire::Answer;
use calls::describe_alarms;

pub use metrics::{Sights, System};
pub use mute::Mute;
pub use state::{Alarm, CloudWatch, State};

impl CloudWatch {
    /// A person deletes an alarm. There is no event, and none of its earlier events is withdrawn.
    pub fn delete(&mut self, name: &str, cx: &mut Cx<'_>) {
        if self.alarms.remove(name).is_some() {
            cx.note(format!("a person deletes alarm {name}"));
        }
    }

    /// A person renames an alarm, which AWS has no call for: one is made with the other name, and the old one deleted. The old one has no
    /// event.
    pub fn rename(&mut self, from: &str, to: &str, cx: &mut Cx<'_>) {
        if let Some(alarm) = self.alarms.remove(from) {
            cx.note(format!("a person makes alarm {to} as {from} is"));
            cx.note(format!("a person deletes alarm {from}"));
            self.alarms.insert(to.to_owned(), Alarm::new(alarm.region, &alarm.properties, cx.now));
        }
    }

    /// Right after the deploy.
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>) {
        for alarm in self.alarms.values_mut() {
            alarm.state.since = cx.now;
            alarm.configured = cx.now;
        }
        if self.alarms.values().any(|alarm| alarm.watched) {
            let seconds = cx.rng.between(61, 119);
            cx.after(SignedDuration::from_secs(seconds), Wake::CloudWatch(wake::CloudWatch::Minute));
        }
    }

    pub(super) fn call(&mut self, operation: &str, input: &Value, cx: &mut Cx<'_>) -> Answer {
        match operation {
            "DescribeAlarms" => describe_alarms(self, input, cx),
            other => panic!("the model has no cloudwatch:{other}"),
        }
    }

    /// `<cluster>/<service>` of every service that an alarm is about.
    pub(super) fn watched(&self, account: &Account) -> BTreeSet<String> {
        let alarms = self.alarms.values().filter(|alarm| alarm.watched);
        alarms.flat_map(|alarm| &alarm.queries).filter_map(|query| query.service(account)).collect()
    }
}
