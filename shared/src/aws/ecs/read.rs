//! The SDK's types as model types.

use aws_sdk_ecs::types as sdk;
use jiff::Timestamp;

use crate::error::{Error, Kind, Result};
use planner::model::within_reach;
use planner::model::{
    Deployment, DeploymentState, Network, Service, ServiceDeploymentStatus, ServiceEvent, ServiceId, StoppedTask,
    Strategy, Task,
};

/// Names of Fargate's two capacity providers.
pub(super) const FARGATE: &str = "FARGATE";
pub(super) const FARGATE_SPOT: &str = "FARGATE_SPOT";

/// Weight of Spot beside a weight of 1. Not 1 beside 0: ECS says of a provider with weight 0 that it places no tasks,
/// and does not say whether that holds for its base.
pub(super) const ALMOST_ALL: u32 = 1000;

pub(super) fn service(id: &ServiceId, service: &sdk::Service) -> Result<Service> {
    Ok(Service {
        id: id.clone(),
        status: service.status().unwrap_or_default().to_owned(),
        desired: count(service.desired_count()),
        running: count(service.running_count()),
        revision: required("taskDefinition", service.task_definition())?,
        deployments: service.deployments().iter().map(deployment).collect::<Result<_>>()?,
        strategy: strategy(service.capacity_provider_strategy()),
        minimum_healthy_percent: service
            .deployment_configuration()
            .and_then(|config| config.minimum_healthy_percent())
            .map_or(100, count),
        network: service
            .network_configuration()
            .and_then(|config| config.awsvpc_configuration())
            .map(|config| network(config, service)),
        // ECS leaves it out of a service that never named one, and uses its own.
        controller: service.deployment_controller().map_or("ECS", |controller| controller.r#type().as_str()).to_owned(),
        events: service.events().iter().filter_map(event).collect(),
    })
}

/// An event without time or text says nothing.
fn event(event: &sdk::ServiceEvent) -> Option<ServiceEvent> {
    let (at, message) = (time(event.created_at()?).ok()?, event.message()?.to_owned());
    Some(ServiceEvent { at, message })
}

pub(super) fn service_deployment_status(status: Option<&sdk::ServiceDeploymentStatus>) -> ServiceDeploymentStatus {
    match status.map_or("", |status| status.as_str()) {
        "PENDING" | "IN_PROGRESS" => ServiceDeploymentStatus::InProgress,
        "SUCCESSFUL" => ServiceDeploymentStatus::Successful,
        "STOP_REQUESTED" | "STOPPED" => ServiceDeploymentStatus::Stopped,
        "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => ServiceDeploymentStatus::RollingBack,
        "ROLLBACK_SUCCESSFUL" => ServiceDeploymentStatus::RolledBack,
        "ROLLBACK_FAILED" => ServiceDeploymentStatus::RollbackFailed,
        other => ServiceDeploymentStatus::Other(other.to_owned()),
    }
}

fn deployment(deployment: &sdk::Deployment) -> Result<Deployment> {
    let created = deployment.created_at().ok_or_else(|| missing("deployments.createdAt"))?;
    Ok(Deployment {
        id: required("deployments.id", deployment.id())?,
        primary: deployment.status() == Some("PRIMARY"),
        revision: required("deployments.taskDefinition", deployment.task_definition())?,
        state: match deployment.rollout_state().map(|state| state.as_str()) {
            Some("IN_PROGRESS") => DeploymentState::InProgress,
            Some("COMPLETED") => DeploymentState::Completed,
            Some("FAILED") => DeploymentState::Failed,
            other => DeploymentState::Other(other.unwrap_or_default().to_owned()),
        },
        reason: deployment.rollout_state_reason().filter(|reason| !reason.is_empty()).map(str::to_owned),
        running: count(deployment.running_count()),
        failed: count(deployment.failed_tasks()),
        created_at: time(created)?,
        updated_at: time(deployment.updated_at().unwrap_or(created))?,
    })
}

/// A strategy of ours, or whatever it is. A service with a launch type alone runs on demand.
fn strategy(items: &[sdk::CapacityProviderStrategyItem]) -> Strategy {
    let item = |item: &sdk::CapacityProviderStrategyItem| {
        (item.capacity_provider().to_owned(), count(item.base()), count(item.weight()))
    };
    let items: Vec<(String, u32, u32)> = items.iter().map(item).collect();
    let find =
        |name: &str| items.iter().find(|(provider, ..)| provider == name).map(|(_, base, weight)| (*base, *weight));
    let fargate_alone = items.iter().all(|(provider, ..)| [FARGATE, FARGATE_SPOT].contains(&provider.as_str()));
    match (find(FARGATE), find(FARGATE_SPOT)) {
        (None, None) if items.is_empty() => Strategy::OnDemand,
        (Some(_), None | Some((0, 0))) if fargate_alone => Strategy::OnDemand,
        (None, Some((0, 1..))) if fargate_alone => Strategy::Spot { base: 0 },
        (Some((base @ 1.., 0)), Some((0, 1..))) if fargate_alone => Strategy::Spot { base },
        // Beside a weight of 1, only almost all of the weight means Spot: one to one, every second task is on demand.
        (Some((base @ 1.., 1)), Some((0, ALMOST_ALL..))) if fargate_alone => Strategy::Spot { base },
        _ => Strategy::Other(items.iter().map(|(name, base, weight)| format!("{name}:{base}:{weight}")).collect()),
    }
}

fn network(config: &sdk::AwsVpcConfiguration, service: &sdk::Service) -> Network {
    let provider = |item: &sdk::CapacityProviderStrategyItem| {
        (item.capacity_provider().to_owned(), count(item.base()), count(item.weight()))
    };
    Network {
        subnets: config.subnets().to_vec(),
        security_groups: config.security_groups().to_vec(),
        public_ip: config.assign_public_ip() == Some(&sdk::AssignPublicIp::Enabled),
        launch_type: service.launch_type().map(|launch| launch.as_str().to_owned()),
        providers: service.capacity_provider_strategy().iter().map(provider).collect(),
    }
}

pub(super) fn task(task: &sdk::Task) -> Result<Task> {
    let status = task.last_status().unwrap_or_default();
    let containers = task.containers().iter().map(|container| {
        let name = container.name().unwrap_or_default().to_owned();
        (name, container.exit_code(), container.reason().map(str::to_owned))
    });
    let stopped = (status == "STOPPED").then(|| StoppedTask {
        code: task.stop_code().map(|code| code.as_str().to_owned()),
        reason: task.stopped_reason().map(str::to_owned),
        containers: containers.collect(),
        at: task.stopped_at().and_then(|at| time(at).ok()),
    });
    Ok(Task {
        arn: required("taskArn", task.task_arn())?,
        revision: required("taskDefinitionArn", task.task_definition_arn())?,
        status: status.to_owned(),
        health: task.health_status().map_or("UNKNOWN", |health| health.as_str()).to_owned(),
        started_at: task.started_at().map(time).transpose()?,
        provider: task.capacity_provider_name().map(str::to_owned),
        started_by: task.started_by().map(str::to_owned),
        stopped,
    })
}

fn count(n: i32) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

pub(super) fn time(at: &aws_smithy_types::DateTime) -> Result<Timestamp> {
    let read = Timestamp::from_nanosecond(at.as_nanos());
    within_reach("time", read.map_err(|error| Error::invalid(format!("time {at}")).with_source(error))?)
}

pub(super) fn required(field: &str, value: Option<&str>) -> Result<String> {
    value.map(str::to_owned).ok_or_else(|| missing(field))
}

pub(super) fn missing(field: &str) -> Error {
    Error::invalid(format!("{field} is missing in the answer of ECS"))
}

/// A failure inside a 200. Reasons: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html>.
pub(super) fn failed(failure: &sdk::Failure) -> Error {
    let reason = failure.reason().unwrap_or("no reason given");
    let kind = match reason {
        "MISSING" | "INACTIVE" => Kind::NotFound,
        "ACCESS_DENIED" | "ACCESSDENIED" => Kind::Denied,
        _ => Kind::Unavailable,
    };
    match failure.detail() {
        Some(detail) => Error::new(kind, format!("{reason}: {detail}")),
        None => Error::new(kind, reason),
    }
}
