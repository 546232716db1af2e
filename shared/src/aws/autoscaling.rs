//! Application Auto Scaling.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace, SuspendedState};

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Result};
use planner::capacity::{Bounds, Scaling};
use planner::model::ServiceId;

/// Most scalable targets that one call may name.
const TARGETS: usize = 50;

/// Reads and sets the bounds of ECS services.
///
/// Its client is built on first use.
#[derive(Debug)]
pub struct AutoScaling {
    connection: Connection,
    client: OnceLock<aws_sdk_applicationautoscaling::Client>,
}

impl AutoScaling {
    /// A gateway over `connection`; no call is made.
    pub fn new(connection: &Connection) -> AutoScaling {
        AutoScaling { connection: connection.clone(), client: OnceLock::new() }
    }

    fn client(&self) -> &aws_sdk_applicationautoscaling::Client {
        self.client.get_or_init(|| {
            let mut config = aws_sdk_applicationautoscaling::config::Builder::from(self.connection.config());
            config.set_endpoint_url(self.connection.endpoint(Service::AutoScaling));
            config.set_retry_partition(self.connection.retry_partition());
            aws_sdk_applicationautoscaling::Client::from_conf(config.build())
        })
    }

    /// The bounds of those services that have a scalable target.
    ///
    /// Requires `application-autoscaling:DescribeScalableTargets`.
    ///
    /// # Errors
    /// What the service says; an unknown service is no error, it is left out.
    pub async fn bounds(&self, ids: &[ServiceId]) -> Result<BTreeMap<ServiceId, Bounds>> {
        let mut found = BTreeMap::new();
        for batch in ids.chunks(TARGETS) {
            let call = self.client().describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
            let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
            let call = call.set_resource_ids(Some(batch.iter().map(resource).collect()));
            let mut pages = call.into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(classify).context(|| "describe scalable targets")?;
                for target in page.scalable_targets() {
                    let id = batch.iter().find(|id| target.resource_id() == resource(id));
                    found.extend(id.map(|id| (id.clone(), bounds(target))));
                }
            }
        }
        Ok(found)
    }

    /// Sets both bounds, and suspends or resumes all scaling, in one call.
    ///
    /// Requires `application-autoscaling:RegisterScalableTarget`.
    ///
    /// # Errors
    /// `NotFound` when the service is gone, `Conflict` when another change of the target is on its way.
    pub async fn set_bounds(&self, id: &ServiceId, bounds: Bounds) -> Result<()> {
        let suspended = bounds.scaling == Scaling::Suspended;
        let state = SuspendedState::builder()
            .dynamic_scaling_in_suspended(suspended)
            .dynamic_scaling_out_suspended(suspended)
            .scheduled_scaling_suspended(suspended)
            .build();
        let call = self.client().register_scalable_target().service_namespace(ServiceNamespace::Ecs);
        let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).resource_id(resource(id));
        let call = call.min_capacity(count(bounds.min)).max_capacity(count(bounds.max)).suspended_state(state);
        call.send().await.map(drop).map_err(classify).context(|| format!("set bounds of service {id}"))
    }
}

fn resource(id: &ServiceId) -> String {
    format!("service/{id}")
}

fn bounds(target: &ScalableTarget) -> Bounds {
    let state = target.suspended_state();
    let flags = [
        state.and_then(SuspendedState::dynamic_scaling_in_suspended),
        state.and_then(SuspendedState::dynamic_scaling_out_suspended),
        state.and_then(SuspendedState::scheduled_scaling_suspended),
    ];
    let scaling = match flags.iter().filter(|flag| **flag == Some(true)).count() {
        0 => Scaling::Active,
        3 => Scaling::Suspended,
        _ => Scaling::Partly,
    };
    let number = |n: i32| u32::try_from(n).unwrap_or(0);
    Bounds { min: number(target.min_capacity()), max: number(target.max_capacity()), scaling }
}

fn count(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::aws::testing::{Replay, run};
    use crate::error::Kind;

    fn id(name: &str) -> ServiceId {
        ServiceId { cluster: "prod".into(), name: name.into() }
    }

    fn target(name: &str, min: u32, max: u32, flags: [bool; 3]) -> Value {
        json!({
            "ServiceNamespace": "ecs", "ResourceId": format!("service/prod/{name}"), "MinCapacity": min, "MaxCapacity": max,
            "ScalableDimension": "ecs:service:DesiredCount", "RoleARN": "arn", "CreationTime": 1.7e9,
            "SuspendedState": {
                "DynamicScalingInSuspended": flags[0], "DynamicScalingOutSuspended": flags[1], "ScheduledScalingSuspended": flags[2]
            }
        })
    }

    #[test]
    fn reads_bounds_and_all_three_flags_over_pages_and_leaves_out_what_has_no_target() {
        let first = json!({"ScalableTargets": [target("web", 2, 6, [false; 3])], "NextToken": "more"});
        let second =
            json!({"ScalableTargets": [target("crawler", 0, 0, [true; 3]), target("odd", 1, 3, [true, false, false])]});
        let replay = Replay::new(&[(200, first), (200, second)]);
        let ids = [id("web"), id("crawler"), id("odd"), id("none")];
        let found = run(AutoScaling::new(&replay.connection()).bounds(&ids)).unwrap();
        assert_eq!(found[&id("web")], Bounds { min: 2, max: 6, scaling: Scaling::Active });
        assert_eq!(found[&id("crawler")], Bounds::SCALED_TO_ZERO);
        assert_eq!(found[&id("odd")].scaling, Scaling::Partly);
        assert!(!found.contains_key(&id("none")));
        assert_eq!(replay.sent()[1]["NextToken"], "more");
    }

    #[test]
    fn sleep_is_one_call_with_both_bounds_and_all_flags() {
        let replay = Replay::new(&[(200, json!({}))]);
        run(AutoScaling::new(&replay.connection()).set_bounds(&id("crawler"), Bounds::SCALED_TO_ZERO)).unwrap();
        let sent = &replay.sent()[0];
        assert_eq!((&sent["MinCapacity"], &sent["MaxCapacity"]), (&json!(0), &json!(0)));
        let all = json!({"DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": true, "ScheduledScalingSuspended": true});
        assert_eq!(sent["SuspendedState"], all);
        assert_eq!(sent["ResourceId"], "service/prod/crawler");
    }

    #[test]
    fn a_change_on_its_way_is_a_conflict() {
        let busy = json!({"__type": "ConcurrentUpdateException", "message": "busy"});
        let replay = Replay::new(&[(400, busy)]);
        let error =
            run(AutoScaling::new(&replay.connection()).set_bounds(&id("crawler"), Bounds::SCALED_TO_ZERO)).unwrap_err();
        let text = "set bounds of service prod/crawler: ConcurrentUpdateException: busy";
        assert_eq!((error.kind(), error.to_string().as_str()), (Kind::Conflict, text));
    }
}
