//! A task definition revision as a document, not as a struct.
//!
//! A typed struct drops every field that is newer than the SDK, which is how tools lose `ephemeralStorage` or
//! `runtimePlatform` on the way from one revision to the next. The document keeps what it does not know.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::image::Digest;
use super::image_ref::{ImageRef, ImageSource, Registry};
use super::price::{Arch, TaskSize};
use crate::error::{Error, Result};

/// Fields that ECS adds to a task definition; it refuses to register one that has them.
/// Source: `RegisterTaskDefinition` takes none of them, `DescribeTaskDefinition` returns all of them.
const WRITTEN_BY_ECS: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// One revision of a task definition: the JSON document that ECS answers with, and its tags.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    document: Map<String, Value>,
    tags: BTreeMap<String, String>,
}

impl Revision {
    /// Reads the answer of `DescribeTaskDefinition` or `RegisterTaskDefinition`.
    ///
    /// # Errors
    /// `Invalid` when the answer has no task definition.
    pub fn from_answer(answer: &Value) -> Result<Revision> {
        let bad = |part: &str| Error::invalid(format!("task definition: {part} is missing in the answer of ECS"));
        let document = answer.get("taskDefinition").and_then(Value::as_object).ok_or_else(|| bad("taskDefinition"))?;
        document.get("taskDefinitionArn").and_then(Value::as_str).ok_or_else(|| bad("taskDefinitionArn"))?;
        let tags = answer.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let text = |tag: &Value, field: &str| tag.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let tags = tags.iter().map(|tag| (text(tag, "key"), text(tag, "value"))).collect();
        Ok(Revision { document: document.clone(), tags })
    }

    /// Its ARN, with the revision number.
    pub fn arn(&self) -> &str {
        self.document.get("taskDefinitionArn").and_then(Value::as_str).unwrap_or_default()
    }

    /// `family` of the task definition, without the revision number.
    pub fn family(&self) -> &str {
        self.document.get("family").and_then(Value::as_str).unwrap_or_default()
    }

    /// What each of its tasks is given; `None` when it says no size, as revisions for servers of one's own may.
    pub fn size(&self) -> Option<TaskSize> {
        let units = |field: &str| self.document.get(field)?.as_str()?.parse::<u32>().ok();
        let arch = self.document.get("runtimePlatform").and_then(|platform| platform.get("cpuArchitecture"));
        let arch = arch.and_then(Value::as_str).map_or(Some(Arch::default()), |arch| arch.parse().ok())?;
        Some(TaskSize { cpu_units: units("cpu")?, memory_mib: units("memory")?, arch })
    }

    /// Has an essential container a health check? ECS derives a task's health from these, and ignores one that is part of
    /// the image: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html>.
    pub fn has_health_check(&self) -> bool {
        let checks = |container: &Value| container["essential"] != false && container["healthCheck"].is_object();
        self.containers().any(checks)
    }

    /// The images of the containers that `source` is about.
    pub fn images(&self, source: &ImageSource) -> Vec<ImageRef> {
        let home = self.home();
        self.containers().filter_map(|container| image_of(container, source, &home)).collect()
    }

    /// The same revision with other images: the request that registers it.
    ///
    /// Only containers that a source is about change; sidecars of other repositories stay.
    pub fn with_images(&self, images: &[(ImageSource, Digest)]) -> Value {
        let (mut document, home) = (self.comparable(), self.home());
        for container in document.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten() {
            let pinned =
                images.iter().find_map(|(source, digest)| Some(image_of(container, source, &home)?.pinned(digest)));
            if let Some(pinned) = pinned {
                container["image"] = pinned.into();
            }
        }
        // AWS refuses an empty list of tags, and tags of its own prefix.
        let tags: Vec<Value> = self.own_tags().map(|(key, value)| json!({"key": key, "value": value})).collect();
        if !tags.is_empty() {
            document.insert("tags".into(), tags.into());
        }
        Value::Object(document)
    }

    /// In what a registered revision is not what was requested; empty when it has all of that, whatever else it has.
    pub fn differences(&self, request: &Value) -> Vec<String> {
        let mut wanted = request.as_object().cloned().unwrap_or_default();
        let tags = wanted.remove("tags");
        let mut found = Vec::new();
        compare("", &Value::Object(wanted), &Value::Object(self.comparable()), &mut found);
        let text = |tag: &Value, field: &str| tag.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let tags = tags.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let tags: BTreeMap<String, String> = tags.iter().map(|tag| (text(tag, "key"), text(tag, "value"))).collect();
        if tags.iter().any(|(key, value)| self.tags.get(key) != Some(value)) {
            found.push("tags".into());
        }
        found.sort();
        found
    }

    /// Account and region, from its ARN: `arn:aws:ecs:<region>:<account>:task-definition/<family>:<revision>`.
    fn home(&self) -> Registry {
        let part = |n: usize| self.arn().split(':').nth(n).filter(|part| !part.is_empty()).map(str::to_owned);
        Registry { account: part(4), region: part(3) }
    }

    fn own_tags(&self) -> impl Iterator<Item = (&String, &String)> {
        self.tags.iter().filter(|(key, _)| !key.starts_with("aws:"))
    }

    pub(super) fn containers(&self) -> impl Iterator<Item = &Value> {
        self.document.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten()
    }

    fn comparable(&self) -> Map<String, Value> {
        let own = |(key, _): &(&String, &Value)| !WRITTEN_BY_ECS.contains(&key.as_str());
        self.document.iter().filter(own).map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

/// The image of a container, if `source` is about it.
fn image_of(container: &Value, source: &ImageSource, home: &Registry) -> Option<ImageRef> {
    let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
    let image: ImageRef = container.get("image")?.as_str()?.parse().ok()?;
    let named = source.containers.is_empty() || source.containers.iter().any(|container| container == name);
    (named && image.is_of(source, home)).then_some(image)
}

/// Names the paths in which `got` lacks what was wanted. What was not asked for is no difference: ECS answers with
/// defaults of its own, and new ones appear without notice (`enableFaultInjection` did,
/// <https://github.com/aws-actions/amazon-ecs-deploy-task-definition/issues/701>). Absent, null and empty are one.
fn compare(path: &str, wanted: &Value, got: &Value, found: &mut Vec<String>) {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    match (wanted, got) {
        (wanted, got) if wanted == got || empty(wanted) => {}
        (Value::Object(wanted), Value::Object(got)) => {
            for (key, wanted) in wanted {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&path, wanted, got.get(key).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(wanted), Value::Array(got)) if names(wanted).is_some() && names(wanted) == names(got) => {
            // Containers, variables, secrets: ECS is free to answer them in another order.
            let named =
                |list: &[Value], name: &str| list.iter().find(|item| item["name"] == name).cloned().unwrap_or_default();
            for name in names(wanted).unwrap_or_default() {
                compare(&format!("{path}[{name}]"), &named(wanted, name), &named(got, name), found);
            }
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (i, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                compare(&format!("{path}[{i}]"), wanted, got, found);
            }
        }
        // Paths only: a value may be a secret in an environment variable.
        _ => found.push(path.to_owned()),
    }
}

/// The names in a list of things with names of their own, in order of the alphabet.
fn names(list: &[Value]) -> Option<Vec<&str>> {
    let mut names: Vec<&str> = list.iter().map(|item| item.get("name")?.as_str()).collect::<Option<_>>()?;
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    (names.len() == all).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

    fn answer() -> Value {
        json!({
            "taskDefinition": {
                "taskDefinitionArn": "arn:aws:ecs:eu-central-1:123456789012:task-definition/api:7",
                "family": "api", "revision": 7, "status": "ACTIVE", "registeredAt": 1.7e9, "compatibilities": ["EC2"],
                "cpu": "1024", "ephemeralStorage": {"sizeInGiB": 30}, "fieldFromNextYear": {"a": [1, {"b": null}]},
                "volumes": [],
                "containerDefinitions": [
                    {"name": "api", "image": format!("{REGISTRY}/acme/api:live"), "environment": [{"name": "KEY", "value": "s3cret"}]},
                    {"name": "worker", "image": format!("{REGISTRY}/acme/api@sha256:{}", "0".repeat(64))},
                    {"name": "proxy", "image": "public.ecr.aws/nginx/nginx:1"}
                ]
            },
            "tags": [{"key": "team", "value": "web"}, {"key": "aws:cloudformation:stack-name", "value": "x"}]
        })
    }

    fn digest() -> Digest {
        format!("sha256:{}", "ab".repeat(32)).parse().unwrap()
    }

    fn source(containers: &[&str]) -> ImageSource {
        let containers = containers.iter().map(|name| (*name).to_owned()).collect();
        ImageSource { repository: "acme/api".into(), containers, ..ImageSource::default() }
    }

    fn request() -> Value {
        Revision::from_answer(&answer()).unwrap().with_images(&[(source(&[]), digest())])
    }

    #[test]
    fn containers_of_one_repository_get_the_images_of_their_own_entries() {
        let other: Digest = format!("sha256:{}", "cd".repeat(32)).parse().unwrap();
        let revision = Revision::from_answer(&answer()).unwrap();
        let request = revision.with_images(&[(source(&["api"]), digest()), (source(&["worker"]), other.clone())]);
        assert_eq!(request["containerDefinitions"][0]["image"], format!("{REGISTRY}/acme/api@{}", digest()));
        assert_eq!(request["containerDefinitions"][1]["image"], format!("{REGISTRY}/acme/api@{other}"));
        assert_eq!(revision.images(&source(&["api"])).len(), 1);
        assert_eq!(revision.images(&source(&[])).len(), 2);
    }

    #[test]
    fn a_repository_of_the_same_name_in_another_account_is_left_alone() {
        let mut answer = answer();
        let central = "999999999999.dkr.ecr.eu-central-1.amazonaws.com/acme/api:live";
        answer["taskDefinition"]["containerDefinitions"][1]["image"] = central.into();
        let request = Revision::from_answer(&answer).unwrap().with_images(&[(source(&[]), digest())]);
        assert_eq!(request["containerDefinitions"][0]["image"], format!("{REGISTRY}/acme/api@{}", digest()));
        assert_eq!(request["containerDefinitions"][1]["image"], central);
    }

    #[test]
    fn what_ecs_adds_to_a_registration_is_no_difference() {
        let request = request();
        let mut registered = json!({"taskDefinition": request, "tags": request["tags"]});
        let document = registered["taskDefinition"].as_object_mut().unwrap();
        document.remove("tags");
        document.insert("taskDefinitionArn".into(), "arn".into());
        document.insert("enableFaultInjection".into(), false.into());
        document["containerDefinitions"][0]["essential"] = true.into();
        registered["tags"].as_array_mut().unwrap().push(json!({"key": "added", "value": "by a tag policy"}));
        assert_eq!(Revision::from_answer(&registered).unwrap().differences(&request), Vec::<String>::new());
    }

    #[test]
    fn only_containers_of_the_repository_change_and_unknown_fields_stay() {
        let request = request();
        let image = |i: usize| request["containerDefinitions"][i]["image"].as_str().unwrap();
        assert_eq!(image(0), format!("{REGISTRY}/acme/api@{}", digest()));
        assert_eq!(image(1), image(0));
        assert_eq!(image(2), "public.ecr.aws/nginx/nginx:1");
        assert_eq!(request["fieldFromNextYear"], answer()["taskDefinition"]["fieldFromNextYear"]);
        assert_eq!(request["tags"], json!([{"key": "team", "value": "web"}]));
        for key in WRITTEN_BY_ECS {
            assert!(request.get(key).is_none(), "{key}");
        }
    }

    #[test]
    fn the_size_of_a_task_is_read_where_it_is_said() {
        let sized = |fields: Value| {
            let mut answer = answer();
            answer["taskDefinition"].as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            Revision::from_answer(&answer).unwrap().size()
        };
        let size = |arch| Some(TaskSize { cpu_units: 1024, memory_mib: 2048, arch });
        assert_eq!(sized(json!({"memory": "2048"})), size(Arch::X86_64));
        let arm = json!({"memory": "2048", "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}});
        assert_eq!(sized(arm), size(Arch::Arm64));
        assert_eq!(sized(json!({})), None);
        assert_eq!(sized(json!({"memory": "2048", "runtimePlatform": {"cpuArchitecture": "RISCV"}})), None);
    }

    #[test]
    fn a_faithful_registration_has_no_differences() {
        let request = request();
        let mut registered = json!({"taskDefinition": request, "tags": request["tags"]});
        registered["taskDefinition"].as_object_mut().unwrap().remove("tags");
        registered["taskDefinition"]["taskDefinitionArn"] =
            "arn:aws:ecs:eu-central-1:123456789012:task-definition/api:8".into();
        registered["taskDefinition"]["revision"] = 8.into();
        registered["taskDefinition"].as_object_mut().unwrap().remove("volumes");
        registered["taskDefinition"]["containerDefinitions"].as_array_mut().unwrap().reverse();
        registered["taskDefinition"]["inferenceAccelerators"] = json!([]);
        assert_eq!(Revision::from_answer(&registered).unwrap().differences(&request), Vec::<String>::new());
    }

    #[test]
    fn every_other_difference_is_named_by_path_and_never_by_value() {
        let request = request();
        let mut registered = json!({"taskDefinition": request, "tags": []});
        let document = registered["taskDefinition"].as_object_mut().unwrap();
        document.remove("tags");
        document.remove("ephemeralStorage");
        document["containerDefinitions"][0]["environment"][0]["value"] = "other".into();
        document.insert("taskDefinitionArn".into(), "arn".into());
        let differences = Revision::from_answer(&registered).unwrap().differences(&request);
        assert_eq!(differences, ["containerDefinitions[api].environment[KEY].value", "ephemeralStorage", "tags"]);
    }
}
