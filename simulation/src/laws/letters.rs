//! Laws about what is given up: nothing while AWS does what it is asked to, and nothing where no alarm would say so.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::watch::{Broken, Watch, broken};
use crate::engine::Engine;
use crate::journal::{Entry, What};
use crate::weather::Weather;

/// While AWS does what it is asked to.
const LAW_ON_A_GOOD_DAY: &str = "no dead letter on a good day";
/// What began while something went wrong may still be given up for so long: a queue tries it again for that time.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    if engine.weather == Weather::OVER && watch.letters.over.is_none() {
        watch.letters.over = Some(entry.at);
    }
    match &entry.what {
        What::Ends { .. } => {
            if is_good(watch, engine, entry.at) {
                watch.meets(LAW_ON_A_GOOD_DAY);
            }
            Ok(())
        }
        What::DeadLetter { queue, body } => given_up(watch, engine, entry.at, (queue, body)),
        _ => Ok(()),
    }
}

fn is_good(watch: &Watch, engine: &Engine, at: Timestamp) -> bool {
    let is_over = watch.letters.over.is_some_and(|over| over + AFTERWARDS < at);
    let is_calm = watch.messages.is_calm() && !watch.messages.refused && engine.weather == Weather::CALM;
    is_over || is_calm
}

fn given_up(watch: &mut Watch, engine: &Engine, at: Timestamp, (queue, body): (&str, &Value)) -> Result<(), Broken> {
    const LAW: &str = "an alarm says that there is a dead letter";
    if is_good(watch, engine, at) {
        return Err(broken(engine, LAW_ON_A_GOOD_DAY, body.to_string()));
    }
    watch.meets(LAW);
    let name = queue.rsplit(':').next().unwrap_or_default();
    let watches = |alarm: &Value| {
        let metrics = alarm["Metrics"].to_string();
        let dimension = format!("{{\"Name\":\"QueueName\",\"Value\":\"{name}\"}}");
        metrics.contains(&dimension) && alarm["AlarmActions"].as_array().is_some_and(|actions| !actions.is_empty())
    };
    let alarms = engine.account().of_type("AWS::CloudWatch::Alarm");
    if !alarms.iter().any(|alarm| watches(&alarm.properties)) {
        return Err(broken(engine, LAW, format!("no alarm watches {name}, which got {body}")));
    }
    Ok(())
}
