//! Laws about what is recorded and announcements: it is what happened.

use jiff::SignedDuration;

use super::lookup::{known, policy_of};
use super::referee::serving;
use super::watch::{Broken, Watch, broken};
use super::written::Written;
use crate::engine::Engine;
use crate::journal::{Entry, Message, What};
use crate::people::Plan;
use crate::world::ecs::{Deployment, Rollout};

/// A message may come so long after what it says: an event that is late, a grace, a topic that refuses it.
const LATE: SignedDuration = SignedDuration::from_hours(6);
/// The shortest deadline of the fleet is longer.
const DEADLINE: SignedDuration = SignedDuration::from_mins(20);

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry, written: Option<&Written>) -> Result<(), Broken> {
    if let What::Message(message) = &entry.what {
        about_rollout(watch, engine, message)?;
        overdue(watch, engine, message)?;
        return about_alarm(watch, engine, message);
    }
    match written.filter(|written| written.sk == "rollout") {
        Some(written) => release(watch, engine, written),
        None => Ok(()),
    }
}

/// A release is recorded when ECS has completed its deployment, or has had it running for long.
fn release(watch: &mut Watch, engine: &Engine, written: &Written) -> Result<(), Broken> {
    const LAW: &str = "a release that is recorded was deployed";
    let release = &written.item["releases"][0];
    if release.is_null() || *release == written.before["releases"][0] {
        return Ok(());
    }
    watch.meets(LAW);
    let id = release["deployment"].as_str().unwrap_or_default();
    // At a wake its own tasks verify what was staged, whatever deployment has started them.
    let staged = written.before["rollout"]["phase"]["staged"].is_object();
    if !deployment(engine, id).is_some_and(|deployment| deployment.succeeded || staged) {
        return Err(broken(engine, LAW, format!("{}: {release}, which ECS has not completed", written.pk)));
    }
    Ok(())
}

/// Complete is what ECS has completed, and rolled back is what it has rolled back.
fn about_rollout(watch: &mut Watch, engine: &Engine, message: &Message) -> Result<(), Broken> {
    const LAW: &str = "what a message says of a rollout is so";
    let kinds = ["Rollout complete: ", "Rollback complete: ", "Drift correction complete: "];
    if !kinds.iter().any(|kind| message.subject.starts_with(kind)) {
        return Ok(());
    }
    // Of a rollback by ECS the deployment that failed is named.
    let failed = message.text.split_once("has rolled back deployment ecs-svc/");
    let fact =
        message.text.lines().find_map(|line| line.strip_prefix("deployment")?.trim_start().strip_prefix("ecs-svc/"));
    let Some(rest) = failed.map(|(_, rest)| rest).or(fact) else { return Ok(()) };
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let Some(deployment) = deployment(engine, &format!("ecs-svc/{digits}")) else {
        return Err(broken(engine, LAW, format!("{}: there is no deployment ecs-svc/{digits}", message.subject)));
    };
    watch.meets(LAW);
    let is_so = if failed.is_some() { deployment.state != Rollout::InProgress } else { deployment.succeeded };
    if !is_so {
        return Err(broken(engine, LAW, format!("{}: {} is {:?}", message.subject, deployment.id, deployment.state)));
    }
    Ok(())
}

/// Overdue is what has been going on for nearly as long as any deadline.
fn overdue(watch: &mut Watch, engine: &Engine, message: &Message) -> Result<(), Broken> {
    const LAW: &str = "a rollout that is announced to be overdue is";
    let name = message.subject.strip_prefix("Rollout overdue: ").and_then(|rest| rest.split(' ').next());
    let Some(name) = name.filter(|_| message.text.contains("ecs-svc/")) else { return Ok(()) };
    let Some(service) = policy_of(engine, name).and_then(|policy| known(engine, &policy)) else { return Ok(()) };
    let Some(last) = service.rollouts.last() else { return Ok(()) };
    watch.meets(LAW);
    let begun = last.rollback.as_ref().map_or(last.created_at, |(at, ..)| *at);
    if begun + DEADLINE > engine.now() {
        let how = format!("{}: what is in progress began at {begun}", message.subject);
        return Err(broken(engine, LAW, how));
    }
    Ok(())
}

/// An alarm that is announced to be in ALARM was.
fn about_alarm(watch: &mut Watch, engine: &Engine, message: &Message) -> Result<(), Broken> {
    const LAW: &str = "an alarm that is announced to be in ALARM was";
    let Some(name) = message.subject.strip_prefix("ALARM ") else { return Ok(()) };
    let name = name.split([':', ' ']).next().unwrap_or_default();
    watch.meets(LAW);
    let is_it = |known: &str| known == name || known.ends_with(&format!("-{name}"));
    let now = watch.progress.in_alarm.keys().any(|known| is_it(known));
    let mut left = watch.progress.left_alarm.iter().filter(|(known, _)| is_it(known));
    if !now && !left.any(|(_, at)| *at + LATE > engine.now()) {
        return Err(broken(engine, LAW, message.subject.clone()));
    }
    Ok(())
}

fn deployment<'e>(engine: &'e Engine, id: &str) -> Option<&'e Deployment> {
    let policies = engine.account().policies();
    let services = policies.iter().filter_map(|policy| known(engine, policy));
    services.flat_map(|service| &service.deployments).find(|deployment| deployment.id == id)
}

/// When everything has come to rest, the release that is recorded last is the running release.
pub(super) fn at_rest(engine: &Engine, watch: &mut Watch, plan: &Plan) -> Result<(), Broken> {
    const LAW: &str = "the ledger has the release that runs";
    if plan.setup.dry_run || plan.setup.code_deploy || plan.setup.unfollowed {
        return Ok(());
    }
    for policy in engine.account().policies() {
        let Some(service) = known(engine, &policy).filter(|service| service.desired > 0) else { continue };
        let key = (format!("service/{}/{}", service.cluster, service.name), "rollout".to_owned());
        let Some(item) = watch.items.get(&key).cloned().filter(|item| item["rollout"].is_null()) else { continue };
        let runs = serving(engine, &policy);
        if runs.len() != 1 || service.primary().state != Rollout::Completed {
            continue;
        }
        let release = &item["releases"][0]["images"];
        // What could not be identified when the automation was installed is no release.
        if release.is_null() {
            continue;
        }
        // After a rollback that failed, a person decides; what may run meanwhile is no release.
        let mut rollouts =
            item["history"].as_array().into_iter().flatten().filter_map(|event| event["action"].as_str());
        if rollouts.find(|action| matches!(*action, "complete" | "abandon")) == Some("abandon") {
            continue;
        }
        // Nor what was rolled back from, and what ECS had to return to.
        let quarantined = |digest: &str| {
            let entries = item["quarantine"].as_array().into_iter().flatten();
            entries.into_iter().any(|entry| entry["image"]["digest"] == digest)
        };
        if runs.iter().any(|digest| quarantined(digest)) {
            continue;
        }
        watch.meets(LAW);
        let mut recorded = release.as_object().into_iter().flatten().filter_map(|(_, image)| image["digest"].as_str());
        if !recorded.any(|digest| runs.contains(digest)) {
            let how = format!("{} runs {runs:?}, the last release is {release}", service.name);
            return Err(broken(engine, LAW, how));
        }
    }
    Ok(())
}
