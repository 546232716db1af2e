//! The history of a service's deployments.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{CreatedAt, ServiceDeploymentBrief};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use super::{Ecs, classified, read};
use crate::aws::pace::Bucket;
use crate::error::{Context, Result};
use planner::model::{ServiceDeployment, ServiceId};

/// Most service revisions that `DescribeServiceRevisions` takes.
const REVISIONS: usize = 20;

impl Ecs {
    /// The deployments of a service that were created at `since` or later, the newest first. ECS keeps them for 90 days:
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html>.
    ///
    /// A deployment id of `DescribeServices` does not occur there. What both name is the task definition, which the
    /// deployment's service revision has.
    ///
    /// Requires `ecs:ListServiceDeployments`.
    /// Requires `ecs:DescribeServiceRevisions`.
    ///
    /// # Errors
    /// `NotFound` when the service is gone.
    pub async fn deployments_since(&self, id: &ServiceId, since: Timestamp) -> Result<Vec<ServiceDeployment>> {
        let context = || format!("list deployments of service {id}");
        let created = CreatedAt::builder().after(DateTime::from_secs(since.as_second())).build();
        let call = self.client.list_service_deployments().cluster(&id.cluster).service(&id.name).created_at(created);
        self.connection.turn(Bucket::EcsDeployments).await;
        let answer = call.send().await.map_err(classified).context(context)?;
        let briefs: Vec<&ServiceDeploymentBrief> = answer.service_deployments().iter().take(REVISIONS).collect();
        let revisions = self.task_definitions(&briefs).await.context(context)?;
        let found = briefs.into_iter().filter_map(|brief| {
            let revision = revisions.get(brief.target_service_revision_arn()?)?.clone();
            Some((brief, revision))
        });
        let deployments = found.map(|(brief, revision)| {
            let created = brief.created_at().ok_or_else(|| read::missing("serviceDeployments.createdAt"))?;
            Ok(ServiceDeployment {
                revision,
                status: read::service_deployment_status(brief.status()),
                reason: brief.status_reason().filter(|reason| !reason.is_empty()).map(str::to_owned),
                created_at: read::time(created)?,
            })
        });
        let mut deployments = deployments.collect::<Result<Vec<_>>>().context(context)?;
        deployments.sort_by_key(|deployment| std::cmp::Reverse(deployment.created_at));
        Ok(deployments)
    }

    /// The task definition of each service revision that the deployments target; one that is gone is left out.
    async fn task_definitions(&self, briefs: &[&ServiceDeploymentBrief]) -> Result<BTreeMap<String, String>> {
        let mut arns: Vec<String> =
            briefs.iter().filter_map(|brief| brief.target_service_revision_arn()).map(str::to_owned).collect();
        arns.sort();
        arns.dedup();
        if arns.is_empty() {
            return Ok(BTreeMap::new());
        }
        let call = self.client.describe_service_revisions().set_service_revision_arns(Some(arns));
        self.connection.turn(Bucket::EcsDeployments).await;
        let answer = call.send().await.map_err(classified)?;
        let pair = |revision: &aws_sdk_ecs::types::ServiceRevision| {
            Some((revision.service_revision_arn()?.to_owned(), revision.task_definition()?.to_owned()))
        };
        Ok(answer.service_revisions().iter().filter_map(pair).collect())
    }
}
