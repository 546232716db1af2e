//! Events of ECS, on the bus and among the service's own.
//!
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html>.

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::model::remember;
use super::state::Ecs;
use super::task::{Health, Status, Task};
use super::values::{arn, epoch, list};
use crate::account::{ACCOUNT, REGION};
use crate::world::Cx;
use crate::world::wake::{self, Wake};

/// A steady service gets the same service event about every six hours.
const STEADY: SignedDuration = SignedDuration::from_hours(6);

pub(super) fn iso(at: Timestamp) -> Value {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string().into()
}

impl Ecs {
    /// Adds a line to `events[]`: "(service name) message".
    pub(super) fn add_event(&mut self, number: usize, message: &str, cx: &mut Cx<'_>) {
        let id = cx.id();
        let service = &mut self.services[number];
        let message = format!("(service {}) {message}", service.name);
        service.events.push_front((cx.now, id, message));
        service.events.truncate(100);
    }

    /// `ECS Deployment State Change`.
    pub(super) fn emit_deployment(&self, number: usize, deployment: usize, kind: &str, name: &str, cx: &mut Cx<'_>) {
        let service = &self.services[number];
        let deployment = &service.deployments[deployment];
        let detail = json!({
            "eventType": kind, "eventName": name, "deploymentId": deployment.id, "updatedAt": iso(deployment.updated_at),
            "reason": deployment.reason,
        });
        cx.note(format!("ecs: {}/{} {name} {}: {}", service.cluster, service.name, deployment.id, deployment.reason));
        cx.emit("aws.ecs", "ECS Deployment State Change", std::slice::from_ref(&service.arn), detail);
    }

    /// `ECS Service Action`.
    pub(super) fn emit_action(&self, number: usize, kind: &str, name: &str, more: Value, cx: &mut Cx<'_>) {
        let service = &self.services[number];
        let mut detail = json!({
            "eventType": kind, "eventName": name, "clusterArn": arn(&format!("cluster/{}", service.cluster)), "createdAt": iso(cx.now),
        });
        if let (Value::Object(detail), Value::Object(more)) = (&mut detail, more) {
            detail.extend(more);
        }
        cx.emit("aws.ecs", "ECS Service Action", std::slice::from_ref(&service.arn), detail);
    }

    /// A service has reached a steady state.
    pub(super) fn reach_steady_state(&mut self, number: usize, cx: &mut Cx<'_>) {
        self.services[number].is_steady = true;
        self.add_event(number, "has reached a steady state.", cx);
        self.emit_action(number, "INFO", "SERVICE_STEADY_STATE", json!({}), cx);
        cx.after(STEADY, Wake::Ecs(wake::Ecs::Steady(number)));
    }

    pub(super) fn steady_again(&mut self, number: usize, cx: &mut Cx<'_>) {
        let service = &self.services[number];
        // A later one repeats after its own six hours.
        let last = service.events.iter().find(|(_, _, message)| message.ends_with("has reached a steady state."));
        if service.active && service.is_steady && last.is_none_or(|(at, ..)| cx.now - STEADY >= *at) {
            self.reach_steady_state(number, cx);
        }
    }

    /// Records the new state of a task and sends its event: `ECS Task State Change`.
    pub(super) fn task_changed(&mut self, number: u64, cx: &mut Cx<'_>) {
        let Some(task) = self.tasks.get_mut(&number) else { return };
        task.version += 1;
        let view = Rc::new(task_view(task, epoch));
        remember(&mut task.versions, view, cx);
        let mut detail = task_view(task, iso);
        detail["updatedAt"] = iso(cx.now);
        let resources = [task.arn.clone()];
        cx.emit("aws.ecs", "ECS Task State Change", &resources, detail);
        if let Some((service, _)) = self.tasks[&number].of {
            self.changed(service, cx);
        }
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Provisioning => "PROVISIONING",
        Status::Pending => "PENDING",
        Status::Activating => "ACTIVATING",
        Status::Running => "RUNNING",
        Status::Deactivating => "DEACTIVATING",
        Status::Stopping => "STOPPING",
        Status::Deprovisioning => "DEPROVISIONING",
        Status::Stopped => "STOPPED",
    }
}

fn health(health: Health) -> &'static str {
    match health {
        Health::Unknown => "UNKNOWN",
        Health::Healthy => "HEALTHY",
        Health::Unhealthy => "UNHEALTHY",
    }
}

/// A task as it is answered and as its event has it: only times differ.
pub(super) fn task_view(task: &Task, time: fn(Timestamp) -> Value) -> Value {
    let definition = &task.definition;
    let text = |field: &str, default: &str| definition[field].as_str().unwrap_or(default).to_owned();
    let essential = essential(definition);
    let container_status = match task.status {
        Status::Provisioning | Status::Pending => "PENDING",
        Status::Deprovisioning | Status::Stopped => "STOPPED",
        _ => "RUNNING",
    };
    let container = |(name, image, digest): &(String, String, Option<String>)| {
        let mut container = json!({
            "containerArn": arn(&format!("container/{}/{:032x}/{name}", task.cluster, task.number)), "taskArn": task.arn, "name": name,
            "image": image, "lastStatus": container_status, "healthStatus": health(task.health), "cpu": "0", "networkInterfaces": [],
        });
        // Until the image was pulled there is neither digest nor runtime.
        if let (Some(digest), Some(_)) = (digest, task.pulled.1) {
            container["imageDigest"] = digest.clone().into();
            container["runtimeId"] = format!("{:032x}-{}", task.number, 265_927_825).into();
        }
        if *name == essential {
            if let Some(exit) = task.exit {
                container["exitCode"] = exit.into();
            }
            if let Some(reason) = &task.container_reason {
                container["reason"] = reason.clone().into();
            }
        } else if task.exit.is_some() {
            container["exitCode"] = 0.into();
        }
        container
    };
    let mut view = json!({
        "taskArn": task.arn, "clusterArn": arn(&format!("cluster/{}", task.cluster)),
        "taskDefinitionArn": definition["taskDefinitionArn"], "group": task.group,
        "lastStatus": status(task.status), "desiredStatus": if task.is_wanted() { "RUNNING" } else { "STOPPED" },
        "healthStatus": health(task.health), "cpu": text("cpu", "256"), "memory": text("memory", "512"),
        "containers": task.images.iter().map(container).collect::<Vec<_>>(), "overrides": task.overrides,
        "availabilityZone": format!("{REGION}{}", ["a", "b", "c"][usize::try_from(task.number % 3).unwrap_or(0)]),
        "attachments": [], "attributes": [{ "name": "ecs.cpu-architecture", "value": "x86_64" }],
        "launchType": "FARGATE", "platformVersion": "1.4.0", "platformFamily": "Linux", "enableExecuteCommand": false,
        "createdAt": time(task.created_at), "version": task.version,
        "ephemeralStorage": { "sizeInGiB": 20 },
    });
    let mut put = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            view[field] = value;
        }
    };
    put("startedBy", task.started_by.clone().map(Value::from));
    put("capacityProviderName", task.provider.clone().map(Value::from));
    put("pullStartedAt", task.pulled.0.map(time));
    put("pullStoppedAt", task.pulled.1.map(time));
    put("startedAt", task.started_at.map(time));
    put("executionStoppedAt", task.ended_at.map(time));
    put("stoppedAt", task.stopped_at.map(time));
    if let Some(stop) = &task.stop {
        put("stopCode", Some(stop.code.into()));
        put("stoppedReason", Some(stop.reason.clone().into()));
        put("stoppingAt", Some(time(stop.at)));
    }
    if task.started_at.is_some() {
        put("connectivity", Some("CONNECTED".into()));
    }
    view
}

/// Name of the essential container that counts: the first.
fn essential(definition: &Value) -> String {
    let mut containers = list(&definition["containerDefinitions"]).iter();
    let found = containers.find(|container| container["essential"] != false);
    found.and_then(|container| container["name"].as_str()).unwrap_or_default().to_owned()
}

/// ARN of a capacity provider, as placement failures have it.
pub(super) fn provider_arn(provider: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:capacity-provider/{provider}")
}
