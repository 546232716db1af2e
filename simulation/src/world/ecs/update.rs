//! What changes a service: `UpdateService`, creation, deletion.
//!
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>: another task definition, another network or `forceNewDeployment` starts
//! a deployment, the desired count does not. Another capacity provider strategy is refused without `forceNewDeployment`: pipecd#6385, terraform#43533.
//! Services of CodeDeploy and EXTERNAL refuse a task definition: boto3#1936.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fate::images;
use super::model::{Cause, Deployment, Item, Revision, Rollout, Service, ServiceDeployment, shared};
use super::state::{Around, Ecs, FARGATE, FARGATE_SPOT};
use super::values::{arn, epoch, list, number, number as number_of, truth, wire};
use crate::wire::{Answer, Failure};
use crate::world::Cx;

/// When the templates were deployed: long ago.
pub(super) const DEPLOYED: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// The error of ECS when only the strategy changes.
const FORCE: &str = "When switching from launch type to capacity provider strategy on an existing service, or making a change to a capacity provider strategy on a service that is already using one, you must force a new deployment.";

fn invalid(sentence: impl Into<String>) -> Failure {
    Failure::new("InvalidParameterException", sentence)
}

/// A strategy, from the wire.
pub(super) fn strategy(value: &Value) -> Vec<Item> {
    let item = |item: &Value| Item {
        provider: item["capacityProvider"].as_str().unwrap_or_default().to_owned(),
        base: number(&item["base"]).unwrap_or(0),
        weight: number(&item["weight"]).unwrap_or(0),
    };
    list(value).iter().map(item).collect()
}

/// "At least one capacity provider must have a weight that's greater than zero", and at most one a base.
fn check(strategy: &[Item]) -> Result<(), Failure> {
    let known = |item: &Item| item.provider == FARGATE || item.provider == FARGATE_SPOT;
    if let Some(other) = strategy.iter().find(|item| !known(item)) {
        return Err(invalid(format!("The specified capacity provider '{}' was not found.", other.provider)));
    }
    if !strategy.is_empty() && strategy.iter().all(|item| item.weight == 0) {
        return Err(invalid("At least one capacity provider in the strategy must have a weight greater than zero."));
    }
    if strategy.iter().filter(|item| item.base > 0).count() > 1 {
        return Err(invalid("Only one capacity provider in a strategy can have a base defined."));
    }
    Ok(())
}

impl Ecs {
    /// Updates a service: a function's call, a person in the console, CloudFormation. `input` is that of `UpdateService`.
    ///
    /// # Errors
    /// As ECS answers: `ServiceNotFoundException`, `ServiceNotActiveException`, `InvalidParameterException`, `ClientException`.
    pub fn update_service(&mut self, input: &Value, cause: Cause, around: Around<'_>, cx: &mut Cx<'_>) -> Answer {
        let cluster = self.cluster(input)?;
        let name = input["service"].as_str().unwrap_or_default();
        let Some(place) = self.number(&cluster, name) else {
            return Err(Failure::new("ServiceNotFoundException", "Service not found."));
        };
        if !self.services[place].active {
            return Err(Failure::new("ServiceNotActiveException", "Service was not ACTIVE."));
        }
        let controller = self.services[place].spec["deploymentController"]["type"].as_str().unwrap_or("ECS").to_owned();
        let forced = truth(&input["forceNewDeployment"]).unwrap_or(false);
        if controller != "ECS" && !input["taskDefinition"].is_null() {
            return Err(invalid(format!(
                "Unable to update task definition on services with a {controller} deployment controller."
            )));
        }
        if controller != "ECS" && forced {
            return Err(invalid(format!(
                "Cannot force a new deployment on services with a {controller} deployment controller."
            )));
        }
        let desired = number(&input["desiredCount"]);
        if desired.is_some_and(|desired| desired < 0) {
            return Err(invalid("desiredCount cannot be negative."));
        }
        let current = self.services[place].revision();
        let definition = match input["taskDefinition"].as_str() {
            Some(name) => match self.definition(name) {
                Some(definition) if definition.body["status"] == "ACTIVE" => shared(definition),
                Some(_) => return Err(Failure::new("ClientException", "TaskDefinition is inactive")),
                None => return Err(Failure::new("ClientException", "Unable to describe task definition.")),
            },
            None => Rc::clone(&current.definition),
        };
        let own = match input["capacityProviderStrategy"].is_null() {
            true => current.strategy.clone(),
            false => strategy(&input["capacityProviderStrategy"]),
        };
        check(&own)?;
        let sorted = |items: &[Item]| {
            let mut items = items.to_vec();
            items.sort();
            items
        };
        if sorted(&own) != sorted(&current.strategy) && !forced {
            return Err(invalid(FORCE));
        }
        let network = if input["networkConfiguration"].is_null() {
            current.network.clone()
        } else {
            input["networkConfiguration"].clone()
        };
        let other =
            definition["taskDefinitionArn"] != current.definition["taskDefinitionArn"] || network != current.network;
        for field in [
            "deploymentConfiguration",
            "healthCheckGracePeriodSeconds",
            "loadBalancers",
            "serviceRegistries",
            "propagateTags",
            "enableECSManagedTags",
        ] {
            if !input[field].is_null() {
                self.services[place].spec[field] = input[field].clone();
            }
        }
        if let Some(desired) = desired.filter(|desired| *desired != self.services[place].desired) {
            self.services[place].desired = desired;
            self.services[place].is_steady = false;
        }
        if other || forced {
            self.deploy(
                place,
                Revision {
                    arn: String::new(),
                    created_at: cx.now,
                    images: images(&definition),
                    definition,
                    strategy: own,
                    network,
                },
                &cause,
                cx,
            );
            let newest = self.services[place].deployments.len() - 1;
            self.begin(place, newest, cause, input.clone(), around, cx);
        }
        self.soon(place, cx);
        self.changed(place, cx);
        Ok(json!({ "service": self.answered(place, cx) }))
    }

    /// Deletes a service: it is DRAINING, and then answered as INACTIVE. One that is created again is another service.
    pub fn delete_service(&mut self, cluster: &str, name: &str, cx: &mut Cx<'_>) {
        let Some(place) = self.number(cluster, name) else { return };
        self.services[place].active = false;
        self.services[place].desired = 0;
        cx.note(format!("ecs: {cluster}/{name} is deleted"));
        self.soon(place, cx);
        self.changed(place, cx);
    }

    /// A new deployment of a service, with the service revision and the service deployment of it.
    fn deploy(&mut self, number: usize, mut revision: Revision, cause: &Cause, cx: &mut Cx<'_>) {
        // A service has one service deployment at a time.
        self.finish(number, "STOPPED", Some("Service deployment was stopped by a new one.".to_owned()), cx);
        let digits =
            |cx: &mut Cx<'_>| format!("{:019}", cx.rng.bits() % 9_000_000_000_000_000_000 + 1_000_000_000_000_000_000);
        let (id, own, rollout) = (digits(cx), digits(cx), cx.id().replace('-', "")[..21].to_owned());
        let place = format!("{}/{}", self.services[number].cluster, self.services[number].name);
        revision.arn = arn(&format!("service-revision/{place}/{own}"));
        let threshold = self.threshold(number);
        let service = &mut self.services[number];
        service.revisions.push(revision);
        let revision = service.revisions.len() - 1;
        let sources: BTreeSet<usize> = service
            .tasks
            .iter()
            .filter_map(|task| self.tasks[task].of)
            .map(|(_, place)| service.deployments[place].revision)
            .collect();
        service.deployments.push(Deployment {
            reason: format!("ECS deployment ecs-svc/{id} in progress."),
            id: format!("ecs-svc/{id}"),
            cause: cause.clone(),
            revision,
            state: Rollout::InProgress,
            created_at: cx.now,
            updated_at: cx.now,
            failed: 0,
            succeeded: false,
            is_rollback: false,
            baking_since: None,
            ignores_alarms: false,
        });
        service.rollouts.push(ServiceDeployment {
            arn: arn(&format!("service-deployment/{place}/{rollout}")),
            deployment: service.deployments.len() - 1,
            status: "IN_PROGRESS",
            reason: None,
            created_at: cx.now,
            updated_at: cx.now,
            finished_at: None,
            sources: sources.into_iter().collect(),
            rollback: None,
            failures: (0, threshold),
            triggered: None,
        });
    }

    /// Creates a service of a template, settled on its count; without one on 0, since its count before the deploy is not known here.
    pub fn create(&mut self, properties: &Value) -> usize {
        let number = self.services.len();
        let spec = wire(properties);
        let text = |field: &str| spec[field].as_str().unwrap_or_default().to_owned();
        let (name, cluster) = (text("serviceName"), text("cluster").rsplit('/').next().unwrap_or_default().to_owned());
        let definition = self.definition(&text("taskDefinition")).map(shared);
        let definition =
            definition.unwrap_or_else(|| panic!("no task definition {} of {name}", text("taskDefinition")));
        let own = match (spec["capacityProviderStrategy"].is_null(), spec["launchType"].is_null()) {
            (false, _) => strategy(&spec["capacityProviderStrategy"]),
            (true, false) => Vec::new(),
            (true, true) => self
                .clusters
                .get(&cluster)
                .map(|cluster| strategy(&cluster["defaultCapacityProviderStrategy"]))
                .unwrap_or_default(),
        };
        // The ids of what a template created are fixed, so that a run does not depend on their number.
        let id = format!("{:019}", 1_000_000_000_000_000_000_u64 + u64::try_from(number).unwrap_or(0));
        let place = format!("{cluster}/{name}");
        let service = Service {
            arn: arn(&format!("service/{place}")),
            active: true,
            created_at: DEPLOYED,
            desired: number_of(&spec["desiredCount"]).unwrap_or(0),
            deployments: vec![Deployment {
                id: format!("ecs-svc/{id}"),
                cause: Cause::Created,
                revision: 0,
                state: Rollout::Completed,
                reason: format!("ECS deployment ecs-svc/{id} completed."),
                created_at: DEPLOYED,
                updated_at: DEPLOYED,
                failed: 0,
                succeeded: true,
                is_rollback: false,
                baking_since: None,
                ignores_alarms: false,
            }],
            primary: 0,
            revisions: vec![Revision {
                arn: arn(&format!("service-revision/{place}/{id}")),
                created_at: DEPLOYED,
                images: images(&definition),
                definition,
                strategy: own,
                network: spec["networkConfiguration"].clone(),
            }],
            rollouts: vec![ServiceDeployment {
                arn: arn(&format!("service-deployment/{place}/{id}")),
                deployment: 0,
                status: "SUCCESSFUL",
                reason: None,
                created_at: DEPLOYED,
                updated_at: DEPLOYED,
                finished_at: Some(DEPLOYED),
                sources: Vec::new(),
                rollback: None,
                failures: (0, 3),
                triggered: None,
            }],
            events: VecDeque::new(),
            tasks: BTreeSet::new(),
            stopped: BTreeSet::new(),
            is_steady: true,
            throttle: (0, DEPLOYED),
            unplaced: 0,
            looks_at: None,
            versions: VecDeque::new(),
            spec,
            cluster: cluster.clone(),
            name: name.clone(),
        };
        self.services.push(service);
        self.index.insert((cluster, name), number);
        let view = Rc::new(self.service_view(number));
        self.services[number].versions.push_back((DEPLOYED, view));
        number
    }
}

/// A moment that an input names: epoch seconds.
pub(super) fn moment(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str().and_then(|text| text.parse::<Timestamp>().ok()).and_then(|at| epoch(at).as_f64()))
}
