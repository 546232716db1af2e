//! The rollout function on a local cloud: the real binary, the real templates, faults where they hurt.
//!
//! One cloud for all scenarios, one scenario at a time; each starts from a service that runs and is at rest.

// Helpers of tests fail a test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod gates;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, OnceLock};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use xtask::cloud::{Cloud, Image, Message, Running};
use xtask::tools::Tools;

const CLUSTER: &str = "huskit-prod";
const WEBSITE: &str = "website-agent";
const REPOSITORY: &str = "huskit/website-agent";
const FAMILY: &str = "huskit-website-agent";
/// More rounds than any deployment takes.
const ROUNDS: usize = 60;

/// The cloud, held by one scenario at a time.
struct World {
    cloud: &'static Cloud,
    queue: &'static str,
    next: u32,
}

fn world() -> MutexGuard<'static, World> {
    static CLOUD: OnceLock<Cloud> = OnceLock::new();
    static QUEUE: OnceLock<String> = OnceLock::new();
    static WORLD: OnceLock<Mutex<World>> = OnceLock::new();
    let world = WORLD.get_or_init(|| {
        let cloud = CLOUD.get_or_init(|| Cloud::start(&Tools::prepare().expect("the tools")).expect("a local cloud"));
        let queue = QUEUE.get_or_init(|| cloud.subscribe(&cloud.output("OperationsTopic").unwrap()).unwrap());
        Mutex::new(World { cloud, queue, next: 0 })
    });
    // A scenario that failed leaves the world as it is; the next one brings it to rest.
    let mut world = world.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    world.come_to_rest();
    world
}

impl World {
    /// No faults, nothing on its way, website-agent runs a new image; nothing of it is remembered here.
    fn come_to_rest(&mut self) {
        self.faults(json!([]));
        self.age_ledger();
        self.ask(&json!({"action": "unfreeze", "by": "the next scenario"})).ok();
        self.settle();
        let image = self.push(None);
        self.deliver(&self.cloud.push_event(&image));
        self.settle();
        assert!(self.runs(&image), "the scenario before left a service that no push rolls");
        self.messages();
        self.calls();
    }

    /// Puts a new image under the followed tag, without any event.
    fn push(&mut self, outcome: Option<&str>) -> Image {
        self.next += 1;
        let name = format!("scenario image {}", self.next);
        self.cloud.push(REPOSITORY, "latest", &name, outcome).unwrap()
    }

    /// The function's answers to an event; each is what it returned or how it failed.
    fn deliver(&self, event: &Value) -> Vec<Result<Value, Value>> {
        self.cloud.deliver(event).unwrap().into_iter().map(|delivery| delivery.answer).collect()
    }

    fn ask(&self, request: &Value) -> Result<Value, Value> {
        self.cloud.request("RolloutFunction", request).unwrap().answer
    }

    fn tick(&self) -> Result<Value, Value> {
        self.ask(&json!({"action": "reconcile"}))
    }

    /// Plays ECS until nothing moves; its events are delivered.
    fn settle(&self) {
        for _ in 0..ROUNDS {
            let events = self.cloud.advance_ecs().unwrap();
            if events.is_empty() {
                return;
            }
            for event in events {
                self.deliver(&event);
            }
        }
        panic!("ECS still moves after {ROUNDS} rounds");
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
        self.cloud.client.call("local", "faults", json!({ "faults": faults })).unwrap();
    }

    /// Two minutes pass for the ledger: claims and unsent messages of an invocation that died may be taken over.
    fn age_ledger(&self) {
        let table = self.cloud.output("Ledger").unwrap();
        let key = json!({"pk": {"S": format!("service/{CLUSTER}/{WEBSITE}")}, "sk": {"S": "rollout"}});
        let read = json!({"TableName": table, "Key": key, "ConsistentRead": true});
        let mut item = self.cloud.client.call("dynamodb", "get_item", read).unwrap()["Item"].take();
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
        self.cloud.client.call("dynamodb", "put_item", json!({"TableName": table, "Item": item})).unwrap();
    }
}

fn reason(answer: &Result<Value, Value>) -> &str {
    match answer {
        Ok(report) => report["services"][0]["reason"].as_str().unwrap_or("no reason"),
        Err(_) => "failed",
    }
}

#[test]
fn a_push_is_rolled_once_and_the_same_event_again_is_nothing() {
    let mut world = world();
    let image = world.push(None);
    let event = world.cloud.push_event(&image);
    assert_eq!(reason(&world.deliver(&event)[0]), "newer_image");
    world.settle();
    assert!(world.runs(&image));
    assert_eq!(world.messages().len(), 1);
    let revisions = world.revisions();
    assert_eq!(reason(&world.deliver(&event)[0]), "up_to_date");
    world.tick().unwrap();
    assert_eq!((world.revisions(), world.messages().len()), (revisions, 0));
}

#[test]
fn an_older_image_put_back_under_the_tag_is_ignored() {
    let mut world = world();
    let old = world.push(None);
    world.deliver(&world.cloud.push_event(&old));
    world.settle();
    let new = world.push(None);
    world.deliver(&world.cloud.push_event(&new));
    world.settle();
    world.messages();
    let read = json!({"repositoryName": REPOSITORY, "imageIds": [{"imageDigest": old.digest}]});
    let image = world.cloud.client.call("ecr", "batch_get_image", read).unwrap()["images"][0].take();
    let put = json!({"repositoryName": REPOSITORY, "imageTag": "latest", "imageManifest": image["imageManifest"]});
    world.cloud.client.call("ecr", "put_image", put).unwrap();
    let answers = world.deliver(&world.cloud.push_event(&old));
    assert_eq!(reason(&answers[0]), "older");
    world.settle();
    assert!(world.runs(&new));
    assert_eq!(world.messages().len(), 0);
}

#[test]
fn an_image_that_fails_is_rolled_back_quarantined_and_refused() {
    let mut world = world();
    let good = Image { digest: world.running().digests[0].clone(), ..world.push_nothing() };
    let bad = world.push(Some("exit-1"));
    world.deliver(&world.cloud.push_event(&bad));
    world.settle();
    assert!(world.runs(&good));
    let messages = world.messages();
    assert!(messages.iter().any(|message| message.body.contains("exited with code 1")), "{messages:?}");
    assert!(messages.iter().any(|message| message.subject.contains("runs") && message.subject.contains("again")));
    assert_eq!(reason(&world.deliver(&world.cloud.push_event(&bad))[0]), "quarantined");
    world.settle();
    assert!(world.runs(&good));
    let fixed = world.push(None);
    world.deliver(&world.cloud.push_event(&fixed));
    world.settle();
    assert!(world.runs(&fixed));
}

#[test]
fn a_rollback_goes_back_and_what_was_stepped_over_stays_away() {
    let mut world = world();
    let good = Image { digest: world.running().digests[0].clone(), ..world.push_nothing() };
    let bad = world.push(None);
    world.deliver(&world.cloud.push_event(&bad));
    world.settle();
    let answer = world.ask(&json!({"action": "rollback", "service": WEBSITE, "by": "anna"}));
    assert_eq!(reason(&answer), "rollback_requested");
    world.settle();
    assert!(world.runs(&good));
    assert_eq!(world.cloud.tagged(REPOSITORY, "live").unwrap().as_ref(), Some(&good.digest));
    assert_eq!(reason(&world.deliver(&world.cloud.push_event(&bad))[0]), "quarantined");
    world.tick().unwrap();
    world.settle();
    assert!(world.runs(&good));
}

#[test]
fn a_freeze_holds_the_newest_and_its_end_releases_it() {
    let mut world = world();
    let before = Image { digest: world.running().digests[0].clone(), ..world.push_nothing() };
    world.ask(&json!({"action": "freeze", "by": "anna", "until": "2h"})).unwrap();
    let skipped = world.push(None);
    assert_eq!(reason(&world.deliver(&world.cloud.push_event(&skipped))[0]), "frozen");
    let newest = world.push(None);
    world.deliver(&world.cloud.push_event(&newest));
    world.settle();
    assert!(world.runs(&before));
    let revisions = world.revisions();
    world.ask(&json!({"action": "unfreeze", "by": "anna"})).unwrap();
    world.settle();
    assert!(world.runs(&newest));
    assert_eq!(world.revisions(), revisions + 1, "the skipped image was not rolled in between");
}

#[test]
fn a_sleeping_service_gets_its_image_staged_and_verified_when_it_wakes() {
    let mut world = world();
    let desired = |count: u32| json!({"cluster": CLUSTER, "service": WEBSITE, "desiredCount": count});
    world.cloud.client.call("ecs", "update_service", desired(0)).unwrap();
    world.settle();
    let image = world.push(None);
    world.deliver(&world.cloud.push_event(&image));
    world.settle();
    world.tick().unwrap();
    let subjects: Vec<String> = world.messages().into_iter().map(|message| message.subject).collect();
    assert!(subjects.len() == 1 && subjects[0].contains("staged"), "{subjects:?}");
    assert_ne!(world.cloud.tagged(REPOSITORY, "live").unwrap().as_ref(), Some(&image.digest), "nothing is proven yet");
    world.cloud.client.call("ecs", "update_service", desired(2)).unwrap();
    world.settle();
    world.tick().unwrap();
    assert!(world.runs(&image));
    assert_eq!(world.cloud.tagged(REPOSITORY, "live").unwrap().as_ref(), Some(&image.digest));
    assert_eq!(world.messages().len(), 1);
}

#[test]
fn dry_run_explains_and_changes_nothing() {
    let mut world = world();
    world.push(None);
    world.calls();
    let report = world.ask(&json!({"action": "plan", "service": WEBSITE})).unwrap();
    assert_eq!(
        (&report["services"][0]["decision"], &report["services"][0]["outcome"]),
        (&json!("roll"), &json!("planned"))
    );
    let reads = ["Describe", "Get", "List", "BatchGet"];
    let writes: Vec<String> =
        world.calls().into_iter().filter(|call| !reads.iter().any(|read| call.starts_with(read))).collect();
    assert_eq!(writes, Vec::<String>::new());
    assert_eq!(world.messages().len(), 0);
}

#[test]
fn one_service_that_is_missing_in_a_200_does_not_stop_the_other() {
    let mut world = world();
    let image = world.push(None);
    let real = world.cloud.service(CLUSTER, WEBSITE).unwrap();
    let missing = json!({"arn": format!("arn:aws:ecs:eu-central-1:1:service/{CLUSTER}/crawler"), "reason": "MISSING"});
    let answer = json!({"services": [on_the_wire(real)], "failures": [missing]});
    // The first read of services is the one of init; the second is the tick's.
    world.faults(json!([{"operation": "DescribeServices", "skip": 1, "times": 1, "status": 200, "body": answer}]));
    let failure = world.tick().unwrap_err();
    let message = failure["errorMessage"].as_str().unwrap();
    assert!(message.starts_with(&format!("{CLUSTER}/crawler: ")) && message.contains("MISSING"), "{message}");
    assert_eq!(failure["errorType"], "not_found");
    world.faults(json!([]));
    world.settle();
    assert!(world.runs(&image), "website-agent was rolled all the same");
}

#[test]
fn two_pushes_at_once_end_with_the_newest_and_one_revision_each_at_most() {
    let mut world = world();
    let revisions = world.revisions();
    let first = world.push(None);
    let first_event = world.cloud.push_event(&first);
    // The first invocation is held at its claim until the second push has arrived and been handled.
    world.faults(json!([{"operation": "RegisterTaskDefinition", "times": 1, "hold": true}]));
    let cloud = world.cloud;
    let second = std::thread::scope(|scope| {
        let one = scope.spawn(|| cloud.deliver(&first_event).unwrap());
        while cloud.client.call("local", "faults/state", json!({})).unwrap()["faults"][0]["held"] != true {
            std::thread::yield_now();
        }
        let second = world.push(None);
        let answers = world.deliver(&world.cloud.push_event(&second));
        assert_eq!(reason(&answers[0]), "claimed_elsewhere");
        cloud.client.call("local", "release", json!({})).unwrap();
        assert!(one.join().unwrap().iter().all(|delivery| delivery.answer.is_ok()));
        second
    });
    world.faults(json!([]));
    world.settle();
    assert!(world.runs(&second));
    assert_eq!(world.revisions(), revisions + 2);
}

/// A crash right before and right after each call that writes: the invocation is told that it may not, and ends there.
/// After two minutes the tick goes on. Nothing happens twice.
#[test]
fn a_crash_around_any_write_heals_without_doing_anything_twice() {
    let mut world = world();
    let writes = [
        ("PutItem", 0),
        ("RegisterTaskDefinition", 0),
        ("UpdateService", 0),
        ("PutItem", 1),
        ("PutImage", 0),
        ("PutImage", 1),
        ("CreateInvalidation", 0),
        ("PutItem", 2),
        ("Publish", 0),
        ("PutItem", 3),
    ];
    let distribution = distribution(&world);
    for (operation, skip) in writes {
        for after in [false, true] {
            let at = format!("{} {operation} number {}", if after { "after" } else { "before" }, skip + 1);
            let (revisions, invalidations) =
                (world.revisions(), world.cloud.invalidations(&distribution).unwrap().len());
            world.calls();
            let image = world.push(None);
            let fault = json!({"operation": operation, "skip": skip, "times": 1, "after": after, "status": 400, "code": "AccessDeniedException"});
            world.faults(json!([fault]));
            world.deliver(&world.cloud.push_event(&image));
            world.settle();
            world.faults(json!([]));
            for _ in 0..3 {
                world.age_ledger();
                world.tick().unwrap();
                world.settle();
            }
            assert!(world.runs(&image), "{at}: the image does not run");
            assert_eq!(world.cloud.tagged(REPOSITORY, "live").unwrap().as_ref(), Some(&image.digest), "{at}");
            assert_eq!(world.revisions(), revisions + 1, "{at}: revisions");
            let updates = world.calls().iter().filter(|call| *call == "UpdateService").count();
            let repeated = usize::from(operation == "UpdateService" && !after);
            assert_eq!(updates, 1 + repeated, "{at}: calls of UpdateService");
            assert_eq!(
                world.cloud.invalidations(&distribution).unwrap().len(),
                invalidations + 1,
                "{at}: invalidations"
            );
            let messages: Vec<String> = world.messages().into_iter().map(|message| message.subject).collect();
            // Sent and not yet crossed out is the one moment from which a message is sent again: see docs/decisions.md.
            let sent_but_not_crossed_out =
                (operation == "Publish" && after) || (operation == "PutItem" && skip == 3 && !after);
            assert_eq!(messages.len(), 1 + usize::from(sent_but_not_crossed_out), "{at}: {messages:?}");
            assert_eq!(messages.iter().collect::<BTreeSet<_>>().len(), 1, "{at}: {messages:?}");
        }
    }
}

#[test]
fn denied_and_throttled_are_told_per_service_and_fail_the_invocation() {
    let mut world = world();
    let image = world.push(None);
    for (code, kind) in [("AccessDeniedException", "denied"), ("ThrottlingException", "throttled")] {
        world.faults(json!([{"operation": "RegisterTaskDefinition", "times": 9, "status": 400, "code": code}]));
        let answers = world.deliver(&world.cloud.push_event(&image));
        let failure = answers[0].as_ref().unwrap_err();
        assert_eq!(failure["errorType"], kind, "{failure}");
        let message = failure["errorMessage"].as_str().unwrap();
        assert!(message.starts_with(&format!("{CLUSTER}/{WEBSITE}: ")) && message.contains(code), "{message}");
        world.faults(json!([]));
        world.age_ledger();
    }
    world.tick().unwrap();
    world.settle();
    assert!(world.runs(&image));
}

impl World {
    /// The names of an image, for one that is already there.
    fn push_nothing(&self) -> Image {
        Image { repository: REPOSITORY.to_owned(), tag: "latest".to_owned(), digest: String::new() }
    }
}

fn distribution(world: &World) -> String {
    let fleet: Value = serde_json::from_str(&world.cloud.output("Fleet").unwrap()).unwrap();
    let services = fleet["services"].as_array().unwrap();
    let website = services.iter().find(|service| service["name"] == WEBSITE).unwrap();
    website["rollout"]["invalidate"]["distribution"].as_str().unwrap().to_owned()
}

/// boto3 reads times as dates; on the wire ECS writes them as seconds.
fn on_the_wire(mut service: Value) -> Value {
    fn times(value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(times),
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str().and_then(|text| text.parse::<Timestamp>().ok()) {
                        Some(at) if name.ends_with("At") => *value = at.as_second().into(),
                        _ => times(value),
                    }
                }
            }
            _ => {}
        }
    }
    times(&mut service);
    service
}
