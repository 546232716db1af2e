//! What the tests of ECS do: pushes, calls, rollouts.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::wire::{Answer, Request};
use crate::world::behaviour::Behaviour;
use crate::world::ecs::NOT_REGISTERED;
use crate::world::image::Image;
use crate::world::testing::{Bench, CLUSTER};

/// Services with an image that is good.
pub(super) fn bench() -> Bench {
    let mut bench = Bench::new();
    for repository in ["huskit/website-agent", "huskit/crawler"] {
        bench.push(repository, "live", 'a', Behaviour::Good);
    }
    bench
}

impl Bench {
    pub(super) fn push(&mut self, repository: &str, tag: &str, digit: char, behaviour: Behaviour) -> String {
        let digest = format!("sha256:{}", String::from(digit).repeat(64));
        let image = Image::plain(digest.clone(), self.now, behaviour);
        let repository = self.world.ecr.repositories.entry(repository.to_owned()).or_default();
        repository.images.insert(digest.clone(), image);
        repository.tags.insert(tag.to_owned(), digest.clone());
        digest
    }

    pub(super) fn call(&mut self, operation: &str, input: Value) -> Answer {
        let request = Request { service: "ecs", operation: operation.to_owned(), input };
        self.change(|world, cx| world.call(&request, cx))
    }

    pub(super) fn minutes(&mut self, minutes: i64) {
        self.pass(SignedDuration::from_mins(minutes));
    }

    /// Registers the newest definition of a service with another image.
    pub(super) fn register(&mut self, family: &str, repository: &str, digest: &str) -> String {
        let answer = self.call("DescribeTaskDefinition", json!({ "taskDefinition": family })).unwrap();
        let mut body = answer["taskDefinition"].clone();
        let own = body.as_object_mut().unwrap();
        for field in NOT_REGISTERED {
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
