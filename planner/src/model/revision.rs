//! A task definition revision as a document, not as a struct.
//!
//! A typed struct drops every field that is newer than the SDK, which is how tools lose `ephemeralStorage` or
//! `runtimePlatform` on the way from one revision to the next. The document keeps what it does not know.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::image::{Digest, ImageRef};
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

    /// The images of its containers that come from `repository` in ECR.
    pub fn images<'a>(&'a self, repository: &'a str) -> impl Iterator<Item = ImageRef> + 'a {
        self.containers()
            .filter_map(|container| container.get("image")?.as_str()?.parse::<ImageRef>().ok())
            .filter(move |image| image.is_ecr(repository))
    }

    /// The same revision with other images: the request that registers it.
    ///
    /// Only containers whose repository is named in `images` change; sidecars of other repositories stay.
    pub fn with_images(&self, images: &BTreeMap<String, Digest>) -> Value {
        let mut document: Map<String, Value> = self.comparable();
        for container in document.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(image) =
                container.get("image").and_then(Value::as_str).and_then(|text| text.parse::<ImageRef>().ok())
            else {
                continue;
            };
            if let Some((_, digest)) = images.iter().find(|(repository, _)| image.is_ecr(repository)) {
                container["image"] = image.pinned(digest).into();
            }
        }
        // AWS refuses an empty list of tags, and tags of its own prefix.
        let tags: Vec<Value> = self.own_tags().map(|(key, value)| json!({"key": key, "value": value})).collect();
        if !tags.is_empty() {
            document.insert("tags".into(), tags.into());
        }
        Value::Object(document)
    }

    /// In what a registered revision differs from the request that made it; empty when it is what was requested.
    pub fn differences(&self, request: &Value) -> Vec<String> {
        let mut wanted = request.as_object().cloned().unwrap_or_default();
        let tags = wanted.remove("tags");
        let mut found = Vec::new();
        compare("", &Value::Object(wanted), &Value::Object(self.comparable()), &mut found);
        let text = |tag: &Value, field: &str| tag.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let tags = tags.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let tags: BTreeMap<String, String> = tags.iter().map(|tag| (text(tag, "key"), text(tag, "value"))).collect();
        if tags != self.own_tags().map(|(key, value)| (key.clone(), value.clone())).collect() {
            found.push("tags".into());
        }
        found
    }

    fn own_tags(&self) -> impl Iterator<Item = (&String, &String)> {
        self.tags.iter().filter(|(key, _)| !key.starts_with("aws:"))
    }

    fn containers(&self) -> impl Iterator<Item = &Value> {
        self.document.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten()
    }

    fn comparable(&self) -> Map<String, Value> {
        let own = |(key, _): &(&String, &Value)| !WRITTEN_BY_ECS.contains(&key.as_str());
        self.document.iter().filter(own).map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

/// Names the paths in which two documents differ. Absent, null and empty are one: ECS answers with empty lists for
/// what was never given.
fn compare(path: &str, wanted: &Value, got: &Value, found: &mut Vec<String>) {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    match (wanted, got) {
        (wanted, got) if wanted == got || (empty(wanted) && empty(got)) => {}
        (Value::Object(wanted), Value::Object(got)) => {
            let mut keys: Vec<&String> = wanted.keys().chain(got.keys()).collect();
            keys.sort();
            keys.dedup();
            let null = Value::Null;
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(&path, wanted.get(key).unwrap_or(&null), got.get(key).unwrap_or(&null), found);
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

    fn request() -> Value {
        Revision::from_answer(&answer()).unwrap().with_images(&BTreeMap::from([("acme/api".to_owned(), digest())]))
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
