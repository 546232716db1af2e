//! Amazon ECS.

mod history;
mod known;
mod raw;
mod read;
mod tasks;

use std::collections::BTreeMap;

use aws_sdk_ecs::config::Builder;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecs::operation::update_service::UpdateServiceOutput;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder;
use aws_sdk_ecs::types::{CapacityProviderStrategyItem, TaskDefinitionField};
use aws_smithy_types::retry::RetryConfig;
use serde_json::Value;

use super::connection::{Connection, Service as Endpoint};
use super::error::{Status, classify};
use super::pace::Bucket;
use crate::error::{Context, Error, Kind, Result};
use crate::many;
use known::Known;
use planner::model::{Revision, Service, ServiceId, Strategy};
use read::{ALMOST_ALL, FARGATE, FARGATE_SPOT, failed};

pub use tasks::{Launch, OneOff};

/// Most services that `DescribeServices` takes.
const SERVICES: usize = 10;

/// Looks at services and tasks, registers revisions and rolls services.
#[derive(Clone, Debug)]
pub struct Ecs {
    connection: Connection,
    client: aws_sdk_ecs::Client,
    known: Known,
}

impl Ecs {
    /// A gateway over `connection`; no call is made.
    pub fn new(connection: &Connection) -> Ecs {
        let mut config = aws_sdk_ecs::config::Builder::from(connection.config());
        config.set_endpoint_url(connection.endpoint(Endpoint::Ecs));
        config.set_retry_partition(connection.retry_partition());
        let client = aws_sdk_ecs::Client::from_conf(config.build());
        Ecs { connection: connection.clone(), client, known: Known::default() }
    }

    /// The services, each with its own result: one that is gone does not hide the others.
    ///
    /// Requires `ecs:DescribeServices`.
    pub async fn services(&self, ids: &[ServiceId]) -> BTreeMap<ServiceId, Result<Service>> {
        let mut clusters: BTreeMap<&str, Vec<&ServiceId>> = BTreeMap::new();
        for id in ids {
            clusters.entry(&id.cluster).or_default().push(id);
        }
        let batches = clusters.values().flat_map(|ids| ids.chunks(SERVICES));
        many::all(batches.map(|batch| self.batch(batch))).await.into_iter().flatten().collect()
    }

    async fn batch(&self, ids: &[&ServiceId]) -> Vec<(ServiceId, Result<Service>)> {
        let Some(first) = ids.first() else { return Vec::new() };
        let call = self.client.describe_services().cluster(&first.cluster);
        let call = call.set_services(Some(ids.iter().map(|id| id.name.clone()).collect()));
        let describe = async || call.clone().send().await.map_err(classified);
        let answer = match self.connection.in_turn(Bucket::EcsReads, describe).await {
            Ok(answer) => answer,
            Err(error) => {
                let each =
                    |id: &&ServiceId| ((*id).clone(), Err(error.copy().context(format!("describe service {id}"))));
                return ids.iter().map(each).collect();
            }
        };
        let found = |id: &ServiceId| {
            let service = answer.services().iter().find(|service| service.service_name() == Some(&id.name));
            let failure =
                answer.failures().iter().find(|failure| failure.arn().is_some_and(|arn| names(arn, &id.name)));
            match (service, failure) {
                (Some(service), _) => read::service(id, service),
                (None, Some(failure)) => Err(failed(failure)),
                (None, None) => Err(Error::not_found("not in the answer")),
            }
        };
        ids.iter().map(|id| ((*id).clone(), found(id).context(|| format!("describe service {id}")))).collect()
    }

    /// A revision by its ARN, or the latest active one of a family.
    ///
    /// Requires `ecs:DescribeTaskDefinition`.
    ///
    /// # Errors
    /// `Invalid` or `NotFound` when there is none.
    pub async fn revision(&self, arn_or_family: &str) -> Result<Revision> {
        let context = || format!("describe task definition {arn_or_family}");
        let call = self.client.describe_task_definition().task_definition(arn_or_family);
        let answer = raw::Answer::default();
        let call = call.include(TaskDefinitionField::Tags).customize().interceptor(answer.clone());
        self.connection.turn(Bucket::EcsDefinitionReads).await;
        call.send().await.map_err(classified).context(context)?;
        let revision = answer.json().and_then(|json| Revision::from_answer(&json)).context(context)?;
        self.known.keep(revision.arn(), answer.text());
        Ok(revision)
    }

    /// The same, read once while the process lives: of a revision nothing changes but its status and its tags, so that a copy
    /// is made of one that was read again.
    ///
    /// Requires `ecs:DescribeTaskDefinition`.
    ///
    /// # Errors
    /// As [`Ecs::revision`].
    pub async fn known_revision(&self, arn: &str) -> Result<Revision> {
        match self.known.revision(arn) {
            Some(revision) => Ok(revision),
            None => self.revision(arn).await,
        }
    }

    /// Registers exactly `request`, whatever fields it has.
    ///
    /// Requires `ecs:RegisterTaskDefinition`.
    /// Requires `ecs:TagResource`.
    /// Requires `iam:PassRole`.
    ///
    /// # Errors
    /// `Invalid` when ECS refuses the request, `Denied` when a role of it may not be passed.
    pub async fn register(&self, request: &Value) -> Result<Revision> {
        let family = request.get("family").and_then(Value::as_str).unwrap_or_default();
        let context = || format!("register task definition {family}");
        let call = self.client.register_task_definition().family(family).set_container_definitions(Some(Vec::new()));
        let register = async || {
            let answer = raw::Answer::default();
            let call = call.clone().customize().interceptor(raw::Body::new(request)).interceptor(answer.clone());
            call.send().await.map_err(classified)?;
            answer.json().and_then(|json| Revision::from_answer(&json))
        };
        self.connection.in_turn(Bucket::EcsDefinitions, register).await.context(context)
    }

    /// Updates a service to a revision, in one call; returns the service as ECS answers.
    ///
    /// Requires `ecs:UpdateService`.
    ///
    /// # Errors
    /// `NotFound` when the service is gone, `Invalid` when ECS refuses the revision.
    pub async fn roll(&self, id: &ServiceId, revision: &str, desired: Option<u32>) -> Result<Service> {
        let context = || format!("update service {id}");
        let desired = desired.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
        let call = self.client.update_service().cluster(&id.cluster).service(&id.name);
        let call = call.task_definition(revision).set_desired_count(desired);
        let answer = self.update(call).await.context(context)?;
        let service = answer.service().ok_or_else(|| Error::new(Kind::Unavailable, "no service in the answer"));
        service.and_then(|service| read::service(id, service)).context(context)
    }

    /// Replaces every task of a service by another of the same revision; returns the service as ECS answers.
    ///
    /// Requires `ecs:UpdateService`.
    ///
    /// # Errors
    /// `NotFound` when the service is gone.
    pub async fn restart(&self, id: &ServiceId) -> Result<Service> {
        let context = || format!("restart service {id}");
        let call = self.client.update_service().cluster(&id.cluster).service(&id.name).force_new_deployment(true);
        let answer = self.force(call).await.context(context)?;
        let service = answer.service().ok_or_else(|| Error::new(Kind::Unavailable, "no service in the answer"));
        service.and_then(|service| read::service(id, service)).context(context)
    }

    /// Sets how many tasks a service runs, and where; what is `None` stays. Another strategy replaces every task: ECS demands a new deployment.
    ///
    /// Requires `ecs:UpdateService`.
    ///
    /// # Errors
    /// `NotFound` when the service is gone, `Invalid` for a strategy that is none of ours.
    pub async fn set_capacity(&self, id: &ServiceId, desired: Option<u32>, strategy: Option<&Strategy>) -> Result<()> {
        let context = || format!("set capacity of service {id}");
        let call = self.client.update_service().cluster(&id.cluster).service(&id.name);
        let call = call.set_desired_count(desired.map(|count| i32::try_from(count).unwrap_or(i32::MAX)));
        let answer = match strategy {
            Some(strategy) => {
                let items = strategy_items(strategy).context(context)?;
                self.force(call.set_capacity_provider_strategy(Some(items)).force_new_deployment(true)).await
            }
            None => self.update(call).await,
        };
        answer.map(drop).context(context)
    }

    async fn update(&self, call: UpdateServiceFluentBuilder) -> Result<UpdateServiceOutput> {
        let update = async || call.clone().send().await.map_err(classified);
        self.connection.in_turn(Bucket::EcsServices, update).await
    }

    /// Starts a deployment, whatever runs. Only what was throttled is repeated: a call whose answer was lost may have taken
    /// effect, and another would start a second deployment.
    async fn force(&self, call: UpdateServiceFluentBuilder) -> Result<UpdateServiceOutput> {
        let once = || Builder::default().retry_config(RetryConfig::disabled());
        let force = async || call.clone().customize().config_override(once()).send().await.map_err(classified);
        self.connection.in_turn(Bucket::EcsServices, force).await
    }
}

fn strategy_items(strategy: &Strategy) -> Result<Vec<CapacityProviderStrategyItem>> {
    let item = |provider: &str, base: u32, weight: u32| {
        let [base, weight] = [base, weight].map(|n| i32::try_from(n).unwrap_or(i32::MAX));
        let item =
            CapacityProviderStrategyItem::builder().capacity_provider(provider).base(base).weight(weight).build();
        item.map_err(|error| Error::invalid("capacity provider strategy").with_source(error))
    };
    match strategy {
        Strategy::OnDemand => Ok(vec![item(FARGATE, 0, 1)?]),
        Strategy::Spot { base: 0 } => Ok(vec![item(FARGATE_SPOT, 0, 1)?]),
        Strategy::Spot { base } => Ok(vec![item(FARGATE, *base, 1)?, item(FARGATE_SPOT, 0, ALMOST_ALL)?]),
        Strategy::Other(items) => {
            Err(Error::bad_field("strategy", items.join(", "), "one of FARGATE and FARGATE_SPOT"))
        }
    }
}

/// An error of ECS as one of ours. Its conflicts are with other callers of ECS: the next event or tick is the retry, and
/// to decide again at once, as after a conflict in the ledger, would meet the same conflict.
fn classified<E, R>(error: SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: Status + std::fmt::Debug + Send + Sync + 'static,
{
    let error = classify(error);
    match error.kind() {
        Kind::Conflict => Error::new(Kind::Unavailable, error.to_string()),
        _ => error,
    }
}

/// Does the ARN (or bare name) of a failure name this service?
fn names(arn: &str, service: &str) -> bool {
    arn.rsplit('/').next() == Some(service)
}

#[cfg(test)]
mod tests;
