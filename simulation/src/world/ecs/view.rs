//! How a service is answered, now or as it was before recent writes.
//!
//! `DescribeServices`: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html>. "The Amazon ECS API follows an eventual
//! consistency model": RunTask, "Eventual consistency"; bugcrowd/ecs-deployment-monitor#2 saw a new deployment missing three times.

use std::rc::Rc;

use serde_json::{Value, json};

use super::model::{Deployment, Item, Rollout, Service, at, remember};
use super::state::Ecs;
use super::task::Status;
use super::values::{arn, epoch, list};
use crate::wire::{Answer, Failure};
use crate::world::Cx;

impl Ecs {
    /// Notes what is true of a service from now on.
    pub(super) fn changed(&mut self, number: usize, cx: &Cx<'_>) {
        let view = Rc::new(self.service_view(number));
        let versions = &mut self.services[number].versions;
        if versions.back().is_none_or(|(_, last)| *last != view) {
            remember(versions, view, cx);
        }
    }

    /// A service as it is answered, without events and tags.
    pub(super) fn service_view(&self, number: usize) -> Value {
        let service = &self.services[number];
        let (running, pending) = self.counts(number, None);
        let mut listed: Vec<usize> =
            (0..service.deployments.len()).filter(|place| self.is_listed(number, *place)).collect();
        listed.reverse();
        listed.sort_by_key(|place| *place != service.primary);
        let deployments: Vec<Value> = listed.iter().map(|place| self.deployment_view(number, *place)).collect();
        let revisions = listed.iter().map(|place| {
            let (running, pending) = self.counts(number, Some(*place));
            let revision = &service.revisions[service.deployments[*place].revision];
            json!({ "arn": revision.arn, "requestedTaskCount": service.desired, "runningTaskCount": running, "pendingTaskCount": pending })
        });
        let spec = &service.spec;
        let or = |field: &str, default: Value| if spec[field].is_null() { default } else { spec[field].clone() };
        let mut view = json!({
            "serviceArn": service.arn, "serviceName": service.name, "clusterArn": arn(&format!("cluster/{}", service.cluster)),
            "status": match (service.active, service.tasks.is_empty()) {
                (true, _) => "ACTIVE",
                (false, false) => "DRAINING",
                (false, true) => "INACTIVE",
            },
            "desiredCount": service.desired, "runningCount": running, "pendingCount": pending,
            "taskDefinition": service.revision().definition["taskDefinitionArn"],
            "loadBalancers": or("loadBalancers", json!([])), "serviceRegistries": or("serviceRegistries", json!([])),
            "deploymentConfiguration": configuration(spec), "deployments": deployments, "createdAt": epoch(service.created_at),
            "networkConfiguration": service.revision().network, "platformVersion": "LATEST", "platformFamily": "Linux",
            "placementConstraints": [], "placementStrategy": [], "schedulingStrategy": "REPLICA",
            "deploymentController": or("deploymentController", json!({ "type": "ECS" })),
            "healthCheckGracePeriodSeconds": or("healthCheckGracePeriodSeconds", json!(0)),
            "enableECSManagedTags": or("enableECSManagedTags", json!(false)), "propagateTags": or("propagateTags", json!("NONE")),
            "enableExecuteCommand": or("enableExecuteCommand", json!(false)), "availabilityZoneRebalancing": "DISABLED",
            "currentServiceRevisions": revisions.collect::<Vec<_>>(), "events": [],
        });
        if let Some(current) = service.current() {
            view["currentServiceDeployment"] = current.arn.clone().into();
        }
        place(&mut view, &service.revision().strategy);
        view
    }

    fn deployment_view(&self, number: usize, place_of: usize) -> Value {
        let service = &self.services[number];
        let deployment = &service.deployments[place_of];
        let revision = &service.revisions[deployment.revision];
        let (running, pending) = self.counts(number, Some(place_of));
        let is_primary = place_of == service.primary;
        let desired = match (is_primary, deployment.state) {
            (true, _) => service.desired,
            (false, Rollout::Failed) => 0,
            (false, _) => self.wanted(number, place_of).count().try_into().unwrap_or(0),
        };
        let mut view = json!({
            "id": deployment.id, "status": if is_primary { "PRIMARY" } else { "ACTIVE" },
            "taskDefinition": revision.definition["taskDefinitionArn"], "desiredCount": desired, "pendingCount": pending,
            "runningCount": running, "failedTasks": deployment.failed, "createdAt": epoch(deployment.created_at),
            "updatedAt": epoch(deployment.updated_at), "platformVersion": "1.4.0", "platformFamily": "Linux",
            "networkConfiguration": revision.network,
        });
        // "Only returned for services that use the rolling update (ECS) deployment type".
        if service.spec["deploymentController"]["type"].as_str().unwrap_or("ECS") == "ECS" {
            view["rolloutState"] = state(deployment).into();
            view["rolloutStateReason"] = deployment.reason.clone().into();
        }
        place(&mut view, &revision.strategy);
        view
    }

    /// Tasks that are RUNNING and on their way there.
    pub(super) fn counts(&self, number: usize, deployment: Option<usize>) -> (usize, usize) {
        let tasks = self.services[number].tasks.iter().map(|task| &self.tasks[task]);
        let tasks = tasks.filter(|task| deployment.is_none_or(|wanted| task.of == Some((number, wanted))));
        tasks.fold((0, 0), |(running, pending), task| match task.status {
            Status::Running => (running + 1, pending),
            Status::Provisioning | Status::Pending | Status::Activating => (running, pending + 1),
            _ => (running, pending),
        })
    }

    /// PRIMARY, or ACTIVE: with tasks. "INACTIVE: a deployment that has been completely replaced" is not answered.
    fn is_listed(&self, number: usize, deployment: usize) -> bool {
        let service = &self.services[number];
        if !service.active {
            return false;
        }
        deployment == service.primary || {
            let (running, pending) = self.counts(number, Some(deployment));
            running + pending > 0
        }
    }

    pub(super) fn describe_services(&mut self, input: &Value, cx: &mut Cx<'_>) -> Answer {
        let cluster = self.cluster(input)?;
        let names = list(&input["services"]);
        if names.is_empty() || names.len() > 10 {
            return Err(Failure::new("InvalidParameterException", "Services cannot be empty, and at most 10."));
        }
        let tags = list(&input["include"]).iter().any(|field| field == "TAGS");
        let as_of = self.as_of(cx);
        let (mut services, mut failures) = (Vec::new(), Vec::new());
        for name in names {
            let name = name.as_str().unwrap_or_default();
            let found =
                self.number(&cluster, name).filter(|_| !cx.goes_wrong(cx.weather.partial, "an answer has only a part"));
            match found.and_then(|number| self.service_at(&self.services[number], as_of)) {
                Some(mut view) => {
                    if tags {
                        let own = &self.services[found.unwrap_or_default()].spec["tags"];
                        view["tags"] = if own.is_null() { json!([]) } else { own.clone() };
                    }
                    services.push(view);
                }
                None => {
                    let short = name.rsplit('/').next().unwrap_or(name);
                    failures.push(json!({ "arn": arn(&format!("service/{cluster}/{short}")), "reason": "MISSING" }));
                }
            }
        }
        Ok(json!({ "services": services, "failures": failures }))
    }

    /// The time of which an answer is.
    pub(super) fn as_of(&mut self, cx: &mut Cx<'_>) -> jiff::Timestamp {
        cx.staleness().map_or(cx.now, |age| {
            self.counters.stale += 1;
            cx.now - age
        })
    }

    fn service_at(&self, service: &Service, as_of: jiff::Timestamp) -> Option<Value> {
        let mut view = at(&service.versions, as_of).map(|view| Value::clone(view))?;
        let events = service.events.iter().filter(|(since, ..)| *since <= as_of).take(100);
        let events =
            events.map(|(since, id, message)| json!({ "id": id, "createdAt": epoch(*since), "message": message }));
        view["events"] = events.collect::<Vec<_>>().into();
        Some(view)
    }

    /// The service as the answer to a write has it.
    pub(super) fn answered(&self, number: usize, cx: &Cx<'_>) -> Value {
        self.service_at(&self.services[number], cx.now).unwrap_or_default()
    }
}

pub(super) fn state(deployment: &Deployment) -> &'static str {
    match deployment.state {
        Rollout::InProgress => "IN_PROGRESS",
        Rollout::Completed => "COMPLETED",
        Rollout::Failed => "FAILED",
    }
}

/// `deploymentConfiguration` with its defaults.
pub(super) fn configuration(spec: &Value) -> Value {
    let mut own =
        if spec["deploymentConfiguration"].is_object() { spec["deploymentConfiguration"].clone() } else { json!({}) };
    for (field, default) in
        [("maximumPercent", json!(200)), ("minimumHealthyPercent", json!(100)), ("strategy", json!("ROLLING"))]
    {
        if own[field].is_null() {
            own[field] = default;
        }
    }
    if own["deploymentCircuitBreaker"].is_null() {
        own["deploymentCircuitBreaker"] = json!({ "enable": false, "rollback": false });
    }
    own
}

pub(super) fn strategy_view(strategy: &[Item]) -> Value {
    strategy
        .iter()
        .map(|item| json!({ "capacityProvider": item.provider, "base": item.base, "weight": item.weight }))
        .collect()
}

/// A strategy, or else a launch type.
pub(super) fn place(view: &mut Value, strategy: &[Item]) {
    if strategy.is_empty() {
        view["launchType"] = "FARGATE".into();
    } else {
        view["capacityProviderStrategy"] = strategy_view(strategy);
    }
}
