//! Laws about what must happen in time, and what must not happen at all: pushes arrive, a message is sent about an alarm in ALARM, remedies have a cause,
//! installing changes nothing.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::lookup::policy_of;
use super::referee::{in_force, serving, sleeps_at};
use super::watch::{Broken, InAlarm, Watch, broken};
use crate::engine::Engine;
use crate::journal::{Entry, What};
use crate::people::{Act, span};
use crate::world::behaviour::Behaviour;

/// A rollout takes minutes; a pre-deploy task, a scan and a tick come on top.
const ROLLED_WITHIN: SignedDuration = SignedDuration::from_mins(60);
/// Longer than any grace.
const ANNOUNCED_WITHIN: SignedDuration = SignedDuration::from_mins(90);
/// Evaluation, delivery and a tick.
const CAUSE_WITHIN: SignedDuration = SignedDuration::from_mins(20);
/// Longer than a wake may take.
const WOKEN_WITHIN: SignedDuration = SignedDuration::from_mins(45);

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    match &entry.what {
        What::World(text) => {
            happens(watch, engine, text);
            Ok(())
        }
        What::Message(message) => {
            watch.progress.sent.push((entry.at, format!("{}\n{}", message.subject, message.text)));
            Ok(())
        }
        What::Call { function: "alarm", service: "lambda", input, answer: Ok(_), .. } => {
            remedy(watch, engine, &input["Payload"])
        }
        What::Call { function, operation, input, answer: Ok(_), .. } if operation == "UpdateService" => {
            installing(watch, engine, function, input)
        }
        What::Call { operation, input, answer: Ok(_), .. } if operation == "RunTask" => {
            one_at_a_time(watch, engine, input)
        }
        What::Ends { function, .. } if watch.progress.installed && !watch.progress.began => {
            installing(watch, engine, function, &Value::Null)
        }
        What::Ends { function: "alarm", .. } => announced(watch, engine),
        What::Ends { function: "capacity", .. } => woken(watch, engine),
        What::Ends { function: "rollout", .. } => rolled(watch, engine),
        _ => Ok(()),
    }
}

fn happens(watch: &mut Watch, engine: &Engine, text: &str) {
    let (who, what) = text.split_once(": ").unwrap_or(("", text));
    if who.starts_with("alarm ") {
        let name = who.trim_start_matches("alarm ").to_owned();
        if what.contains("-> ALARM") {
            watch.progress.in_alarm.insert(name, InAlarm { since: engine.now(), awake: engine.now() });
        } else if watch.progress.in_alarm.remove(&name).is_some() {
            watch.progress.left_alarm.insert(name, engine.now());
        }
        return;
    }
    if let Some(name) = text.strip_prefix("a person deletes alarm ") {
        watch.progress.in_alarm.remove(name);
        watch.progress.left_alarm.insert(name.to_owned(), engine.now());
        return;
    }
    let Ok(act) = what.parse::<Act>() else { return };
    watch.progress.began = true;
    match act {
        Act::Push { service, behaviour: Behaviour::Good, flaw: None, .. } if !watch.progress.frozen => {
            watch.progress.due.insert(service, engine.now() + ROLLED_WITHIN);
        }
        Act::Request(request) => {
            let ends = engine.now() + in_force(&request);
            watch.progress.by_hand = watch.progress.by_hand.max(Some(ends));
            watch.progress.frozen |= request["action"] == "freeze" || request["hold_until"].is_string();
            match request["service"].as_str() {
                Some(service) => {
                    watch.progress.due.remove(service);
                    let until = request["until"].as_str().filter(|_| request["action"] == "wake").and_then(span);
                    let until = until.map_or(engine.now(), |lasts| engine.now() + lasts);
                    watch.progress.woken.insert(service.to_owned(), until);
                }
                None => {
                    watch.progress.due.clear();
                    watch.progress.woken.clear();
                }
            }
        }
        Act::ConsoleCount { .. }
        | Act::Spend { .. }
        | Act::SpendADay { .. }
        | Act::Limit { .. }
        | Act::Misreport { .. } => watch.progress.by_hand = Some(Timestamp::MAX),
        Act::Schedule { .. } => watch.progress.by_hand = Some(Timestamp::MAX),
        // Something that a rollout may well wait for.
        Act::DeleteTopic { .. }
        | Act::RenameAlarm { .. }
        | Act::TopicRefuses { .. }
        | Act::Interrupt { .. }
        | Act::Load { .. }
        | Act::NoData { .. }
        | Act::BudgetsDown { .. }
        | Act::SetAlarm { .. }
        | Act::DeleteAlarm { .. } => {}
        // What the environment prevents is tried again later than within the hour.
        Act::UpdatesRefused { .. }
        | Act::Deny { .. }
        | Act::SecretMissing { .. }
        | Act::OnDemandShort { .. }
        | Act::RegistryDown { .. } => {
            watch.progress.due.clear();
            watch.progress.frozen = true;
        }
        _ => watch.progress.due.clear(),
    }
}

/// A good image that was pushed on a good day serves within the hour.
fn rolled(watch: &mut Watch, engine: &Engine) -> Result<(), Broken> {
    const LAW: &str = "a good push serves within the hour";
    if !watch.progress.calm {
        return Ok(());
    }
    for (service, at) in watch.progress.due.clone() {
        // The tag moves a moment after the push begins.
        if at - ROLLED_WITHIN + SignedDuration::from_mins(1) > engine.now() {
            continue;
        }
        let policy = policy_of(engine, &service).filter(|_| !watch.progress.installed).unwrap_or_default();
        let wanted = engine.world.ecr.followed(&policy).map(|(_, digest)| digest);
        let serves = wanted.is_none_or(|wanted| serving(engine, &policy).contains(&wanted));
        if serves {
            // What happens to its tasks later is another matter.
            watch.progress.due.remove(&service);
            watch.meets(LAW);
        } else if at <= engine.now() {
            let how = format!("{service} does not serve what was pushed an hour ago");
            return Err(broken(engine, LAW, how));
        }
    }
    Ok(())
}

/// A message is sent about an alarm that stays in ALARM, whatever was lost, unless the service sleeps.
fn announced(watch: &mut Watch, engine: &Engine) -> Result<(), Broken> {
    const LAW: &str = "an alarm that stays in ALARM is announced";
    if watch.progress.refuses {
        return Ok(());
    }
    for (name, InAlarm { since, awake }) in watch.progress.in_alarm.clone() {
        let Some(service) = documented(engine, &name) else { continue };
        let policy = policy_of(engine, &service).unwrap_or_default();
        let stopped = engine.world.ecs.service(policy["cluster"].as_str().unwrap_or_default(), &service);
        // In a dry run it runs while it should sleep. One that a person has woken is not asleep.
        let is_woken = watch.progress.woken.get(&service).is_some_and(|until| *until > engine.now());
        let sleeps = sleeps_at(&policy, engine.now()) && (!is_woken || watch.progress.dry_run);
        if stopped.is_none_or(|service| service.desired == 0) || sleeps {
            watch.progress.in_alarm.insert(name, InAlarm { since, awake: engine.now() });
            continue;
        }
        if awake + ANNOUNCED_WITHIN > engine.now() || !engine.weather.is_calm() {
            continue;
        }
        watch.meets(LAW);
        let short = name.rsplit_once("prod-").map_or(name.as_str(), |(_, short)| short);
        let since = since - SignedDuration::from_hours(1);
        if !watch.progress.sent.iter().any(|(at, text)| *at >= since && text.contains(short)) {
            return Err(broken(engine, LAW, format!("{name} is in ALARM for 90 minutes and no message says so")));
        }
    }
    Ok(())
}

/// The service of an alarm that the documents list.
fn documented(engine: &Engine, alarm: &str) -> Option<String> {
    let configuration: Value = serde_json::from_str(engine.world.appconfig.deployed()).expect("JSON");
    let alarms = configuration["alarms"]["alarms"].as_array()?;
    alarms.iter().find(|one| one["name"] == alarm)?["service"].as_str().map(str::to_owned)
}

/// A restart or rollback because of an alarm has an alarm that is in ALARM.
fn remedy(watch: &mut Watch, engine: &Engine, request: &Value) -> Result<(), Broken> {
    const LAW: &str = "a remedy has an alarm that is in ALARM";
    let Some(name) = request["by"].as_str().and_then(|by| by.strip_prefix("alarm ")) else { return Ok(()) };
    if !matches!(request["action"].as_str(), Some("restart" | "rollback")) {
        return Ok(());
    }
    watch.meets(LAW);
    let full =
        engine.world.cloudwatch.alarms.keys().find(|known| *known == name || known.ends_with(&format!("-{name}")));
    let in_alarm = full.is_some_and(|full| engine.world.cloudwatch.in_alarm(full));
    let left =
        watch.progress.left_alarm.iter().find(|(known, _)| *known == name || known.ends_with(&format!("-{name}")));
    let recently = left.is_some_and(|(_, at)| *at + CAUSE_WITHIN > engine.now());
    if !in_alarm && !recently {
        return Err(broken(engine, LAW, format!("{} because of {name}, which is not in ALARM", request["action"])));
    }
    Ok(())
}

/// Installing the automation beside running services starts and rolls nothing.
fn installing(watch: &mut Watch, engine: &Engine, function: &str, input: &Value) -> Result<(), Broken> {
    const LAW: &str = "installing changes no service";
    if !watch.progress.installed || watch.progress.began {
        return Ok(());
    }
    watch.meets(LAW);
    // Scheduled downtime is as it was before: what it has stopped it starts.
    if function == "capacity" && input["desiredCount"] == 0 {
        watch.progress.slept.insert(input["service"].to_string());
    }
    if function == "capacity" && watch.progress.slept.contains(&input["service"].to_string()) {
        return Ok(());
    }
    let starts = input["taskDefinition"].is_string()
        || input["forceNewDeployment"] == true
        || input["desiredCount"].as_i64() > Some(0);
    if starts {
        return Err(broken(engine, LAW, format!("{function} updates {} before anything happened", input["service"])));
    }
    Ok(())
}

/// One pre-deploy task of a service at a time: two migrations beside each other break a database.
fn one_at_a_time(watch: &mut Watch, engine: &Engine, input: &Value) -> Result<(), Broken> {
    const LAW: &str = "one pre-deploy task at a time";
    watch.meets(LAW);
    let family =
        |definition: &str| definition.rsplit('/').next().and_then(|name| name.split(':').next()).map(str::to_owned);
    let wanted = family(input["taskDefinition"].as_str().unwrap_or_default());
    let running = engine.world.ecs.tasks.values().filter(|task| task.of.is_none() && task.is_wanted());
    let same = running.filter(|task| task.definition["family"].as_str().map(str::to_owned) == wanted).count();
    if same > 1 {
        return Err(broken(engine, LAW, format!("{same} tasks of {wanted:?} run beside each other")));
    }
    Ok(())
}

/// A service that should be awake and is not is announced.
fn woken(watch: &mut Watch, engine: &Engine) -> Result<(), Broken> {
    const LAW: &str = "a service that cannot be woken is announced";
    let by_hand = watch.progress.by_hand;
    let lately = engine.now() - WOKEN_WITHIN - SignedDuration::from_mins(20);
    if by_hand.is_some_and(|until| until > lately)
        || watch.progress.dry_run
        || watch.progress.installed
        || watch.progress.refuses
        || !engine.weather.is_calm()
    {
        return Ok(());
    }
    if engine.now() < watch.progress.start + WOKEN_WITHIN + SignedDuration::from_mins(20) {
        return Ok(());
    }
    for policy in engine.account().policies() {
        let name = policy["name"].as_str().unwrap_or_default();
        let asleep = |minutes: i64| sleeps_at(&policy, engine.now() - SignedDuration::from_mins(minutes));
        let Some(service) = engine.world.ecs.service(policy["cluster"].as_str().unwrap_or_default(), name) else {
            continue;
        };
        let ran = service.rollouts.iter().any(|rollout| rollout.status == "SUCCESSFUL");
        let awake_since = WOKEN_WITHIN.as_mins();
        if !ran
            || policy["sleep"]["windows"].as_array().is_none_or(Vec::is_empty)
            || (0..=awake_since).step_by(5).any(asleep)
            || !asleep(awake_since + 20)
        {
            continue;
        }
        watch.meets(LAW);
        let subject = format!("Start overdue: {name}");
        let announced = watch.progress.sent.iter().any(|(at, text)| *at >= lately && text.starts_with(&subject));
        if service.desired == 0 && !announced {
            return Err(broken(
                engine,
                LAW,
                format!("{name} should be awake for {awake_since} minutes, and no message says that it is not"),
            ));
        }
    }
    Ok(())
}
