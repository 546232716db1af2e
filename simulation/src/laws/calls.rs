//! Laws about calls: what the policy allows, how many, and that a dry run changes nothing.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::Value;

use super::lookup::policy_of;
use super::watch::{Broken, Watch, broken};
use crate::engine::Engine;
use crate::journal::{Entry, What};

const LAW_OF_LOOPS: &str = "no loop of deployments";

/// Most calls of one invocation: so many, and so many more for each service.
const CALLS: (usize, usize) = (40, 40);
/// Most deployments of the same revision and strategy that the automation starts for one service in six hours for the same cause.
const SAME_DEPLOYMENTS: usize = 3;
/// The same of a service of which no task runs.
const ATTEMPTS: usize = 6;
const WINDOW: SignedDuration = SignedDuration::from_hours(6);

/// Most moves to the same capacity provider that ECS refuses within these hours: the wait between two of them grows.
const REFUSED_MOVES: usize = 6;
/// How ECS refuses what it is asked for; what is wrong with the weather has other codes.
const REFUSED: &str = "InvalidParameterException";

/// Calls that change AWS; the ledger and messages are the automation's own.
pub(super) const CHANGES: [&str; 8] = [
    "UpdateService",
    "RegisterTaskDefinition",
    "RunTask",
    "StopTask",
    "PutImage",
    "CreateInvalidation",
    "RegisterScalableTarget",
    "StopServiceDeployment",
];

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    if let What::Begins { invocation, payload, .. } = &entry.what {
        let cause = payload["by"].as_str().unwrap_or_default();
        watch.calls.causes.insert(*invocation, cause.to_owned());
    }
    let What::Call { invocation, function, service, operation, input, answer, .. } = &entry.what else { return Ok(()) };
    watch.meets("every call is allowed");
    if let Err(failure) = answer
        && failure.code == "AccessDeniedException"
        && failure.message.contains("is not authorized to perform")
        && !failure.message.contains("with an explicit deny")
    {
        return Err(broken(engine, "every call is allowed", format!("{function}: {}", failure.message)));
    }
    watch.meets("calls of an invocation are bounded");
    let calls = watch.calls.by_invocation.entry(*invocation).or_default();
    *calls += 1;
    let services = engine.account().of_type("AWS::ECS::Service").len();
    if *calls > CALLS.0 + CALLS.1 * services {
        let how = format!("{function} made {calls} calls in one invocation, the last {service}:{operation}");
        return Err(broken(engine, "calls of an invocation are bounded", how));
    }
    let variables = &engine.account().functions[function].variables;
    let is_dry = variables.get("DRY_RUN").is_some_and(|dry| dry == "true");
    if is_dry {
        watch.meets("a dry run changes nothing");
    }
    if is_dry && CHANGES.contains(&operation.as_str()) {
        return Err(broken(engine, "a dry run changes nothing", format!("{function}: {service}:{operation} {input}")));
    }
    if answer.is_ok() {
        bounds(watch, engine, entry)?;
    }
    if operation == "UpdateService" && answer.is_ok() {
        repeated(watch, engine, entry)?;
    }
    if operation == "UpdateService" && answer.as_ref().is_err_and(|failure| failure.code == REFUSED) {
        refused(watch, engine, entry)?;
    }
    Ok(())
}

/// A desired count and the bounds of scaling are never outside what the fleet allows.
fn bounds(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    const LAW: &str = "never outside the bounds of the fleet";
    let What::Call { function, operation, input, .. } = &entry.what else { return Ok(()) };
    let (name, counts) = match operation.as_str() {
        "UpdateService" => (&input["service"], [&input["desiredCount"]; 2]),
        "RegisterScalableTarget" => (&input["ResourceId"], [&input["MinCapacity"], &input["MaxCapacity"]]),
        _ => return Ok(()),
    };
    let name = name.as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let [Some(least), Some(most)] = counts.map(Value::as_i64) else { return Ok(()) };
    watch.meets(LAW);
    let configuration: Value = serde_json::from_str(engine.world.appconfig.deployed()).expect("JSON");
    let services = configuration["fleet"]["services"].as_array().expect("services");
    let policy = services.iter().find(|service| service["name"] == name);
    let number = |field: &str| policy.and_then(|policy| policy["baseline"][field].as_i64()).unwrap_or(0);
    // A budget may allow fewer tasks than the baseline's minimum.
    let fewest = if watch.progress.by_hand == Some(jiff::Timestamp::MAX) { 1 } else { number("min") };
    let stops = least == 0 && (most == 0 || number("min") == 0);
    if most > number("max") || least > most || !(stops || least >= fewest) {
        let allowed = format!("the fleet allows {fewest} to {}", number("max"));
        let how = format!("{function} sets {name} to {least} to {most} tasks ({operation}), {allowed}");
        return Err(broken(engine, LAW, how));
    }
    Ok(())
}

/// The same deployment is not started again and again.
fn repeated(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    let What::Call { invocation, function, input, .. } = &entry.what else { return Ok(()) };
    let starts = input["forceNewDeployment"] == true || input["taskDefinition"].is_string();
    if !starts {
        return Ok(());
    }
    watch.meets(LAW_OF_LOOPS);
    // An alarm may ask for as many restarts as its limit allows, and a secret or an engineer for another.
    let cause = watch.calls.causes.get(invocation).map_or("", String::as_str);
    let service = input["service"].as_str().unwrap_or_default().to_owned();
    let policy = policy_of(engine, &service).unwrap_or_default();
    let known = engine.world.ecs.service(policy["cluster"].as_str().unwrap_or_default(), &service);
    // A restart names no revision: one of another release is another deployment.
    let revision = known.map(|service| service.revision().definition["taskDefinitionArn"].clone()).unwrap_or_default();
    let (how, strategy) = (&input["forceNewDeployment"], &input["capacityProviderStrategy"]);
    let what = format!("{function} {revision} {how} {strategy} {cause}");
    let name = service.clone();
    let started = watch.calls.deployments.entry(service).or_default();
    started.retain(|(at, ..)| *at + WINDOW > entry.at);
    started.push((entry.at, *invocation, what.clone()));
    // The SDK repeats a call whose answer is an error, also when it took effect.
    let same: BTreeSet<u64> = started.iter().filter(|(.., one)| *one == what).map(|(_, by, _)| *by).collect();
    let same = same.len();
    // Where no task runs, the wait between two attempts grows.
    let runs = !engine.world.ecs.serving(policy["cluster"].as_str().unwrap_or_default(), &name).digests.is_empty();
    if same > if runs { SAME_DEPLOYMENTS } else { ATTEMPTS } {
        let how = format!("{function} started the same deployment of {} {same} times in 6 hours", input["service"]);
        return Err(broken(engine, LAW_OF_LOOPS, how));
    }
    Ok(())
}

/// A move that ECS refuses is not requested again and again.
fn refused(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    let What::Call { function, input, .. } = &entry.what else { return Ok(()) };
    let strategy = &input["capacityProviderStrategy"];
    if strategy.is_null() {
        return Ok(());
    }
    watch.meets(LAW_OF_LOOPS);
    let service = input["service"].as_str().unwrap_or_default();
    let refused = watch.calls.refused.entry(format!("{service} {strategy}")).or_default();
    refused.retain(|at| *at + WINDOW > entry.at);
    refused.push(entry.at);
    let times = refused.len();
    if times > REFUSED_MOVES {
        let how = format!("{function} requested {strategy} for {service} {times} times in 6 hours, which ECS refuses");
        return Err(broken(engine, LAW_OF_LOOPS, how));
    }
    Ok(())
}
