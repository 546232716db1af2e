//! Task definitions.
//!
//! `RegisterTaskDefinition`, `DescribeTaskDefinition`: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>.
//! Defaults that the server adds to the echo: deploy-task-definition#701 and #706 (`enableFaultInjection`).

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::model::Definition;
use super::state::Ecs;
use super::values::{arn, epoch, list, number, wire};
use crate::wire::{Answer, Failure};
use crate::world::Cx;

/// What an answer has and `RegisterTaskDefinition` refuses.
pub const NOT_REGISTERED: [&str; 7] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
];

impl Ecs {
    /// Registers the task definition of a template, as CloudFormation does; its ARN.
    pub fn register_resource(&mut self, properties: &Value, at: jiff::Timestamp) -> String {
        let mut body = wire(properties);
        for (place, container) in list(&body["containerDefinitions"]).to_vec().iter().enumerate() {
            for field in ["stopTimeout", "startTimeout", "cpu", "memory"] {
                if let Some(count) = number(&container[field]) {
                    body["containerDefinitions"][place][field] = count.into();
                }
            }
        }
        let tags = body.as_object_mut().and_then(|body| body.remove("tags")).unwrap_or_else(|| json!([]));
        self.add_definition(body, tags, at)
    }

    fn add_definition(&mut self, mut body: Value, tags: Value, at: jiff::Timestamp) -> String {
        let family = body["family"].as_str().unwrap_or_default().to_owned();
        let revisions = self.definitions.entry(family.clone()).or_default();
        let revision = revisions.len() + 1;
        let arn = arn(&format!("task-definition/{family}:{revision}"));
        let more = json!({
            "taskDefinitionArn": arn, "revision": revision, "status": "ACTIVE", "registeredAt": epoch(at),
            "registeredBy": "arn:aws:sts::123456789012:assumed-role/huskit/session",
            "compatibilities": ["EC2", "FARGATE", "MANAGED_INSTANCES"],
            "requiresAttributes": [{ "name": "com.amazonaws.ecs.capability.ecr-auth" }, { "name": "ecs.capability.task-eni" }],
        });
        defaults(&mut body, json!({ "volumes": [], "placementConstraints": [], "enableFaultInjection": false }));
        defaults(&mut body, more);
        if let Some(containers) = body["containerDefinitions"].as_array_mut() {
            containers.iter_mut().for_each(container);
        }
        revisions.push(Definition { body: Rc::new(body), tags });
        arn
    }

    /// A revision by family, `family:revision` or ARN.
    pub fn definition(&self, name: &str) -> Option<&Definition> {
        let name = name.rsplit('/').next().unwrap_or(name);
        match name.split_once(':') {
            Some((family, revision)) => {
                let revision: usize = revision.parse().ok()?;
                self.definitions.get(family)?.get(revision.checked_sub(1)?)
            }
            // "The latest ACTIVE revision in the specified family."
            None => self.definitions.get(name)?.iter().rev().find(|definition| definition.body["status"] == "ACTIVE"),
        }
    }

    pub(super) fn register(&mut self, input: &Value, cx: &mut Cx<'_>) -> Answer {
        let invalid = |sentence: &str| Err(Failure::new("ClientException", sentence));
        let family = input["family"].as_str().unwrap_or_default();
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if family.is_empty() || family.len() > 255 || !family.chars().all(fits) {
            return invalid("Family contains invalid characters.");
        }
        let containers = list(&input["containerDefinitions"]);
        if containers.is_empty() {
            return invalid("Container definitions should not be empty.");
        }
        for container in containers {
            if container["name"].as_str().is_none_or(str::is_empty)
                || container["image"].as_str().is_none_or(str::is_empty)
            {
                return invalid("Container.image and Container.name should not be null or empty.");
            }
        }
        for field in NOT_REGISTERED {
            if !input[field].is_null() {
                return Err(Failure::new("SerializationException", format!("unknown parameter {field}")));
            }
        }
        if list(&input["tags"]).len() > 50 {
            return Err(Failure::new("InvalidParameterException", "Too many tags."));
        }
        let mut body = input.clone();
        let tags = body.as_object_mut().and_then(|body| body.remove("tags")).unwrap_or_else(|| json!([]));
        let arn = self.add_definition(body, tags, cx.now);
        let definition = self.definition(&arn).cloned();
        let Some(definition) = definition else { return invalid("Unable to describe task definition.") };
        Ok(json!({ "taskDefinition": *definition.body, "tags": definition.tags }))
    }

    pub(super) fn describe_definition(&self, input: &Value) -> Answer {
        let name = input["taskDefinition"].as_str().unwrap_or_default();
        let Some(definition) = self.definition(name) else {
            return Err(Failure::new("ClientException", "Unable to describe task definition."));
        };
        let mut answer = json!({ "taskDefinition": *definition.body });
        if list(&input["include"]).iter().any(|field| field == "TAGS") {
            answer["tags"] = definition.tags.clone();
        }
        Ok(answer)
    }
}

fn container(container: &mut Value) {
    let lists =
        json!({ "environment": [], "mountPoints": [], "volumesFrom": [], "systemControls": [], "portMappings": [] });
    defaults(container, lists);
    defaults(container, json!({ "cpu": 0, "essential": true }));
    if container["healthCheck"].is_object() {
        defaults(&mut container["healthCheck"], json!({ "interval": 30, "timeout": 5, "retries": 3 }));
    }
    if let Some(ports) = container["portMappings"].as_array_mut() {
        for port in ports {
            let own = port["containerPort"].clone();
            defaults(port, json!({ "hostPort": own, "protocol": "tcp" }));
        }
    }
}

/// Fills in what is not there.
fn defaults(value: &mut Value, more: Value) {
    let more = match more {
        Value::Object(more) => more,
        _ => Map::new(),
    };
    if let Some(fields) = value.as_object_mut() {
        for (name, field) in more {
            fields.entry(name).or_insert(field);
        }
    }
}
