//! The rollout function on a local cloud: the real binary, the real templates, faults where they hurt.
//!
//! One cloud for all scenarios, one scenario at a time; each starts from a service that runs and is at rest.

// Helpers of tests fail a test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crash;
mod gates;
mod rolls;
mod stale;

use std::sync::{Mutex, MutexGuard, OnceLock};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use xtask::cloud::{Cloud, Image, Message, Running};

const CLUSTER: &str = "huskit-prod";
const WEBSITE: &str = "website-agent";
const REPOSITORY: &str = "huskit/website-agent";
const FAMILY: &str = "huskit-website-agent";

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
    /// No faults, nothing on its way, website-agent runs a new image; nothing of it is remembered here.
    fn come_to_rest(&mut self) {
        self.faults(json!([]));
        self.cloud.set_stale(&json!({})).unwrap();
        self.age_ledger();
        self.send(&json!({"action": "unfreeze", "by": "the next scenario"})).ok();
        self.settle();
        let image = self.push(None);
        self.deliver(&self.cloud.push_event(&image));
        self.settle();
        assert!(self.runs(&image), "the scenario before left a service that runs no pushed image");
        self.messages();
        self.calls();
    }

    /// Puts a new image under the followed tag, without any event.
    fn push(&mut self, outcome: Option<&str>) -> Image {
        self.next += 1;
        let name = format!("scenario image {}", self.next);
        self.cloud.push(REPOSITORY, "latest", &name, outcome).unwrap()
    }

    /// The function's answers to an event; each is what it returned or how it failed. The other functions get none: what
    /// they change and write is counted in scenarios of their own.
    fn deliver(&self, event: &Value) -> Vec<Result<Value, Value>> {
        self.cloud.deliver_to("RolloutFunction", event).unwrap().into_iter().map(|delivery| delivery.answer).collect()
    }

    /// Sends an engineer's request.
    fn send(&self, request: &Value) -> Result<Value, Value> {
        self.cloud.request(request).unwrap().answer
    }

    fn tick(&self) -> Result<Value, Value> {
        self.cloud.invoke_function("RolloutFunction", &json!({"action": "reconcile"})).unwrap().answer
    }

    /// Plays ECS until nothing moves; its events are delivered.
    fn settle(&self) {
        let deliver = |event| self.cloud.deliver_to("RolloutFunction", &event).map(drop);
        self.cloud.settle_with(deliver).unwrap();
    }

    fn running(&self) -> Running {
        self.cloud.running(CLUSTER, WEBSITE).unwrap()
    }

    /// Do all tasks that should run run this image?
    fn runs(&self, image: &Image) -> bool {
        let running = self.running();
        running.desired > 0
            && running.digests.len() as u64 == running.desired
            && running.digests.iter().all(|digest| *digest == image.digest)
    }

    fn revisions(&self) -> usize {
        self.cloud.revisions(FAMILY).unwrap()
    }

    fn messages(&self) -> Vec<Message> {
        self.cloud.messages(self.queue).unwrap()
    }

    /// What the function called since the last time.
    fn calls(&self) -> Vec<String> {
        self.cloud.calls().unwrap()
    }

    fn faults(&self, faults: Value) {
        self.cloud.set_faults(&faults).unwrap();
    }

    /// Two minutes pass for the ledger: claims and unsent messages of an invocation that died may be taken over.
    fn age_ledger(&self) {
        let mut item = self.cloud.ledger_item(&format!("service/{CLUSTER}/{WEBSITE}"), "rollout").unwrap();
        if item.is_null() {
            return;
        }
        let older = |time: &mut Value| {
            if let Some(at) = time.as_str().and_then(|text| text.parse::<Timestamp>().ok()) {
                *time = (at - SignedDuration::from_mins(2)).to_string().into();
            }
        };
        if item["rollout"].get("M").is_some() {
            older(&mut item["rollout"]["M"]["started_at"]["S"]);
        }
        for unsent in item["outbox"]["L"].as_array_mut().into_iter().flatten() {
            older(&mut unsent["M"]["at"]["S"]);
        }
        self.cloud.put_ledger_item(&item).unwrap();
    }
}

fn reason(answer: &Result<Value, Value>) -> &str {
    match answer {
        Ok(report) => report["decisions"][0]["reason"].as_str().unwrap_or("no reason"),
        Err(_) => "failed",
    }
}

impl Scenario {
    /// The names of an image, for one that is already there.
    fn push_nothing(&self) -> Image {
        Image { repository: REPOSITORY.to_owned(), tag: "latest".to_owned(), digest: String::new() }
    }
}

fn distribution(scenario: &Scenario) -> String {
    let configuration = scenario.cloud.configuration().unwrap();
    let services = configuration["fleet"]["services"].as_array().unwrap();
    let website = services.iter().find(|service| service["name"] == WEBSITE).unwrap();
    website["rollout"]["invalidate"]["distribution"].as_str().unwrap().to_owned()
}
