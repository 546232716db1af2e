//! The chapter on incidents: errors after a rollout, high CPU, a flapping alarm, and a budget that is spent.
//!
//! What one function requests of another runs in processes of their own: the story polls until it is done.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{Step, Story};

const WEBSITE: &str = "website-agent";
const BUDGET: &str = "huskit-monthly";
/// Longest wait for a function that another one invoked: a process of its own on a busy machine.
const LONGEST_WAIT: Duration = Duration::from_secs(90);

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

/// Plays it.
pub fn play(story: &mut Story) {
    story.step("Errors right after a rollout", errors_after_a_rollout);
    story.step("High CPU", high_cpu);
    story.step("An alarm flaps", flapping);
    story.step("The budget is spent", budget_is_spent);
    story.step("A doubted figure", doubted_figure);
    story.step("The daily digest", digest);
    story.step("A new budget period", new_period);
}

fn errors_after_a_rollout(step: &mut Step) -> Result<()> {
    let service = step.service(WEBSITE)?;
    let good = step.cloud.running(&service.cluster, WEBSITE)?.digests;
    let bad = step.push(WEBSITE, "website-agent 1.4.0, returns errors", None)?;
    step.settle()?;
    let running = step.cloud.running(&service.cluster, WEBSITE)?.digests;
    step.check("its tasks run the new image", &running, &vec![bad.digest.clone(); running.len()]);
    step.messages();

    step.pass(6)?;
    enters_alarm(step, &ERRORS)?;
    let sent = step.messages();
    let alarm = sent.iter().find(|message| message.subject.contains("ALARM website-agent-5xx"));
    let alarm = alarm.map_or("", |message| message.body.as_str());
    step.verify("a message was sent: ALARM website-agent-5xx", !alarm.is_empty(), "none was sent");
    step.verify("it lists the rollout before it", alarm.contains("a newer image was pushed"), alarm);
    step.verify("it says which remedy is requested", alarm.contains("requested: a rollback from"), alarm);
    until(step, "its tasks run the previous release again", |step| {
        step.settle()?;
        Ok(step.cloud.running(&service.cluster, WEBSITE)?.digests == good)
    })?;
    step.pass(4)?;
    recovers(step, &ERRORS)?;
    step.announced("OK website-agent-5xx");
    let live = step.cloud.tagged(&service.repository, "live")?;
    step.verify("`live` is the previous release", live.as_ref() != Some(&bad.digest), "it is the failed one");
    Ok(())
}

fn high_cpu(step: &mut Step) -> Result<()> {
    let service = step.service(WEBSITE)?;
    let before = step.cloud.running(&service.cluster, WEBSITE)?.desired;
    // Past the grace period in which a rollout explains high CPU.
    step.pass(20)?;
    enters_alarm(step, &CPU)?;
    until(step, "the desired count is one higher", |step| {
        Ok(step.cloud.running(&service.cluster, WEBSITE)?.desired == before + 1)
    })?;
    step.settle()?;
    step.pass(10)?;
    recovers(step, &CPU)?;
    step.pass(25)?;
    step.fire("capacity-tick")?;
    let bounds = step.cloud.capacity(&service.cluster, WEBSITE)?.bounds;
    step.check("the boost has ended: scaling may go down to the baseline again", &bounds.0, &service.baseline);
    step.messages();
    Ok(())
}

fn flapping(step: &mut Step) -> Result<()> {
    for _ in 0..4 {
        step.pass(1)?;
        enters_alarm(step, &EDGE)?;
        step.pass(1)?;
        recovers(step, &EDGE)?;
    }
    let sent = step.subjects();
    let flapping = sent.last().is_some_and(|last| last.contains("FLAPPING cdn-5xx"));
    step.verify("the last message says that it is flapping", flapping, &format!("{sent:?}"));
    step.pass(5)?;
    enters_alarm(step, &EDGE)?;
    step.pass(1)?;
    recovers(step, &EDGE)?;
    let sent = step.subjects();
    step.check("the next ALARM sends no message", &sent, &vec![]);
    step.pass(31)?;
    step.fire("alarm-tick")?;
    step.announced_once("OK cdn-5xx after flapping");
    Ok(())
}

fn budget_is_spent(step: &mut Step) -> Result<()> {
    for (spent, event) in [("412.37", "budget-80"), ("451.08", "budget-90"), ("503.20", "budget-100")] {
        spend(step, spent)?;
        publish(step, event)?;
        let sent = step.subjects();
        step.check(&format!("one message about {spent} USD"), &sent.len(), &1);
    }
    publish(step, "budget-90")?;
    let sent = step.subjects();
    step.check("a late copy of an earlier message sends nothing", &sent, &vec![]);
    let service = step.service(WEBSITE)?;
    until(step, "the crawler is scaled to zero and the website may run fewer tasks", |step| {
        let crawler = step.cloud.capacity(&service.cluster, "crawler")?;
        let website = step.cloud.capacity(&service.cluster, WEBSITE)?;
        Ok(crawler.bounds == (0, 0) && website.bounds.1 < service.greatest)
    })?;
    let running = step.cloud.running(&service.cluster, WEBSITE)?.desired;
    step.verify(
        "the website keeps its baseline",
        running >= service.baseline,
        &format!("its desired count is {running}"),
    );
    Ok(())
}

fn doubted_figure(step: &mut Step) -> Result<()> {
    let before = step.cloud.capacity(&step.service(WEBSITE)?.cluster, WEBSITE)?;
    spend(step, "1000183965812.54")?;
    publish(step, "budget-trillion")?;
    step.announced("Budget figure doubted");
    let after = step.cloud.capacity(&step.service(WEBSITE)?.cluster, WEBSITE)?;
    step.check("it restricts nothing", &after, &before);
    spend(step, "503.20")?;
    tick(step)?;
    step.announced("Budget figure accepted");
    Ok(())
}

fn digest(step: &mut Step) -> Result<()> {
    step.fire("digest")?;
    let sent = step.messages();
    let sent = sent.first().filter(|message| message.subject.contains("Digest")).map_or("", |message| &message.body);
    for (what, expected) in [
        ("it has the alarms", "cdn-5xx: entered ALARM 4 times"),
        ("quarantined images", "quarantined since"),
        ("the spend", "503.20 USD of 500.00 USD (100 %)"),
        ("and the restrictions of the budget", "budget restriction until"),
    ] {
        step.verify(what, sent.contains(expected), sent);
    }
    step.pass(5)?;
    step.fire("digest")?;
    let sent = step.subjects();
    step.check("nothing has changed, so no digest is sent", &sent, &vec![]);
    Ok(())
}

fn new_period(step: &mut Step) -> Result<()> {
    step.pass_to_next_month()?;
    tick(step)?;
    step.announced("Budget period ended");
    spend(step, "0.00")?;
    step.fire("capacity-tick")?;
    let service = step.service(WEBSITE)?;
    let bounds = step.cloud.capacity(&service.cluster, WEBSITE)?.bounds;
    step.check("the website may scale to its maximum again", &bounds, &(service.baseline, service.greatest));
    let crawler = step.service("crawler")?;
    let bounds = step.cloud.capacity(&crawler.cluster, "crawler")?.bounds;
    step.check("the crawler stays in its scheduled downtime", &bounds, &(0, 0));
    step.pass_to("12:00")?;
    step.fire("capacity-tick")?;
    step.settle()?;
    let bounds = step.cloud.capacity(&crawler.cluster, "crawler")?.bounds;
    step.check("after its downtime it has its baseline", &bounds, &(crawler.baseline, crawler.greatest));
    step.pass(5)?;
    step.fire("capacity-tick")?;
    step.messages();
    Ok(())
}

fn enters_alarm(step: &mut Step, alarm: &Alarm) -> Result<()> {
    let Alarm { figure, threshold, .. } = alarm;
    let reason =
        format!("Threshold Crossed: 1 datapoint [{figure:.1}] was greater than the threshold ({threshold:.1}).");
    change(step, alarm, "OK", "ALARM", &reason)
}

fn recovers(step: &mut Step, alarm: &Alarm) -> Result<()> {
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
    step.cloud.set_alarm(alarm.region, &name, after, reason)?;
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

/// The spend that AWS Budgets reports from now on.
fn spend(step: &mut Step, dollars: &str) -> Result<()> {
    step.played(&format!("{dollars} USD are spent"));
    let spent = json!({"budget": BUDGET, "actual": dollars, "limit": "500"});
    step.cloud.client.call("local", "budget", spent)?;
    Ok(())
}

/// The hourly tick of the budget function.
fn tick(step: &mut Step) -> Result<()> {
    let tick = json!({"action": "reconcile", "at": step.now().to_string()});
    step.invoke("BudgetFunction", &tick, &tick).map(drop)
}

/// Invokes the function with a message of AWS Budgets, as SNS does.
fn publish(step: &mut Step, name: &str) -> Result<()> {
    let file = format!("events/sns.notification.{name}.json");
    let mut event: Value = serde_json::from_str(&std::fs::read_to_string(crate::tools::root().join(&file))?)?;
    for record in event["Records"].as_array_mut().into_iter().flatten() {
        record["Sns"]["Timestamp"] = step.now().to_string().into();
    }
    step.invoke("BudgetFunction", &json!(format!("AWS Budgets sends {name}")), &event).map(drop)
}

/// Polls until it is so: functions that invoke each other do so asynchronously.
fn until(step: &mut Step, what: &str, is: impl Fn(&mut Step) -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !is(step)? {
        if start.elapsed() > LONGEST_WAIT {
            bail!("not within {LONGEST_WAIT:?}: {what}");
        }
    }
    step.read_messages()?;
    step.verify(what, true, "");
    Ok(())
}
