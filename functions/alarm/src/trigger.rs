//! What reached the function: alarms that changed their state, stack updates, ticks and requests.
//!
//! One alarm has many shapes: with and without reason data, of one metric, of an expression, of a query, of a band, of
//! other alarms. Only the name, the state and its time are demanded; all else is read as far as it is there.

use jiff::{SignedDuration, Timestamp};
use planner::alarm::{AlarmLocation, AlarmState, StackUpdate, StateChange, Suppression};
use planner::model::{read_time, within_reach};
use serde_json::Value as Json;
use shared::runtime::payload::kind;
use shared::runtime::{Event, NoParameters, Payload, Received, Target};
use shared::{Error, Result};

pub(crate) mod measurement;

/// What started the function, reduced to where to look and what to remember.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// An alarm changed its state.
    StateChange {
        /// `AlarmName` of CloudWatch: `acme-prod-web-cpu`.
        name: String,
        /// What is known of it.
        change: Box<StateChange>,
    },
    /// The stack of the services is being updated, or was.
    StackUpdate(StackUpdate),
    /// The tick, or a request about every alarm.
    Everything,
    /// A request about the alarm of this key: its name, or `<region>/<name>`.
    Named(
        /// `AlarmName` of CloudWatch: `acme-prod-jobs-cpu`.
        String,
    ),
}

impl Trigger {
    /// Reads what arrived.
    ///
    /// # Errors
    /// `Invalid` when the payload is meant for this function and broken; it then goes to the dead-letter queue.
    pub fn parse(payload: Payload) -> Result<Received<Trigger>> {
        match payload {
            Payload::Event(event) => of_event(&event),
            Payload::Request(request) => {
                request.parameters::<NoParameters>()?;
                Ok(Received::Trigger(match request.target {
                    Target::Alarm(name) => Trigger::Named(name),
                    Target::Everything | Target::Service(_) | Target::Budget(_) => Trigger::Everything,
                }))
            }
            Payload::Notifications(_) => Ok(Received::Ignored("SNS messages change no alarm".into())),
        }
    }
}

fn of_event(event: &Event) -> Result<Received<Trigger>> {
    match event.about() {
        ("aws.cloudwatch", "CloudWatch Alarm State Change") => alarm(event),
        ("aws.cloudformation", "CloudFormation Stack Status Change") => update(event),
        (source, detail_type) => {
            Ok(Received::Ignored(format!("`{detail_type}` of {source} is nothing for this function")))
        }
    }
}

fn alarm(event: &Event) -> Result<Received<Trigger>> {
    let name = event.text("alarmName")?.to_owned();
    let detail = event.detail.get("state").unwrap_or(&Json::Null);
    let text = |field: &str| detail.get(field).and_then(Json::as_str).unwrap_or_default();
    let state = match text("value") {
        "" => return Err(bad("detail.state.value", detail.get("value"), "`OK`, `ALARM` or `INSUFFICIENT_DATA`")),
        // A state that is newer than this code is no reason to fail for ever.
        written => match alarm_state(written) {
            Some(state) => state,
            None => return Ok(Received::Ignored(format!("{name} is in the state {written}, which says nothing here"))),
        },
    };
    // The state's own time orders changes; that of the event is when it was sent.
    let at = read_time(text("timestamp")).or(event.at);
    let at = at.ok_or_else(|| bad("detail.state.timestamp", detail.get("timestamp"), "a time with offset"))?;
    let reason = text("reason").to_owned();
    let configuration = event.detail.get("configuration").unwrap_or(&Json::Null);
    let data = text("reasonData").parse::<Json>().unwrap_or_default();
    let change = StateChange {
        state,
        previous: event.detail.pointer("/previousState/value").and_then(Json::as_str).and_then(alarm_state),
        at,
        description: configuration.get("description").and_then(Json::as_str).unwrap_or_default().to_owned(),
        measurement: measurement::read(configuration, &data, &reason),
        suppression: suppression(event, text("actionsSuppressedBy"), state, at),
        location: AlarmLocation::of_arn(event.resources.first().map_or("", String::as_str)),
        reason,
    };
    Ok(Received::Trigger(Trigger::StateChange { name, change: Box::new(change) }))
}

fn alarm_state(written: &str) -> Option<AlarmState> {
    match written {
        "OK" => Some(AlarmState::Ok),
        "ALARM" => Some(AlarmState::Alarm),
        "INSUFFICIENT_DATA" => Some(AlarmState::InsufficientData),
        _ => None,
    }
}

/// State changes come though their actions are kept back: a mute rule, or the suppressor of a composite alarm.
fn suppression(event: &Event, by: &str, state: AlarmState, at: Timestamp) -> Option<Suppression> {
    let muted = event.detail.get("muteDetail").filter(|detail| detail.is_object());
    let text = |field: &str| muted.and_then(|detail| detail.get(field)).and_then(Json::as_str);
    let rule = text("mutedByArn").map(|arn| Suppression::by_rule(arn.rsplit([':', '/']).next().unwrap_or(arn)));
    let by =
        rule.or_else(|| Some(by).filter(|by| !by.is_empty()).map(str::to_owned)).filter(|_| state != AlarmState::Ok)?;
    let until = text("muteWindowEnd").and_then(read_time);
    Some(Suppression {
        until: until.or_else(|| within_reach("until", at.checked_add(waits(event, &by)?).ok()?).ok()),
        by,
    })
}

/// How long a composite alarm waits for its suppressor; no event tells that this is over.
fn waits(event: &Event, by: &str) -> Option<SignedDuration> {
    let field = match by {
        "WaitPeriod" => "actionsSuppressorWaitPeriod",
        "ExtensionPeriod" => "actionsSuppressorExtensionPeriod",
        _ => return None,
    };
    let seconds = event.detail.pointer(&format!("/configuration/{field}")).and_then(Json::as_i64);
    seconds.map(SignedDuration::from_secs)
}

fn update(event: &Event) -> Result<Received<Trigger>> {
    let status = event.detail.pointer("/status-details/status");
    let status = status.and_then(Json::as_str).ok_or_else(|| bad("detail.status-details.status", status, "a text"))?;
    let at = event.at.ok_or_else(|| Error::bad_field("time", "nothing", "the time of the event"))?;
    let in_progress = status.ends_with("_IN_PROGRESS");
    Ok(Received::Trigger(Trigger::StackUpdate(StackUpdate { at, in_progress })))
}

fn bad(path: &str, found: Option<&Json>, expected: &str) -> Error {
    Error::bad_field(path, kind(found.unwrap_or(&Json::Null)), expected)
}

#[cfg(test)]
mod tests;
