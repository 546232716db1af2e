//! The capacity function on a local cloud: the real binary, the real templates, days that pass in seconds.
//!
//! One cloud for all scenarios, one scenario at a time; each starts at a noon, days after the one before, with a
//! crawler that runs its baseline on Spot. Time is what schedules and events say; it never goes back.

// Helpers of tests fail a test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod conflicts;
mod crash;
mod downtime;
mod requests;
mod resets;
mod spot;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock};

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde_json::{Value, json};
use xtask::cloud::{Capacity, Cloud, Image, Message, Schedule};

const CLUSTER: &str = "huskit-prod";
const CRAWLER: &str = "crawler";
const REPOSITORY: &str = "huskit/crawler";
const ZONE: &str = "Europe/Berlin";
const SPOT: &str = "FARGATE_SPOT";
const ON_DEMAND: &str = "FARGATE";

/// The cloud, held by one scenario at a time.
struct Scenario {
    cloud: &'static Cloud,
    queue: &'static str,
    schedules: Vec<Schedule>,
    now: Timestamp,
    next: u32,
}

fn scenario() -> MutexGuard<'static, Scenario> {
    static SCENARIO: OnceLock<Mutex<Scenario>> = OnceLock::new();
    let scenario = SCENARIO.get_or_init(|| {
        let (cloud, queue) = Cloud::shared().expect("a local cloud");
        let mut scenario =
            Scenario { cloud, queue, schedules: cloud.schedules().unwrap(), now: Timestamp::now(), next: 0 };
        scenario.pass_to("12:00");
        scenario.push(None);
        scenario.settle();
        Mutex::new(scenario)
    });
    // A scenario that failed leaves the cloud as it is; the next one brings it to rest.
    let mut scenario = scenario.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    scenario.come_to_rest();
    scenario
}

impl Scenario {
    /// No faults, no shortage, no override; a noon days later, when all of that has expired.
    fn come_to_rest(&mut self) {
        self.faults(json!([]));
        self.cloud.set_spot(true).unwrap();
        self.cloud.protect(CLUSTER, CRAWLER, false).unwrap();
        // With less than 100 percent a return to Spot waits for the end of scheduled downtime.
        self.keep_healthy(100);
        self.now += SignedDuration::from_hours(72);
        self.pass_to("12:00");
        self.send(&json!({"action": "resume", "service": CRAWLER, "by": "the next scenario"})).ok();
        for _ in 0..4 {
            self.settle();
            self.pass(5);
            self.cloud.scale(CLUSTER, CRAWLER, "in").unwrap();
            if self.tick()["decision"] == "keep" && self.capacity() == at_baseline(SPOT) {
                break;
            }
        }
        assert_eq!(self.capacity(), at_baseline(SPOT), "the scenario before left a crawler that does not come to rest");
        self.messages();
        self.calls();
    }

    /// Time passes until the next such time of day in the crawler's zone.
    fn pass_to(&mut self, time: &str) {
        let (now, time) = (self.local(), time.parse::<Time>().unwrap());
        let today = now.date().to_datetime(time).to_zoned(now.time_zone().clone()).unwrap();
        let next = if today > now { today } else { today.checked_add(1.day()).unwrap() };
        self.now = next.timestamp();
    }

    fn pass(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }

    fn local(&self) -> Zoned {
        self.now.to_zoned(TimeZone::get(ZONE).unwrap())
    }

    /// The tick of the capacity function, as it is deployed; what it answered about the crawler.
    fn tick(&self) -> Value {
        self.fire("capacity-tick")
    }

    fn fire(&self, name: &str) -> Value {
        let schedule = self.schedules.iter().find(|schedule| schedule.name.ends_with(name)).expect(name);
        line(&self.cloud.fire(schedule, self.now).unwrap().answer)
    }

    /// Sends an engineer's request, at the story's time.
    fn send(&self, request: &Value) -> Result<Value, Value> {
        let mut request = request.clone();
        request["at"] = self.now.to_string().into();
        self.cloud.request(&request).unwrap().answer
    }

    /// Requests an override by anna for so long.
    fn request_override(&self, action: &str, until: &str) {
        let request = json!({"action": action, "service": CRAWLER, "until": until, "by": "anna"});
        self.send(&request).unwrap();
    }

    /// Delivers an event now, to every function that a rule gives it to.
    fn deliver(&self, event: &Value) -> Vec<Result<Value, Value>> {
        let mut event = event.clone();
        event["time"] = self.now.to_string().into();
        self.cloud.deliver(&event).unwrap().into_iter().map(|delivery| delivery.answer).collect()
    }

    /// Plays ECS until nothing changes any more; its events are delivered.
    fn settle(&self) {
        let deliver = |event| {
            self.deliver(&event);
            Ok(())
        };
        self.cloud.settle_with(deliver).unwrap();
    }

    fn push(&mut self, outcome: Option<&str>) -> Image {
        self.next += 1;
        let name = format!("scenario image {}", self.next);
        let image = self.cloud.push(REPOSITORY, "latest", &name, outcome).unwrap();
        self.deliver(&self.cloud.push_event(&image));
        image
    }

    fn capacity(&self) -> Capacity {
        self.cloud.capacity(CLUSTER, CRAWLER).unwrap()
    }

    /// A manual change, past the functions.
    fn change_manually(&self, update: &Value) {
        let mut call = json!({"cluster": CLUSTER, "service": CRAWLER});
        for (name, value) in update.as_object().unwrap() {
            call[name] = value.clone();
        }
        self.cloud.client.call("ecs", "update_service", call).unwrap();
    }

    /// Sets the minimum healthy percent of its deployments.
    fn keep_healthy(&self, percent: u32) {
        let breaker = json!({"enable": true, "rollback": true});
        let configuration =
            json!({"minimumHealthyPercent": percent, "maximumPercent": 200, "deploymentCircuitBreaker": breaker});
        self.change_manually(&json!({"deploymentConfiguration": configuration}));
    }

    fn messages(&self) -> Vec<Message> {
        self.cloud.messages(self.queue).unwrap()
    }

    fn subjects(&self) -> Vec<String> {
        self.messages().into_iter().map(|message| message.subject).collect()
    }

    /// What the functions called since the last time.
    fn calls(&self) -> Vec<String> {
        self.cloud.calls().unwrap()
    }

    fn faults(&self, faults: Value) {
        self.cloud.set_faults(&faults).unwrap();
    }
}

/// The crawler's line of a report, the last one of several; an invocation that failed is a line, too.
fn line(answer: &Result<Value, Value>) -> Value {
    let about = |line: &&Value| line["service"].as_str().is_some_and(|name| name.ends_with(CRAWLER));
    match answer {
        Ok(report) => report["decisions"].as_array().unwrap().iter().rfind(about).cloned().unwrap_or_default(),
        Err(error) => json!({ "reason": "failed", "error": error }),
    }
}

/// Calls that set something in ECS or its scaling.
fn writes(calls: &[String]) -> Vec<&str> {
    let writes = ["UpdateService", "RegisterScalableTarget"];
    calls.iter().map(String::as_str).filter(|call| writes.contains(call)).collect()
}

fn at_baseline(provider: &str) -> Capacity {
    running(provider, 1)
}

fn running(provider: &str, count: u32) -> Capacity {
    Capacity {
        desired: count.into(),
        bounds: (1, 3),
        suspended: Some(false),
        strategy: vec![format!("{provider}:0:1")],
        tasks: BTreeMap::from([(provider.to_owned(), count as usize)]),
    }
}

fn scaled_to_zero() -> Capacity {
    let strategy = vec![format!("{SPOT}:0:1")];
    Capacity { desired: 0, bounds: (0, 0), suspended: Some(true), strategy, tasks: BTreeMap::new() }
}

/// One message was sent, with this in its subject.
fn announced_once(sent: &[String], what: &str) {
    assert!(sent.len() == 1 && sent[0].contains(what), "expected one message with `{what}`: {sent:?}");
}
