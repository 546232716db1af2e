//! Calls about service deployments and service revisions, which ECS keeps for 90 days:
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html>,
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-revision.html>.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::model::{Service, ServiceDeployment};
use super::state::Ecs;
use super::update::moment;
use super::values::{arn, epoch, list, number};
use super::view::{configuration, place};
use crate::wire::{Answer, Failure};
use crate::world::Cx;

/// How long ECS keeps a service deployment.
const HISTORY: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Ecs {
    pub(super) fn list_deployments(&mut self, input: &Value, cx: &mut Cx<'_>) -> Answer {
        let service = input["service"].as_str().unwrap_or_default();
        // An ARN of a service names its cluster.
        let cluster = match (service.split('/').count(), input["cluster"].is_null()) {
            (3, true) => service.split('/').nth(1).unwrap_or_default().to_owned(),
            _ => self.cluster(input)?,
        };
        let Some(place) = self.number(&cluster, service) else {
            return Err(Failure::new("ServiceNotFoundException", "Service not found."));
        };
        let as_of = self.as_of(cx);
        let service = &self.services[place];
        let statuses = list(&input["status"]);
        let (after, before) = (moment(&input["createdAt"]["after"]), moment(&input["createdAt"]["before"]));
        let found: Vec<Value> = service
            .rollouts
            .iter()
            .rev()
            .filter(|rollout| rollout.created_at <= as_of && is_kept(rollout, cx.now))
            .filter(|rollout| statuses.is_empty() || statuses.iter().any(|status| *status == status_at(rollout, as_of)))
            .filter(|rollout| {
                let created = epoch(rollout.created_at).as_f64();
                after.is_none_or(|after| created > Some(after)) && before.is_none_or(|before| created < Some(before))
            })
            .map(|rollout| brief(service, rollout, as_of))
            .collect();
        let from: usize = input["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
        let most = usize::try_from(number(&input["maxResults"]).unwrap_or(20)).unwrap_or(20).clamp(1, 100);
        let page: Vec<&Value> = found.iter().skip(from).take(most).collect();
        let mut answer = json!({ "serviceDeployments": page });
        if from + most < found.len() {
            answer["nextToken"] = (from + most).to_string().into();
        }
        Ok(answer)
    }

    pub(super) fn describe_deployments(&mut self, input: &Value, cx: &mut Cx<'_>) -> Answer {
        let names = list(&input["serviceDeploymentArns"]);
        if names.is_empty() || names.len() > 20 {
            return Err(Failure::new(
                "InvalidParameterException",
                "serviceDeploymentArns cannot be empty, and at most 20.",
            ));
        }
        let as_of = self.as_of(cx);
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for name in names.iter().filter_map(Value::as_str) {
            let service = self.of_arn(name);
            let rollout = service.and_then(|service| {
                let rollout = service.rollouts.iter().find(|rollout| rollout.arn == name)?;
                (rollout.created_at <= as_of && is_kept(rollout, cx.now)).then_some((service, rollout))
            });
            match rollout {
                Some((service, rollout)) => found.push(self.full(service, rollout, as_of)),
                None => failures.push(json!({ "arn": name, "reason": "MISSING" })),
            }
        }
        Ok(json!({ "serviceDeployments": found, "failures": failures }))
    }

    pub(super) fn describe_revisions(&self, input: &Value) -> Answer {
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for name in list(&input["serviceRevisionArns"]).iter().filter_map(Value::as_str) {
            let service = self.of_arn(name);
            let revision =
                service.and_then(|service| Some((service, service.revisions.iter().find(|own| own.arn == name)?)));
            let Some((service, revision)) = revision else {
                failures.push(json!({ "arn": name, "reason": "MISSING" }));
                continue;
            };
            let images = revision.images.iter().map(|(container, image, digest)| {
                let mut view = json!({ "containerName": container, "image": image });
                if let Some(digest) = digest {
                    view["imageDigest"] = digest.clone().into();
                }
                view
            });
            let mut view = json!({
                "serviceRevisionArn": revision.arn, "serviceArn": service.arn, "clusterArn": arn(&format!("cluster/{}", service.cluster)),
                "taskDefinition": revision.definition["taskDefinitionArn"], "platformVersion": "1.4.0", "platformFamily": "Linux",
                "loadBalancers": list(&service.spec["loadBalancers"]), "serviceRegistries": list(&service.spec["serviceRegistries"]),
                "networkConfiguration": revision.network, "containerImages": images.collect::<Vec<_>>(), "guardDutyEnabled": false,
                "createdAt": epoch(revision.created_at),
            });
            place(&mut view, &revision.strategy);
            found.push(view);
        }
        Ok(json!({ "serviceRevisions": found, "failures": failures }))
    }

    /// The service that an ARN of a service deployment or revision names.
    fn of_arn(&self, name: &str) -> Option<&Service> {
        let parts: Vec<&str> = name.split('/').collect();
        let [_, cluster, service, _] = parts.as_slice() else { return None };
        self.service(cluster, service)
    }

    fn full(&self, service: &Service, rollout: &ServiceDeployment, as_of: Timestamp) -> Value {
        let target = service.deployments[rollout.deployment].revision;
        let number = self.number(&service.cluster, &service.name).unwrap_or_default();
        let summary = |revision: usize| {
            let deployment = service.deployments.iter().position(|own| own.revision == revision);
            let (running, pending) = self.counts(number, deployment);
            let requested = if revision == service.primary().revision { service.desired } else { 0 };
            json!({ "arn": service.revisions[revision].arn, "requestedTaskCount": requested, "runningTaskCount": running, "pendingTaskCount": pending })
        };
        let breaker = if rollout.triggered == Some("circuitBreaker") { "TRIGGERED" } else { monitoring(rollout) };
        let mut view = json!({
            "serviceDeploymentArn": rollout.arn, "serviceArn": service.arn, "clusterArn": arn(&format!("cluster/{}", service.cluster)),
            "createdAt": epoch(rollout.created_at), "startedAt": epoch(rollout.created_at), "updatedAt": epoch(rollout.updated_at.min(as_of)),
            "sourceServiceRevisions": rollout.sources.iter().map(|revision| summary(*revision)).collect::<Vec<_>>(),
            "targetServiceRevision": summary(target), "status": status_at(rollout, as_of),
            "deploymentConfiguration": configuration(&service.spec),
            "deploymentCircuitBreaker": { "status": breaker, "failureCount": rollout.failures.0, "threshold": rollout.failures.1 },
            "alarms": { "status": if rollout.triggered == Some("alarms") { "TRIGGERED" } else { monitoring(rollout) } },
        });
        if let Some(reason) = rollout.reason.as_ref().filter(|_| rollout.updated_at <= as_of) {
            view["statusReason"] = reason.clone().into();
        }
        if let Some(finished) = rollout.finished_at.filter(|finished| *finished <= as_of) {
            view["finishedAt"] = epoch(finished);
        }
        if let Some((since, reason, revision)) = rollout.rollback.as_ref().filter(|(since, ..)| *since <= as_of) {
            view["rollback"] = json!({ "reason": reason, "startedAt": epoch(*since), "serviceRevisionArn": service.revisions[*revision].arn });
        }
        view
    }
}

fn monitoring(rollout: &ServiceDeployment) -> &'static str {
    if rollout.finished_at.is_some() { "MONITORING_COMPLETE" } else { "MONITORING" }
}

fn is_kept(rollout: &ServiceDeployment, now: Timestamp) -> bool {
    now.duration_since(rollout.created_at) < HISTORY
}

/// The status as it was at a time.
fn status_at(rollout: &ServiceDeployment, as_of: Timestamp) -> &'static str {
    let rolled = rollout.rollback.as_ref().is_some_and(|(since, ..)| *since <= as_of);
    match rollout.finished_at {
        Some(finished) if finished <= as_of => rollout.status,
        // It begins to work a moment after it was created.
        _ if as_of.duration_since(rollout.created_at) < SignedDuration::from_secs(1) => "PENDING",
        _ if rolled => "ROLLBACK_IN_PROGRESS",
        _ => "IN_PROGRESS",
    }
}

fn brief(service: &Service, rollout: &ServiceDeployment, as_of: Timestamp) -> Value {
    let target = service.deployments[rollout.deployment].revision;
    let mut view = json!({
        "serviceDeploymentArn": rollout.arn, "serviceArn": service.arn, "clusterArn": arn(&format!("cluster/{}", service.cluster)),
        "createdAt": epoch(rollout.created_at), "startedAt": epoch(rollout.created_at),
        "targetServiceRevisionArn": service.revisions[target].arn, "status": status_at(rollout, as_of),
    });
    if let Some(reason) = rollout.reason.as_ref().filter(|_| rollout.updated_at <= as_of) {
        view["statusReason"] = reason.clone().into();
    }
    if let Some(finished) = rollout.finished_at.filter(|finished| *finished <= as_of) {
        view["finishedAt"] = epoch(finished);
    }
    view
}
