//! The chapter on a scheduled downtime: from begin to end, with a push, a request and a Spot shortage in between.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::json;

use super::{Service, Sleep, Step, Story};
use crate::cloud::Capacity;

const CRAWLER: &str = "crawler";
const SPOT: &str = "FARGATE_SPOT";
const ON_DEMAND: &str = "FARGATE";

/// Plays it.
pub fn play(story: &mut Story) {
    story.step("Scheduled downtime begins while the crawler is working", begins);
    story.step("An image pushed during the downtime is staged", staged);
    story.step("An engineer wakes it for two hours", woken);
    story.step("Spot has no capacity", spot_shortage);
    story.step("The hold-down ends while the crawler is working", spot_again);
    story.step("The two hours end", override_ends);
    story.step("Scheduled downtime ends", ends);
    story.step("A downtime in which the clocks change", clocks_change);
}

fn begins(step: &mut Step) -> Result<()> {
    let (crawler, sleep) = crawler(step)?;
    step.tick()?;
    holds(step, "before it, it has its baseline, on Spot", &awake(&crawler, SPOT))?;
    step.cloud.protect(&crawler.cluster, CRAWLER, true)?;
    step.played("a crawl is running: its task has scale-in protection");
    step.pass_to(&sleep.from)?;
    step.fire("downtime-start")?;
    let drains = Capacity { tasks: tasks(SPOT, 1), ..asleep(SPOT) };
    holds(step, "nothing may start tasks, and the running one may finish", &drains)?;
    let scaled = step.cloud.scale(&crawler.cluster, CRAWLER, "out")?;
    step.check("scaling out does nothing now", &scaled, &(0, 0));
    step.pass(5)?;
    step.tick()?;
    let sent = step.subjects();
    step.check("no message is sent before its last task has stopped", &sent, &vec![]);
    step.played("the crawl is done: its task has no protection any more");
    step.cloud.protect(&crawler.cluster, CRAWLER, false)?;
    step.settle()?;
    step.pass(5)?;
    step.tick()?;
    holds(step, "it sleeps", &asleep(SPOT))?;
    step.announced_once("Scaled to zero: crawler");
    Ok(())
}

fn staged(step: &mut Step) -> Result<()> {
    let (crawler, _) = crawler(step)?;
    step.pass_to("23:00")?;
    let image = step.push(CRAWLER, "crawler 1.1.0", None)?;
    step.settle()?;
    step.pass(5)?;
    step.tick()?;
    holds(step, "it still sleeps", &asleep(SPOT))?;
    let live = step.cloud.tagged(&crawler.repository, "live")?;
    step.verify("`live` is not the new image yet: it has not run", live.as_ref() != Some(&image.digest), "it is");
    step.announced_once("Rollout staged: crawler");
    Ok(())
}

fn woken(step: &mut Step) -> Result<()> {
    let (crawler, _) = crawler(step)?;
    step.pass_to("23:30")?;
    let wake = json!({"action": "wake", "service": CRAWLER, "until": "2h", "by": "anna", "reason": "a customer waits"});
    step.request(&wake)?;
    step.settle()?;
    step.pass(5)?;
    step.tick()?;
    holds(step, "it has its baseline", &awake(&crawler, SPOT))?;
    let pushed = step.cloud.tagged(&crawler.repository, &crawler.tag)?;
    step.check("`live` is the staged image", &step.cloud.tagged(&crawler.repository, "live")?, &pushed);
    let sent = step.subjects();
    step.verify(
        "a message was sent: Running again: crawler",
        sent.iter().any(|sent| sent.contains("Running again: crawler")),
        &format!("{sent:?}"),
    );
    Ok(())
}

fn spot_shortage(step: &mut Step) -> Result<()> {
    let (crawler, _) = crawler(step)?;
    step.pass(5)?;
    step.played("Spot has no capacity and interrupts the task");
    step.cloud.set_spot(false)?;
    for warning in step.cloud.interrupt(&crawler.cluster, CRAWLER)? {
        step.deliver(&warning)?;
    }
    let strategy = capacity(step)?.strategy;
    step.check("after one interruption its strategy is unchanged", &strategy, &awake(&crawler, SPOT).strategy);
    step.settle()?;
    holds(step, "it runs on on-demand capacity", &awake(&crawler, ON_DEMAND))?;
    step.announced_once("Moving to on-demand: crawler");
    Ok(())
}

fn spot_again(step: &mut Step) -> Result<()> {
    let (crawler, _) = crawler(step)?;
    step.played("Spot has capacity again");
    step.cloud.set_spot(true)?;
    step.pass(30)?;
    step.tick()?;
    holds(step, "half an hour later the hold-down still applies", &awake(&crawler, ON_DEMAND))?;
    step.pass(30)?;
    step.tick()?;
    step.settle()?;
    holds(
        step,
        "a move would stop its only task first, so it waits until the crawler sleeps",
        &awake(&crawler, ON_DEMAND),
    )?;
    Ok(())
}

fn override_ends(step: &mut Step) -> Result<()> {
    step.pass_to("01:30")?;
    step.tick()?;
    holds(step, "it sleeps again", &asleep(ON_DEMAND))?;
    step.announced_once("Override ended: crawler");
    step.pass(5)?;
    step.tick()?;
    step.announced_once("Scaled to zero: crawler");
    Ok(())
}

fn ends(step: &mut Step) -> Result<()> {
    let (crawler, sleep) = crawler(step)?;
    step.pass_to(&sleep.to)?;
    step.fire("downtime-end")?;
    step.settle()?;
    step.pass(5)?;
    step.tick()?;
    holds(step, "it has its baseline again, on Spot", &awake(&crawler, SPOT))?;
    let sent = step.subjects();
    for what in ["Moving to Fargate Spot: crawler", "Running again: crawler"] {
        step.verify(
            &format!("a message was sent: {what}"),
            sent.iter().any(|sent| sent.contains(what)),
            &format!("{sent:?}"),
        );
    }
    Ok(())
}

fn clocks_change(step: &mut Step) -> Result<()> {
    let (crawler, sleep) = crawler(step)?;
    step.pass_to_clock_change()?;
    step.pass_to(&sleep.from)?;
    let evening = step.now();
    step.fire("downtime-start")?;
    step.settle()?;
    step.pass(5)?;
    step.tick()?;
    holds(step, "it sleeps", &asleep(SPOT))?;
    let morning = step.next(&sleep.to)?.timestamp();
    let hours = morning.duration_since(evening).as_hours();
    step.pass(morning.duration_since(step.now()).as_mins() - 5)?;
    step.tick()?;
    holds(step, "it sleeps to the end, by local time", &asleep(SPOT))?;
    step.pass(5)?;
    step.fire("downtime-end")?;
    step.settle()?;
    holds(step, &format!("it has its baseline when the downtime of {hours} hours ends"), &awake(&crawler, SPOT))?;
    step.verify(
        "that downtime was an hour shorter or longer",
        hours == 7 || hours == 9,
        &format!("it had {hours} hours"),
    );
    Ok(())
}

fn crawler(step: &Step) -> Result<(Service, Sleep)> {
    let service = step.service(CRAWLER)?;
    let sleep = service.sleep.clone().context("the crawler has no scheduled downtime")?;
    Ok((service, sleep))
}

fn capacity(step: &Step) -> Result<Capacity> {
    step.cloud.capacity(&step.service(CRAWLER)?.cluster, CRAWLER)
}

fn holds(step: &mut Step, what: &str, expected: &Capacity) -> Result<()> {
    step.check(what, &capacity(step)?, expected);
    Ok(())
}

fn awake(service: &Service, provider: &str) -> Capacity {
    let (min, max) = (service.baseline, service.greatest);
    let tasks = tasks(provider, usize::try_from(min).unwrap_or(usize::MAX));
    Capacity { desired: min, bounds: (min, max), suspended: Some(false), strategy: strategy(provider), tasks }
}

fn asleep(provider: &str) -> Capacity {
    let strategy = strategy(provider);
    Capacity { desired: 0, bounds: (0, 0), suspended: Some(true), strategy, tasks: BTreeMap::new() }
}

fn strategy(provider: &str) -> Vec<String> {
    vec![format!("{provider}:0:1")]
}

fn tasks(provider: &str, count: usize) -> BTreeMap<String, usize> {
    BTreeMap::from([(provider.to_owned(), count)])
}
