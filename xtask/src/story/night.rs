//! The chapter on a night: from evening to morning, with an image, a person and a shortage of Spot in between.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::json;

use super::{Night, Service, Step, Story};
use crate::cloud::Capacity;

const CRAWLER: &str = "crawler";
const SPOT: &str = "FARGATE_SPOT";
const ON_DEMAND: &str = "FARGATE";

/// Tells it.
pub fn tell(story: &mut Story) {
    story.step("Evening falls while the crawler works", evening);
    story.step("An image pushed at night is staged", staged);
    story.step("Somebody wakes it for two hours", woken);
    story.step("Spot runs dry", spot_runs_dry);
    story.step("Spot is tried again after the hold-down", spot_again);
    story.step("The two hours are over", two_hours_over);
    story.step("Morning comes", morning);
    story.step("A night in which the clocks change", clocks_change);
}

fn evening(step: &mut Step) -> Result<()> {
    let (crawler, night) = crawler(step)?;
    step.tick()?;
    holds(step, "by day it has its baseline, on Spot", &awake(&crawler, SPOT))?;
    step.cloud.protect(&crawler.cluster, CRAWLER, true)?;
    step.say("a crawl is on its way (played): its task protects itself from being stopped");
    step.pass_to(&night.from)?;
    step.fire("night-start")?;
    let drains = Capacity { tasks: tasks(SPOT, 1), ..asleep(SPOT) };
    holds(step, "nothing may start it any more, and its task may finish", &drains)?;
    let scaled = step.cloud.scale(&crawler.cluster, CRAWLER, "out")?;
    step.check("scaling that is asked for more tasks now does nothing", &scaled, &(0, 0));
    step.pass(5)?;
    step.tick()?;
    let told = step.subjects();
    step.check("nobody is told before it sleeps", &told, &vec![]);
    step.say("the crawl is done (played): its task no longer protects itself");
    step.cloud.protect(&crawler.cluster, CRAWLER, false)?;
    step.let_ecs_go_on()?;
    step.pass(5)?;
    step.tick()?;
    holds(step, "it sleeps", &asleep(SPOT))?;
    step.told_once("Scaled to zero: crawler");
    Ok(())
}

fn staged(step: &mut Step) -> Result<()> {
    let (crawler, _) = crawler(step)?;
    step.pass_to("23:00")?;
    let image = step.push(CRAWLER, "crawler 1.1", None)?;
    step.let_ecs_go_on()?;
    step.pass(5)?;
    step.tick()?;
    holds(step, "it still sleeps", &asleep(SPOT))?;
    let live = step.cloud.tagged(&crawler.repository, "live")?;
    step.hold("`live` is not the new image yet: it has not run", live.as_ref() != Some(&image.digest), "it is");
    step.told_once("is staged");
    Ok(())
}

fn woken(step: &mut Step) -> Result<()> {
    let (crawler, _) = crawler(step)?;
    step.pass_to("23:30")?;
    let wake = json!({"action": "wake", "service": CRAWLER, "until": "2h", "by": "anna", "reason": "a customer waits"});
    step.ask_schedule(&wake)?;
    step.let_ecs_go_on()?;
    step.pass(5)?;
    step.tick()?;
    holds(step, "it runs", &awake(&crawler, SPOT))?;
    let pushed = step.cloud.tagged(&crawler.repository, &crawler.tag)?;
    step.check("`live` is the image of the night", &step.cloud.tagged(&crawler.repository, "live")?, &pushed);
    let told = step.subjects();
    step.hold(
        "its waking was told",
        told.iter().any(|told| told.contains("Running again: crawler")),
        &format!("{told:?}"),
    );
    Ok(())
}

fn spot_runs_dry(step: &mut Step) -> Result<()> {
    let (crawler, _) = crawler(step)?;
    step.pass(5)?;
    step.say("Spot runs dry and takes the task back (played)");
    step.cloud.set_spot(false)?;
    for warning in step.cloud.interrupt(&crawler.cluster, CRAWLER)? {
        step.deliver(&warning)?;
    }
    let strategy = capacity(step)?.strategy;
    step.check("one interruption moves nothing", &strategy, &awake(&crawler, SPOT).strategy);
    step.let_ecs_go_on()?;
    holds(step, "it runs on demand", &awake(&crawler, ON_DEMAND))?;
    step.told_once("Moving to on-demand: crawler");
    Ok(())
}

fn spot_again(step: &mut Step) -> Result<()> {
    let (crawler, _) = crawler(step)?;
    step.say("Spot has capacity again (played)");
    step.cloud.set_spot(true)?;
    step.pass(30)?;
    step.tick()?;
    holds(step, "half an hour later it is left where it is", &awake(&crawler, ON_DEMAND))?;
    step.pass(30)?;
    step.tick()?;
    step.let_ecs_go_on()?;
    holds(step, "an hour later it is back on Spot", &awake(&crawler, SPOT))?;
    step.told_once("Moving to Fargate Spot: crawler");
    Ok(())
}

fn two_hours_over(step: &mut Step) -> Result<()> {
    step.pass_to("01:30")?;
    step.tick()?;
    holds(step, "it is put to sleep again", &asleep(SPOT))?;
    step.told_once("Override ended: crawler");
    step.pass(5)?;
    step.tick()?;
    step.told_once("Scaled to zero: crawler");
    Ok(())
}

fn morning(step: &mut Step) -> Result<()> {
    let (crawler, night) = crawler(step)?;
    step.pass_to(&night.to)?;
    step.fire("night-end")?;
    step.let_ecs_go_on()?;
    step.pass(5)?;
    step.tick()?;
    holds(step, "it has its baseline again, on Spot", &awake(&crawler, SPOT))?;
    step.told_once("Running again: crawler");
    Ok(())
}

fn clocks_change(step: &mut Step) -> Result<()> {
    let (crawler, night) = crawler(step)?;
    step.pass_to_clock_change()?;
    step.pass_to(&night.from)?;
    let evening = step.now();
    step.fire("night-start")?;
    step.let_ecs_go_on()?;
    step.pass(5)?;
    step.tick()?;
    holds(step, "it sleeps", &asleep(SPOT))?;
    let morning = step.next(&night.to)?.timestamp();
    let hours = morning.duration_since(evening).as_hours();
    step.pass(morning.duration_since(step.now()).as_mins() - 5)?;
    step.tick()?;
    holds(step, "it sleeps to the end, by the clock on the wall", &asleep(SPOT))?;
    step.pass(5)?;
    step.fire("night-end")?;
    step.let_ecs_go_on()?;
    holds(step, &format!("it is awake when the night of {hours} hours ends"), &awake(&crawler, SPOT))?;
    step.hold("that night was an hour shorter or longer", hours == 7 || hours == 9, &format!("it had {hours} hours"));
    Ok(())
}

fn crawler(step: &Step) -> Result<(Service, Night)> {
    let service = step.service(CRAWLER)?;
    let night = service.night.clone().context("the crawler never sleeps")?;
    Ok((service, night))
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
