//! The chapter on a bad day: errors after a rollout, a busy processor, an alarm that comes and goes, and a budget that
//! runs out.
//!
//! It is played by this machine's clock: what an alarm says is judged against when a rollout was, and both are now.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Step, Story};

const WEBSITE: &str = "website-agent";
const BUDGET: &str = "huskit-monthly";
/// Longest that functions take that one function asked to look: processes of their own on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// Tells it.
pub fn tell(story: &mut Story) {
    story.step("Errors right after a rollout", errors_after_a_rollout);
    story.step("The processor is busy", busy);
    story.step("An alarm that comes and goes", flapping);
    story.step("The budget runs out", budget_runs_out);
    story.step("A figure that cannot be true", trillion);
    story.step("The first of the month", first_of_the_month);
}

fn errors_after_a_rollout(step: &mut Step) -> Result<()> {
    let service = step.service(WEBSITE)?;
    let good = step.cloud.running(&service.cluster, WEBSITE)?.digests;
    let bad = step.push(WEBSITE, "website-agent bad day", None)?;
    step.let_ecs_go_on()?;
    let running = step.cloud.running(&service.cluster, WEBSITE)?.digests;
    step.check("the new image runs", &running, &vec![bad.digest.clone(); running.len()]);
    step.messages();

    let ring = change(step, "website-agent-5xx", "OK", "ALARM", Timestamp::now());
    step.deliver_as_it_is(&ring)?;
    told(step, "website-agent-5xx rings");
    until(step, "the release before runs again", |step| {
        step.let_ecs_go_on()?;
        Ok(step.cloud.running(&service.cluster, WEBSITE)?.digests == good)
    })?;
    let quiet = change(step, "website-agent-5xx", "ALARM", "OK", Timestamp::now());
    step.deliver_as_it_is(&quiet)?;
    told(step, "website-agent-5xx is over");
    let live = step.cloud.tagged(&service.repository, "live")?;
    step.hold("`live` is the release before", live.as_ref() != Some(&bad.digest), "it is the bad one");
    Ok(())
}

fn busy(step: &mut Step) -> Result<()> {
    let service = step.service(WEBSITE)?;
    let before = step.cloud.running(&service.cluster, WEBSITE)?.desired;
    // Past the grace in which a rollout explains a busy processor.
    let ring = change(step, "website-agent-cpu", "OK", "ALARM", Timestamp::now() + SignedDuration::from_mins(20));
    step.deliver_as_it_is(&ring)?;
    until(step, "one task more is asked for", |step| {
        Ok(step.cloud.running(&service.cluster, WEBSITE)?.desired == before + 1)
    })?;
    step.let_ecs_go_on()?;
    let quiet = change(step, "website-agent-cpu", "ALARM", "OK", Timestamp::now() + SignedDuration::from_mins(30));
    step.deliver_as_it_is(&quiet)?;
    step.fire("schedule-tick")?;
    let bounds = step.cloud.capacity(&service.cluster, WEBSITE)?.bounds;
    step.check("it is let go: scaling may go down to the baseline again", &bounds.0, &service.baseline);
    step.messages();
    Ok(())
}

fn flapping(step: &mut Step) -> Result<()> {
    let now = Timestamp::now();
    let ago = |minutes: i64| now - SignedDuration::from_mins(minutes);
    for minutes in [50, 48, 46, 44] {
        let ring = change(step, "cdn-5xx", "OK", "ALARM", ago(minutes));
        step.deliver_as_it_is(&ring)?;
        let quiet = change(step, "cdn-5xx", "ALARM", "OK", ago(minutes - 1));
        step.deliver_as_it_is(&quiet)?;
    }
    let told = subjects(step);
    step.check("eight changes, and the last of them are folded into one message", &told.len(), &8);
    let summed = told.last().is_some_and(|last| last.contains("cdn-5xx"));
    step.hold("it is summed up when it is quiet again", summed, &format!("{told:?}"));
    Ok(())
}

fn budget_runs_out(step: &mut Step) -> Result<()> {
    for (spent, event) in [("412.37", "budget-80"), ("451.08", "budget-90"), ("503.20", "budget-100")] {
        spend(step, spent)?;
        hear(step, event)?;
        let told = subjects(step);
        step.check(&format!("one message about {spent} USD"), &told.len(), &1);
    }
    hear(step, "budget-90")?;
    let told = subjects(step);
    step.check("a late copy of an earlier message says nothing new", &told, &vec![]);
    let service = step.service(WEBSITE)?;
    until(step, "the crawler sleeps and the website grows no further", |step| {
        let crawler = step.cloud.capacity(&service.cluster, "crawler")?;
        let website = step.cloud.capacity(&service.cluster, WEBSITE)?;
        Ok(crawler.bounds == (0, 0) && website.bounds.1 < service.greatest)
    })?;
    let running = step.cloud.running(&service.cluster, WEBSITE)?.desired;
    step.hold("the website still answers", running >= service.baseline, &format!("{running} tasks are asked for"));
    Ok(())
}

fn trillion(step: &mut Step) -> Result<()> {
    let before = step.cloud.capacity(&step.service(WEBSITE)?.cluster, WEBSITE)?;
    spend(step, "1000183965812.54")?;
    hear(step, "budget-trillion")?;
    told(step, "is not believed");
    let after = step.cloud.capacity(&step.service(WEBSITE)?.cluster, WEBSITE)?;
    step.check("nothing is taken away for it", &after, &before);
    spend(step, "503.20")?;
    step.ask_function("BudgetFunction", &json!({"action": "reconcile"}), &json!({"action": "reconcile"}))?;
    told(step, "is believed again");
    Ok(())
}

fn first_of_the_month(step: &mut Step) -> Result<()> {
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = today.last_of_month().tomorrow()?;
    let tick = json!({"action": "reconcile", "at": format!("{first}T00:00:00Z")});
    step.ask_function("BudgetFunction", &tick, &tick)?;
    told(step, "begins anew");
    spend(step, "0.00")?;
    step.fire("schedule-tick")?;
    step.let_ecs_go_on()?;
    let service = step.service(WEBSITE)?;
    let bounds = step.cloud.capacity(&service.cluster, WEBSITE)?.bounds;
    step.check("the website may grow as before", &bounds, &(service.baseline, service.greatest));
    step.pass(5)?;
    step.fire("schedule-tick")?;
    step.messages();
    Ok(())
}

/// The state change of an alarm, as CloudWatch sends it.
fn change(step: &Step, alarm: &str, before: &str, after: &str, at: Timestamp) -> Value {
    let name = format!("huskit-prod-{alarm}");
    let arn = format!("arn:aws:cloudwatch:eu-central-1:000000000000:alarm:{name}");
    let state = |value: &str| json!({"value": value, "reason": "Threshold Crossed: 5 datapoints were greater than the threshold.", "timestamp": at.to_string()});
    let detail = json!({
        "alarmName": name, "state": state(after), "previousState": state(before),
        "configuration": {"description": "See docs/runbooks."},
    });
    let mut event = step.cloud.event("aws.cloudwatch", "CloudWatch Alarm State Change", json!([arn]), detail);
    event["time"] = at.to_string().into();
    event
}

/// What Budgets says from now on.
fn spend(step: &Step, dollars: &str) -> Result<()> {
    step.say(&format!("the account has cost {dollars} USD (played)"));
    let spent = json!({"budget": BUDGET, "actual": dollars, "limit": "500"});
    step.cloud.client.call("local", "budget", spent)?;
    Ok(())
}

/// Hands a message of Budgets to the function, as SNS does.
fn hear(step: &mut Step, name: &str) -> Result<()> {
    let file = format!("events/sns.notification.{name}.json");
    let event: Value = serde_json::from_str(&std::fs::read_to_string(crate::tools::root().join(&file))?)?;
    step.ask_function("BudgetFunction", &json!(file), &event).map(drop)
}

/// Looks until it is so; functions that ask each other answer when they get to it.
fn until(step: &mut Step, what: &str, is: impl Fn(&mut Step) -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !is(step)? {
        if start.elapsed() > PATIENCE {
            bail!("not within {PATIENCE:?}: {what}");
        }
    }
    step.read_messages()?;
    step.hold(what, true, "");
    Ok(())
}

fn subjects(step: &mut Step) -> Vec<String> {
    step.messages().into_iter().map(|message| message.subject).collect()
}

/// A message that says this was sent since the last time.
fn told(step: &mut Step, what: &str) {
    let told = subjects(step);
    step.hold(
        &format!("a message was sent: ... {what}"),
        told.iter().any(|told| told.contains(what)),
        &format!("there are {told:?}"),
    );
}
