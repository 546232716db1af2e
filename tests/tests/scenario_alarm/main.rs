//! The alarm function on a local cloud: alarms that are set there, the real functions behind each other.
//!
//! One cloud for all scenarios, one scenario at a time; each starts from services that run and alarms in OK.

// Helpers of tests fail a test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod announcements;
mod remedies;

use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use xtask::cloud::{Cloud, Image, Message};

const CLUSTER: &str = "huskit-prod";
const WEBSITE: &str = "website-agent";
const REPOSITORY: &str = "huskit/website-agent";
const CDN: &str = "huskit-prod-cdn-5xx";
/// Longest that anything asynchronous takes.
const LONGEST_WAIT: Duration = Duration::from_secs(90);

/// The cloud, held by one scenario at a time.
struct Scenario {
    cloud: &'static Cloud,
    queue: &'static str,
    next: u32,
}

fn scenario() -> MutexGuard<'static, Scenario> {
    static SCENARIO: OnceLock<Mutex<Scenario>> = OnceLock::new();
    let scenario = SCENARIO.get_or_init(|| {
        let (cloud, queue) = Cloud::shared().expect("a local cloud");
        Mutex::new(Scenario { cloud, queue, next: 0 })
    });
    // A scenario that failed leaves the cloud as it is; the next one brings it to rest.
    let mut scenario = scenario.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    scenario.come_to_rest();
    scenario
}

impl Scenario {
    /// No alarm is recorded, no rollout is in progress, website-agent runs a new image.
    fn come_to_rest(&mut self) {
        for name in self.alarms() {
            self.cloud.delete_ledger_item(&format!("alarm/{name}"), "alarm").unwrap();
            self.set(name.trim_start_matches("us-east-1/"), "OK");
        }
        self.settle();
        self.roll();
        self.messages();
    }

    /// Keys of the alarms that the document names.
    fn alarms(&self) -> Vec<String> {
        let configuration = self.cloud.configuration().unwrap();
        let alarms = configuration["alarms"]["alarms"].as_array().unwrap();
        let region = |alarm: &Value| alarm["region"].as_str().map(|region| format!("{region}/")).unwrap_or_default();
        alarms.iter().map(|alarm| region(alarm) + alarm["name"].as_str().unwrap()).collect()
    }

    /// CloudWatch has evaluated the alarm: this is its state.
    fn set(&self, name: &str, value: &str) {
        self.cloud.set_alarm(region(name), name, value, "evaluated").unwrap();
    }

    /// Rolls a new image, and waits for it.
    fn roll(&mut self) -> Image {
        self.next += 1;
        let name = format!("alarm scenario image {}", self.next);
        let image = self.cloud.push(REPOSITORY, "latest", &name, None).unwrap();
        self.deliver(&self.cloud.push_event(&image));
        self.settle();
        assert!(self.runs(&image), "a push is rolled out");
        image
    }

    fn deliver(&self, event: &Value) -> Vec<Value> {
        let deliveries = self.cloud.deliver(event).unwrap();
        deliveries.into_iter().map(|delivery| delivery.answer.expect("an answer")).collect()
    }

    fn tick(&self) -> Value {
        let tick = json!({"action": "reconcile"});
        self.cloud.invoke_function("AlarmFunction", &tick).unwrap().answer.expect("an answer")
    }

    /// The state change of an alarm as CloudWatch sends it, so many seconds after the epoch of this scenario.
    fn change(&self, name: &str, value: &str, previous: &str, at: &str) -> Value {
        let region = region(name);
        let arn = format!("arn:aws:cloudwatch:{region}:000000000000:alarm:{name}");
        let state = |value: &str, reason: &str| json!({"value": value, "reason": reason, "timestamp": at});
        let reason =
            "Threshold Crossed: 5 datapoints [23.0 (21/11/26 10:19:00)] were greater than the threshold (10.0).";
        let detail = json!({
            "alarmName": name, "state": state(value, reason), "previousState": state(previous, ""),
            "configuration": {"description": "It is too much. See docs."},
        });
        self.cloud.event("aws.cloudwatch", "CloudWatch Alarm State Change", json!([arn]), detail)
    }

    /// What the function says of a state change that is delivered to it.
    fn receive(&self, name: &str, value: &str, at: &str) -> Value {
        let previous = if value == "ALARM" { "OK" } else { "ALARM" };
        if self.alarms().iter().any(|alarm| alarm.ends_with(name)) {
            self.set(name, value);
        }
        self.deliver(&self.change(name, value, previous, at)).remove(0)
    }

    /// Plays ECS until nothing moves; its events are delivered.
    fn settle(&self) {
        self.cloud.settle().unwrap();
    }

    fn runs(&self, image: &Image) -> bool {
        let running = self.cloud.running(CLUSTER, WEBSITE).unwrap();
        running.desired > 0 && running.digests.iter().all(|digest| *digest == image.digest)
    }

    /// The item of the ledger, as DynamoDB has it.
    fn item(&self, pk: &str, sk: &str) -> Value {
        self.cloud.ledger_item(pk, sk).unwrap()
    }

    fn messages(&self) -> Vec<Message> {
        self.cloud.messages(self.queue).unwrap()
    }

    /// Messages until one has such a subject.
    fn messages_until(&self, subject: &str) -> Vec<Message> {
        let mut seen: Vec<Message> = Vec::new();
        self.until(&format!("a message: {subject}"), || {
            seen.extend(self.messages());
            seen.iter().any(|message| message.subject.contains(subject))
        });
        seen
    }

    /// Looks until it is true; functions that ask each other answer when they get to it.
    fn until(&self, what: &str, mut is: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is() {
            assert!(start.elapsed() < LONGEST_WAIT, "not in {LONGEST_WAIT:?}: {what}");
        }
    }
}

/// The moment at which CloudWatch says that something changed a moment ago.
fn now() -> Timestamp {
    shared::runtime::lambda::now()
}

/// The region of an alarm: CloudFront has its metrics, and so their alarms, in us-east-1.
fn region(name: &str) -> &'static str {
    if name == CDN { "us-east-1" } else { "eu-central-1" }
}

/// Decision and reason of the first line of an answer.
fn decided(answer: &Value) -> (&str, &str) {
    let line = &answer["decisions"][0];
    (line["decision"].as_str().unwrap_or_default(), line["reason"].as_str().unwrap_or_default())
}
