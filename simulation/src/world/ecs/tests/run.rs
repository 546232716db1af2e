//! ECS with time of its own.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::settle;
use super::CLUSTER;
use crate::account::Account;
use crate::rng::Rng;
use crate::weather::Weather;
use crate::wire::{Answer, Request};
use crate::world::behaviour::Behaviour;
use crate::world::ecr::Image;
use crate::world::{Cx, Out, Wake, World};

/// ECS with time of its own, without functions.
pub(super) struct Run {
    pub(super) world: World,
    pub(super) now: Timestamp,
    pub(super) rng: Rng,
    pub(super) weather: Weather,
    pub(super) due: BTreeMap<(Timestamp, u64), Wake>,
    pub(super) added: u64,
    pub(super) events: Vec<Value>,
}

impl Run {
    pub(super) fn new() -> Run {
        let world = World::new(Rc::new(Account::huskit(&[])));
        let weather = Weather::OVER;
        let now = "2026-11-02T08:00:00Z".parse().unwrap();
        let mut run =
            Run { world, now, rng: Rng::seeded(7), weather, due: BTreeMap::new(), added: 0, events: Vec::new() };
        for repository in ["huskit/website-agent", "huskit/crawler"] {
            run.push(repository, "live", 'a', Behaviour::Good);
        }
        run
    }

    pub(super) fn push(&mut self, repository: &str, tag: &str, digit: char, behaviour: Behaviour) -> String {
        let digest = format!("sha256:{}", String::from(digit).repeat(64));
        let image = Image::plain(digest.clone(), self.now, behaviour);
        let repository = self.world.ecr.repositories.entry(repository.to_owned()).or_default();
        repository.images.insert(digest.clone(), image);
        repository.tags.insert(tag.to_owned(), digest.clone());
        digest
    }

    pub(super) fn change<T>(&mut self, change: impl FnOnce(&mut World, &mut Cx<'_>) -> T) -> T {
        let mut out = Out::default();
        let mut cx = Cx { now: self.now, rng: &mut self.rng, weather: &self.weather, out: &mut out };
        let result = change(&mut self.world, &mut cx);
        for (at, wake) in out.wakes {
            self.added += 1;
            self.due.insert((at, self.added), wake);
        }
        self.events.extend(out.events.into_iter().map(|event| event.body));
        result
    }

    pub(super) fn pass(&mut self, minutes: i64) {
        let end = self.now + SignedDuration::from_mins(minutes);
        while let Some(next) = self.due.first_entry().filter(|next| next.key().0 <= end) {
            let ((at, _), wake) = next.remove_entry();
            self.now = at;
            self.change(|world, cx| world.wake(wake, cx));
        }
        self.now = end;
    }

    pub(super) fn call(&mut self, operation: &str, input: Value) -> Answer {
        let request = Request { service: "ecs", operation: operation.to_owned(), input };
        self.change(|world, cx| world.call(&request, cx))
    }

    pub(super) fn settle(&mut self, name: &str, count: i64) {
        self.change(|world, cx| settle(world, CLUSTER, name, count, None, cx));
    }

    /// Registers the newest definition of a service with another image.
    pub(super) fn register(&mut self, family: &str, repository: &str, digest: &str) -> String {
        let answer = self.call("DescribeTaskDefinition", json!({ "taskDefinition": family })).unwrap();
        let mut body = answer["taskDefinition"].clone();
        let own = body.as_object_mut().unwrap();
        for field in [
            "taskDefinitionArn",
            "revision",
            "status",
            "requiresAttributes",
            "compatibilities",
            "registeredAt",
            "registeredBy",
        ] {
            own.remove(field);
        }
        body["containerDefinitions"][0]["image"] =
            format!("123456789012.dkr.ecr.eu-central-1.amazonaws.com/{repository}@{digest}").into();
        let answer = self.call("RegisterTaskDefinition", body).unwrap();
        answer["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned()
    }

    /// Rolls a service out with a new image; the id of the deployment.
    pub(super) fn roll(&mut self, name: &str, digit: char, behaviour: Behaviour) -> String {
        let repository = format!("huskit/{name}");
        let digest = self.push(&repository, "new", digit, behaviour);
        let arn = self.register(&format!("huskit-{name}"), &repository, &digest);
        let answer =
            self.call("UpdateService", json!({ "cluster": CLUSTER, "service": name, "taskDefinition": arn })).unwrap();
        answer["service"]["deployments"][0]["id"].as_str().unwrap().to_owned()
    }

    pub(super) fn service(&mut self, name: &str) -> Value {
        let answer = self.call("DescribeServices", json!({ "cluster": CLUSTER, "services": [name] })).unwrap();
        answer["services"][0].clone()
    }

    pub(super) fn sent(&self, kind: &str, name: &str) -> Vec<&Value> {
        let events = self.events.iter().filter(|event| event["detail-type"] == kind);
        events.map(|event| &event["detail"]).filter(|detail| detail["eventName"] == name).collect()
    }

    pub(super) fn healthy(&self, name: &str) -> u64 {
        self.world.ecs.serving(CLUSTER, name).healthy
    }
}
