//! The chapter on a bad day: errors after a rollout, high CPU, a flapping alarm, and a budget that runs out.
//!
//! What one function asks of another is done by processes of their own: the story looks until it is.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{Step, Story};

const WEBSITE: &str = "website-agent";
const BUDGET: &str = "huskit-monthly";
/// Longest that functions take that one function asked to look: processes of their own on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// An alarm of the templates, and what it measured.
struct Alarm {
    name: &'static str,
    region: &'static str,
    namespace: &'static str,
    metric: &'static str,
    stat: &'static str,
    figure: f64,
    threshold: f64,
}

const ERRORS: Alarm = Alarm {
    name: "website-agent-5xx",
    region: "eu-central-1",
    namespace: "AWS/ApplicationELB",
    metric: "HTTPCode_Target_5XX_Count",
    stat: "Sum",
    figure: 23.0,
    threshold: 10.0,
};

const CPU: Alarm = Alarm {
    name: "website-agent-cpu",
    region: "eu-central-1",
    namespace: "AWS/ECS",
    metric: "CPUUtilization",
    stat: "Average",
    figure: 91.4,
    threshold: 80.0,
};

/// CloudFront's metrics live in us-east-1; a rule there forwards the alarm.
const EDGE: Alarm = Alarm {
    name: "cdn-5xx",
    region: "us-east-1",
    namespace: "AWS/CloudFront",
    metric: "5xxErrorRate",
    stat: "Average",
    figure: 6.2,
    threshold: 5.0,
};

/// Tells it.
pub fn tell(story: &mut Story) {
    story.step("Errors right after a rollout", errors_after_a_rollout);
    story.step("High CPU", high_cpu);
    story.step("A flapping alarm", flapping);
    story.step("The budget runs out", budget_runs_out);
    story.step("A figure that cannot be true", trillion);
    story.step("The digest of the day", digest);
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

    step.pass(6)?;
    enter_alarm(step, &ERRORS)?;
    let messages = step.messages();
    let alarm = messages.iter().find(|message| message.subject.starts_with("ALARM website-agent-5xx"));
    let alarm = alarm.map_or("", |message| message.body.as_str());
    step.hold("a message was sent: ALARM website-agent-5xx", !alarm.is_empty(), "there is none");
    step.hold("it lists the rollout before it", alarm.contains("a newer image was pushed"), alarm);
    step.hold("it says which remedy is requested", alarm.contains("requested: a rollback from"), alarm);
    until(step, "the previous release is running again", |step| {
        step.let_ecs_go_on()?;
        Ok(step.cloud.running(&service.cluster, WEBSITE)?.digests == good)
    })?;
    step.pass(4)?;
    recover(step, &ERRORS)?;
    step.told("OK website-agent-5xx");
    let live = step.cloud.tagged(&service.repository, "live")?;
    step.hold("`live` is the previous release", live.as_ref() != Some(&bad.digest), "it is the bad one");
    Ok(())
}

fn high_cpu(step: &mut Step) -> Result<()> {
    let service = step.service(WEBSITE)?;
    let before = step.cloud.running(&service.cluster, WEBSITE)?.desired;
    // Past the grace period in which a rollout explains high CPU.
    step.pass(20)?;
    enter_alarm(step, &CPU)?;
    until(step, "the desired count is one higher", |step| {
        Ok(step.cloud.running(&service.cluster, WEBSITE)?.desired == before + 1)
    })?;
    step.let_ecs_go_on()?;
    step.pass(10)?;
    recover(step, &CPU)?;
    step.pass(25)?;
    step.fire("capacity-tick")?;
    let bounds = step.cloud.capacity(&service.cluster, WEBSITE)?.bounds;
    step.check("the boost has expired: the lower bound is the baseline again", &bounds.0, &service.baseline);
    step.messages();
    Ok(())
}

fn flapping(step: &mut Step) -> Result<()> {
    for _ in 0..4 {
        step.pass(1)?;
        enter_alarm(step, &EDGE)?;
        step.pass(1)?;
        recover(step, &EDGE)?;
    }
    let told = step.subjects();
    let muted = told.last().is_some_and(|last| last.contains("FLAPPING cdn-5xx"));
    step.hold("the last message says that it is flapping", muted, &format!("{told:?}"));
    step.pass(5)?;
    enter_alarm(step, &EDGE)?;
    step.pass(1)?;
    recover(step, &EDGE)?;
    let told = step.subjects();
    step.check("the next ALARM state is not announced", &told, &vec![]);
    step.pass(31)?;
    step.fire("alarm-tick")?;
    step.told_once("OK cdn-5xx after flapping");
    Ok(())
}

fn budget_runs_out(step: &mut Step) -> Result<()> {
    for (spent, event) in [("412.37", "budget-80"), ("451.08", "budget-90"), ("503.20", "budget-100")] {
        spend(step, spent)?;
        hear(step, event)?;
        let told = step.subjects();
        step.check(&format!("one message about {spent} USD"), &told.len(), &1);
    }
    hear(step, "budget-90")?;
    let told = step.subjects();
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
    step.told("is not believed");
    let after = step.cloud.capacity(&step.service(WEBSITE)?.cluster, WEBSITE)?;
    step.check("nothing is taken away for it", &after, &before);
    spend(step, "503.20")?;
    tick(step)?;
    step.told("is believed again");
    Ok(())
}

fn digest(step: &mut Step) -> Result<()> {
    step.fire("digest")?;
    let told = step.messages();
    let told = told.first().filter(|message| message.subject.contains("digest")).map_or("", |told| &told.body);
    for (what, expected) in [
        ("it tells what happened", "cdn-5xx: entered ALARM 4 times"),
        ("what is in quarantine", "in quarantine"),
        ("how the budget stands", "huskit-monthly: 503.20 USD of 500.00 USD (100 %)"),
        ("and what it takes", "held by the budget"),
    ] {
        step.hold(what, told.contains(expected), told);
    }
    step.pass(5)?;
    step.fire("digest")?;
    let told = step.subjects();
    step.check("when nothing is new, nothing is told", &told, &vec![]);
    Ok(())
}

fn first_of_the_month(step: &mut Step) -> Result<()> {
    step.pass_to_next_month()?;
    tick(step)?;
    step.told("begins anew");
    spend(step, "0.00")?;
    step.fire("capacity-tick")?;
    let service = step.service(WEBSITE)?;
    let bounds = step.cloud.capacity(&service.cluster, WEBSITE)?.bounds;
    step.check("the website may grow as before", &bounds, &(service.baseline, service.greatest));
    let crawler = step.service("crawler")?;
    let bounds = step.cloud.capacity(&crawler.cluster, "crawler")?.bounds;
    step.check("the crawler sleeps on: it is night", &bounds, &(0, 0));
    step.pass_to("12:00")?;
    step.fire("capacity-tick")?;
    step.let_ecs_go_on()?;
    let bounds = step.cloud.capacity(&crawler.cluster, "crawler")?.bounds;
    step.check("by day it runs again", &bounds, &(crawler.baseline, crawler.greatest));
    step.pass(5)?;
    step.fire("capacity-tick")?;
    step.messages();
    Ok(())
}

fn enter_alarm(step: &mut Step, alarm: &Alarm) -> Result<()> {
    let Alarm { figure, threshold, .. } = alarm;
    let reason =
        format!("Threshold Crossed: 1 datapoint [{figure:.1}] was greater than the threshold ({threshold:.1}).");
    change(step, alarm, "OK", "ALARM", &reason)
}

fn recover(step: &mut Step, alarm: &Alarm) -> Result<()> {
    let threshold = alarm.threshold;
    let reason = format!("Threshold Crossed: 1 datapoint [0.0] was not greater than the threshold ({threshold:.1}).");
    change(step, alarm, "ALARM", "OK", &reason)
}

/// Delivers the state change of an alarm, as CloudWatch sends it.
fn change(step: &mut Step, alarm: &Alarm, before: &str, after: &str, reason: &str) -> Result<()> {
    let (name, at) = (format!("huskit-prod-{}", alarm.name), step.now().to_string());
    let arn = format!("arn:aws:cloudwatch:{}:000000000000:alarm:{name}", alarm.region);
    let deployed = step.cloud.client.call("cloudwatch", "describe_alarms", json!({"AlarmNames": [name]}))?;
    let description = deployed["MetricAlarms"][0]["AlarmDescription"].as_str().unwrap_or_default();
    let metric = json!({
        "id": "m1", "returnData": true,
        "metricStat": {"metric": {"namespace": alarm.namespace, "name": alarm.metric}, "period": 60, "stat": alarm.stat},
    });
    let detail = json!({
        "alarmName": name,
        "state": {"value": after, "reason": reason, "timestamp": at},
        "previousState": {"value": before},
        "configuration": {"metrics": [metric], "description": description},
    });
    let mut event = step.cloud.event("aws.cloudwatch", "CloudWatch Alarm State Change", json!([arn]), detail);
    event["region"] = alarm.region.into();
    step.deliver(&event).map(drop)
}

/// What Budgets says from now on.
fn spend(step: &Step, dollars: &str) -> Result<()> {
    step.say(&format!("the account has cost {dollars} USD (played)"));
    let spent = json!({"budget": BUDGET, "actual": dollars, "limit": "500"});
    step.cloud.client.call("local", "budget", spent)?;
    Ok(())
}

/// The budget function looks, as it does every hour.
fn tick(step: &mut Step) -> Result<()> {
    let tick = json!({"action": "reconcile", "at": step.now().to_string()});
    step.ask_function("BudgetFunction", &tick, &tick).map(drop)
}

/// Hands a message of Budgets to the function, as SNS does.
fn hear(step: &mut Step, name: &str) -> Result<()> {
    let file = format!("events/sns.notification.{name}.json");
    let mut event: Value = serde_json::from_str(&std::fs::read_to_string(crate::tools::root().join(&file))?)?;
    for record in event["Records"].as_array_mut().into_iter().flatten() {
        record["Sns"]["Timestamp"] = step.now().to_string().into();
    }
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
