//! Each law breaks when what it forbids happens.

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::watch::Watch;
use super::{history, ledger};
use crate::account::SECRET;
use crate::engine::Engine;
use crate::journal::{Entry, Message, What};
use crate::people::{Plan, Setup};
use crate::weather::Weather;
use crate::wire::Request;
use crate::world::behaviour::Behaviour;
use crate::world::ecr::{self, Push, Shape};
use crate::world::image::Findings;

mod waiting;

const CLUSTER: &str = "huskit-prod";

/// A world in which nothing happens but what a test has happen, and the laws that look at it.
struct Court {
    engine: Engine,
    watch: Watch,
    plan: Plan,
    at: Timestamp,
}

impl Court {
    fn new() -> Court {
        Court::of(&Setup::default(), "2026-11-16T09:00:00Z", Weather::CALM)
    }

    fn of(setup: &Setup, start: &str, weather: Weather) -> Court {
        let (start, lasts) = (start.parse().unwrap(), SignedDuration::from_hours(10));
        let plan = Plan { setup: setup.clone(), start, lasts, weather, used_days: 0, acts: Vec::new() };
        let mut engine = Engine::new(Rc::new(setup.account()), plan.weather.clone(), start, 1);
        engine.change(|world, cx| {
            world.settle(CLUSTER, "website-agent", 2, cx);
            world.settle(CLUSTER, "crawler", 1, cx);
        });
        Court { engine, watch: Watch::new(&plan), at: start, plan }
    }

    fn later(mut self, minutes: i64) -> Court {
        self.at += SignedDuration::from_mins(minutes);
        self
    }

    /// The law that is broken by what happens, if one is.
    fn broken(&mut self, what: What) -> Option<&'static str> {
        let entry = Entry { at: self.at, what };
        self.watch.always(&self.engine, &[entry]).err().map(|broken| broken.law)
    }

    fn holds(mut self, what: What) -> Court {
        let broken = self.broken(what);
        assert_eq!(broken, None);
        self
    }

    fn begins(self, invocation: u64, function: &'static str, payload: Value) -> Court {
        self.holds(What::Begins { invocation, function, payload })
    }

    fn ends(self, invocation: u64, function: &'static str) -> Court {
        self.holds(ended(invocation, function))
    }

    /// Has ECS do what a function asks for; what the laws see of it.
    fn call(&mut self, invocation: u64, function: &'static str, operation: &str, input: Value) -> What {
        let request = Request { service: "ecs", operation: operation.to_owned(), input };
        let answer = self.engine.change(|world, cx| world.call(&request, cx));
        assert!(answer.is_ok(), "{answer:?}");
        let Request { service, operation, input } = request;
        What::Call { invocation, function, service, operation, input, answer, lost: None }
    }

    fn push(&mut self, repository: &str) -> String {
        let tags = ["latest", "0a10001"];
        let (behaviour, shape, findings) = (Behaviour::Good, Shape::Single, Findings::default());
        let push = Push { repository, tags: &tags, behaviour, shape, findings };
        self.engine.change(|_, cx| ecr::push(&push, cx))
    }
}

fn ended(invocation: u64, function: &'static str) -> What {
    What::Ends { invocation, function, result: Ok(json!({})) }
}

/// A value as DynamoDB has it.
fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(is) => json!({ "BOOL": is }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(items) => json!({ "L": items.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(_) => json!({ "M": item(value) }),
    }
}

fn item(value: &Value) -> Value {
    value
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, field)| (name.clone(), attribute(field)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// An item of a service is written.
fn wrote(invocation: u64, sk: &str, mut record: Value) -> What {
    record["pk"] = format!("service/{CLUSTER}/crawler").into();
    record["sk"] = sk.into();
    let input = json!({ "TableName": "huskit-prod-Ledger", "Item": item(&record) });
    let (service, operation) = ("dynamodb", "PutItem".to_owned());
    What::Call { invocation, function: "rollout", service, operation, input, answer: Ok(json!({})), lost: None }
}

fn event(action: &str, label: &str) -> Value {
    json!({ "history": [{ "at": "2026-11-16T09:00:00Z", "action": action, "reason_label": label, "reason": "so" }] })
}

fn message(subject: &str, text: &str) -> What {
    let (subject, text) = (format!("{subject} [huskit prod]"), text.to_owned());
    What::Message(Message { topic: "topic".into(), chat: json!({ "id": subject }).to_string(), subject, text })
}

fn log(invocation: u64, line: &str) -> What {
    What::Log { invocation, function: "rollout", line: line.to_owned() }
}

fn restart() -> Value {
    json!({ "cluster": CLUSTER, "service": "crawler", "forceNewDeployment": true })
}

#[test]
fn a_secret_that_leaves_its_task_definition_is_found_wherever_it_goes() {
    let account = Setup::default().account();
    let definitions = account.of_type("AWS::ECS::TaskDefinition");
    assert!(definitions.iter().all(|definition| definition.properties.to_string().contains(SECRET)));
    let law = Some("no secret in a message, log or answer");
    let text = format!("LICENSE_KEY={SECRET}");
    assert_eq!(Court::new().broken(log(1, &text)), law);
    assert_eq!(Court::new().broken(message("Tasks cannot start: crawler", &text)), law);
    assert_eq!(Court::new().broken(wrote(1, "rollout", json!({ "history": [], "why": text }))), law);
    let answer = What::Ends { invocation: 1, function: "rollout", result: Ok(json!({ "why": text })) };
    assert_eq!(Court::new().broken(answer), law);
}

#[test]
fn a_decision_that_starts_two_deployments_is_found() {
    let twice = |lines: usize| {
        let mut court = Court::new().begins(1, "rollout", json!({ "action": "reconcile" }));
        for _ in 0..2 {
            let call = court.call(1, "rollout", "UpdateService", restart());
            court = court.holds(call);
        }
        for _ in 0..lines {
            court = court.holds(log(1, "INFO message=so ecs.service=\"crawler\" decision=\"restart\" reason=\"so\""));
        }
        court.broken(ended(1, "rollout"))
    };
    assert_eq!(twice(0), Some("a decision has one effect"));
    assert_eq!(twice(1), Some("a decision has one effect"));
    assert_eq!(twice(2), None, "two decisions have two");
}

#[test]
fn a_request_whose_id_takes_effect_twice_is_found() {
    let law = Some("a request with an id takes effect once");
    let request = json!({ "action": "restart", "service": "crawler", "by": "anna", "id": "r-1" });
    let mut court = Court::new().begins(1, "rollout", request.clone());
    let call = court.call(1, "rollout", "UpdateService", restart());
    let mut court = court.holds(call).ends(1, "rollout").begins(2, "rollout", request);
    let call = court.call(2, "rollout", "UpdateService", restart());
    assert_eq!(court.broken(call), law);

    let request = json!({ "action": "wake", "service": "crawler", "until": "2h", "by": "anna", "id": "r-2" });
    let court = Court::new().begins(1, "capacity", request.clone());
    let court = court.holds(wrote(1, "capacity", event("wake", "requested"))).ends(1, "capacity");
    let mut again = event("wake", "requested");
    again["history"][0]["at"] = "2026-11-16T09:05:00Z".into();
    let mut court = court.begins(2, "capacity", request);
    assert_eq!(court.broken(wrote(2, "capacity", again)), law);
}

/// A world in which the functions have rolled out two good images, and the revision of the first.
fn two_releases() -> (Court, String) {
    let mut court = Court::of(&Setup::default(), "2026-11-16T09:00:00Z", Weather::CALM);
    let mut revisions = Vec::new();
    for _ in 0..2 {
        court.push("huskit/crawler");
        court.engine.pass(SignedDuration::from_mins(40));
        let service = court.engine.world.ecs.service(CLUSTER, "crawler").unwrap();
        revisions.push(service.revision().definition["taskDefinitionArn"].as_str().unwrap().to_owned());
    }
    assert_ne!(revisions[0], revisions[1]);
    court.at = court.engine.now();
    (court, revisions.remove(0))
}

#[test]
fn an_older_image_that_no_one_asked_for_is_found() {
    let back = |asked: bool| {
        let (mut court, first) = two_releases();
        if asked {
            // As the alarm function sends it.
            let request = json!({ "action": "rollback", "service": "huskit-prod/crawler", "by": "alarm crawler-5xx" });
            court = court.begins(1, "rollout", request);
        }
        let input = json!({ "cluster": CLUSTER, "service": "crawler", "taskDefinition": first });
        let call = court.call(1, "rollout", "UpdateService", input);
        court.broken(call)
    };
    assert_eq!(back(false), Some("nothing older is rolled out of itself"));
    assert_eq!(back(true), None);
}

#[test]
fn a_write_under_a_hold_or_a_freeze_of_its_service_is_found() {
    let law = Some("a hold and a freeze keep the capacity as it is");
    let update = json!({ "cluster": CLUSTER, "service": "crawler", "desiredCount": 2 });
    let target = json!({ "ServiceNamespace": "ecs", "ResourceId": format!("service/{CLUSTER}/crawler"),
        "MinCapacity": 1, "MaxCapacity": 2 });
    let bounds = What::Call {
        invocation: 9,
        function: "capacity",
        service: "application-autoscaling",
        operation: "RegisterScalableTarget".to_owned(),
        input: target,
        answer: Ok(json!({})),
        lost: None,
    };
    for (function, action) in [("capacity", "hold"), ("rollout", "freeze")] {
        let held = |service: &str| {
            let request = json!({ "action": action, "service": service, "until": "2h", "by": "anna" });
            Court::new().begins(1, function, request).ends(1, function).later(5).begins(9, "capacity", json!({}))
        };
        let mut court = held("crawler");
        let call = court.call(9, "capacity", "UpdateService", update.clone());
        assert_eq!(court.broken(call), law, "{action}");
        assert_eq!(held("crawler").broken(bounds.clone()), law, "{action}");
        assert_eq!(held("website-agent").broken(bounds.clone()), None, "{action} of another service");
        assert_eq!(held("crawler").later(120).broken(bounds.clone()), None, "{action} is over");
    }
    let request = json!({ "action": "freeze", "until": "2h", "by": "anna" });
    let frozen = Court::new().begins(1, "rollout", request).ends(1, "rollout").later(5);
    let mut court = frozen.begins(2, "rollout", json!({ "action": "restart", "by": "alarm crawler-cpu" }));
    let call = court.call(2, "rollout", "UpdateService", restart());
    assert_eq!(court.broken(call), Some("a freeze holds restarts that no person asks for"));
}

#[test]
fn what_is_not_announced_is_found() {
    let law = Some("what people have to know is announced");
    let tick = || ended(2, "capacity");
    let failed = || Court::new().holds(wrote(1, "rollout", event("fail", "failed")));
    assert_eq!(failed().later(9).broken(tick()), None);
    assert_eq!(failed().later(11).broken(tick()), law);
    let announced = failed().holds(message("Rollout failed: crawler latest", "crawler"));
    assert_eq!(announced.later(11).broken(tick()), None);
    let other = failed().holds(message("Rollout failed: website-agent latest", "so"));
    assert_eq!(other.later(11).broken(tick()), law);

    let wakes = || {
        let mut court = Court::new();
        for (invocation, count) in [(1, 0), (2, 1)] {
            let input = json!({ "cluster": CLUSTER, "service": "crawler", "desiredCount": count });
            let call = court.call(invocation, "capacity", "UpdateService", input);
            court = court.holds(call);
        }
        court
    };
    assert_eq!(wakes().later(76).broken(ended(3, "capacity")), law);
    let announced = wakes().holds(message("Start overdue: crawler has no healthy task", "so"));
    assert_eq!(announced.later(76).broken(ended(3, "capacity")), None);
}

#[test]
fn a_dead_letter_that_nothing_explains_or_no_alarm_watches_is_found() {
    let queue = |court: &Court| {
        let queues = court.engine.account().queues.iter().map(|queue| queue.arn.clone());
        queues.into_iter().find(|arn| arn.ends_with("DeadLetterQueue")).unwrap()
    };
    let letter = |queue: String| What::DeadLetter { queue, body: json!({}) };
    let mut court = Court::new();
    let dead = queue(&court);
    assert_eq!(court.broken(letter(dead.clone())), Some("no dead letter on a good day"));
    let bad = || Court::of(&Setup::default(), "2026-11-16T09:00:00Z", Weather::BAD);
    assert_eq!(bad().broken(letter(dead.clone())), None);
    let unwatched = "arn:aws:sqs:eu-central-1:123456789012:unwatched".to_owned();
    assert_eq!(bad().broken(letter(unwatched)), Some("an alarm says that there is a dead letter"));
    let mut over = bad();
    over.engine.weather = Weather::OVER;
    let mut over = over.ends(1, "alarm").later(61);
    assert_eq!(over.broken(letter(dead)), Some("no dead letter on a good day"));
}

#[test]
fn what_is_recorded_or_announced_and_is_not_so_is_found() {
    let release = json!({ "releases": [{ "deployment": "ecs-svc/1", "images": {} }], "history": [] });
    assert_eq!(Court::new().broken(wrote(1, "rollout", release)), Some("a release that is recorded was deployed"));
    let complete = message("Rollout complete: crawler latest", "deployment  ecs-svc/1");
    assert_eq!(Court::new().broken(complete), Some("what a message says of a rollout is so"));
    let bad = || Court::of(&Setup::default(), "2026-11-16T09:00:00Z", Weather::BAD);
    let law = Some("an alarm that is announced to be in ALARM was");
    assert_eq!(bad().broken(message("ALARM crawler-cpu", "so")), law);
    let alarms = What::World("alarm huskit-prod-crawler-cpu: OK -> ALARM: Threshold Crossed".to_owned());
    assert_eq!(bad().holds(alarms).broken(message("ALARM crawler-cpu: restart requested", "so")), None);

    let (mut court, _) = two_releases();
    let other = json!({ "releases": [{ "deployment": "ecs-svc/1", "images": { "huskit/crawler": { "digest": "sha256:1" } } }] });
    let key = (format!("service/{CLUSTER}/crawler"), "rollout".to_owned());
    court.watch.items.insert(key, Rc::new(other));
    let broken = history::at_rest(&court.engine, &mut court.watch, &court.plan).unwrap_err();
    assert_eq!(broken.law, "the ledger has the release that runs");
}

#[test]
fn what_is_left_open_in_the_ledger_is_found() {
    let left = |record: Value| {
        let mut court = Court::new();
        let What::Call { input, .. } = wrote(1, "rollout", record) else { unreachable!() };
        let request = Request { service: "dynamodb", operation: "PutItem".to_owned(), input };
        court.engine.change(|world, cx| world.call(&request, cx)).unwrap();
        ledger::at_rest(&court.engine, &mut court.watch).is_err()
    };
    let (long_ago, lately) = ("2026-11-16T07:00:00Z", "2026-11-16T08:30:00Z");
    for (at, is_left) in [(long_ago, true), (lately, false)] {
        assert_eq!(left(json!({ "outstanding": [{ "work": "move_tags", "since": at }] })), is_left);
        assert_eq!(left(json!({ "restart": { "at": at, "deployment": null } })), is_left);
        assert_eq!(left(json!({ "pending": { "action": "restart", "at": at } })), is_left);
        let moving = json!({ "since": at, "outcome": { "in_progress": { "seen": true } } });
        assert_eq!(left(json!({ "provider_move": moving })), is_left);
    }
    assert!(!left(json!({ "restart": { "at": long_ago, "deployment": "ecs-svc/1" } })));
}

#[test]
fn a_service_that_runs_in_its_scheduled_downtime_is_found() {
    // Night in every zone that the fleet may name, and the evening before.
    let night = |start: &str| Court::of(&Setup::default(), start, Weather::CALM).later(30).broken(ended(1, "capacity"));
    assert_eq!(night("2026-11-16T23:30:00Z"), Some("a service runs nothing in its scheduled downtime"));
    assert_eq!(night("2026-11-16T12:00:00Z"), None);
}

#[test]
fn bounds_that_the_fleet_does_not_allow_are_found() {
    let set = |least: i64, most: i64| {
        let input = json!({ "ResourceId": format!("service/{CLUSTER}/website-agent"), "MinCapacity": least, "MaxCapacity": most });
        let (service, operation) = ("application-autoscaling", "RegisterScalableTarget".to_owned());
        let answer = Ok(json!({}));
        Court::new().broken(What::Call {
            invocation: 1,
            function: "capacity",
            service,
            operation,
            input,
            answer,
            lost: None,
        })
    };
    let law = Some("never outside the bounds of the fleet");
    assert_eq!((set(0, 0), set(2, 6)), (None, None));
    assert_eq!((set(1, 6), set(2, 7), set(6, 2)), (law, law, law));
}

#[test]
fn a_retry_of_one_service_lets_no_image_of_another_pass() {
    let signed = Setup { signed: true, ..Setup::default() };
    let rolled = |asked: &str| {
        let mut court = Court::of(&signed, "2026-11-16T09:00:00Z", Weather::CALM);
        court.engine.pass(SignedDuration::from_secs(1));
        let (crawler, _) = (court.push("huskit/crawler"), court.push("huskit/website-agent"));
        court.engine.pass(SignedDuration::from_secs(3));
        let court = court.begins(1, "request", json!({ "action": "retry", "service": asked, "by": "anna" }));
        let image = format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/huskit/crawler@{crawler}");
        let input =
            json!({ "family": "huskit-crawler", "containerDefinitions": [{ "name": "crawler", "image": image }] });
        let mut court = court.begins(2, "rollout", json!({}));
        let repository = court.engine.world.ecr.repositories.get_mut("huskit/crawler").unwrap();
        repository.images.get_mut(&crawler).unwrap().signing = None;
        let call = court.call(2, "rollout", "RegisterTaskDefinition", input);
        court.broken(call)
    };
    assert_eq!(rolled("website-agent"), Some("what a gate refuses is not rolled out"));
    assert_eq!(rolled("crawler"), None);
}
