//! The calls of the API: <https://docs.aws.amazon.com/autoscaling/application/APIReference/>.

use ::tests::template::list;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::state::{Autoscaling, Bounds, Target};
use crate::account::{ACCOUNT, REGION};
use crate::wire::{Answer, Failure};
use crate::world::Cx;
use crate::world::ecr::Ecr;
use crate::world::ecs::Ecs;
use crate::world::time::seconds;

const NAMESPACE: &str = "ecs";
const DIMENSION: &str = "ecs:service:DesiredCount";

fn invalid(sentence: impl Into<String>) -> Failure {
    Failure::new("ValidationException", sentence)
}

/// One page of a list; the token is where the next one begins.
fn page(all: Vec<Value>, input: &Value, name: &str) -> Answer {
    let most = input["MaxResults"].as_u64().unwrap_or(50).clamp(1, 50);
    let from: usize = match input["NextToken"].as_str() {
        Some(token) => {
            token.parse().map_err(|_| Failure::new("InvalidNextTokenException", "The next token is invalid"))?
        }
        None => 0,
    };
    let end = (from + usize::try_from(most).unwrap_or(50)).min(all.len());
    let mut answer = json!({ name: all.get(from.min(end)..end).unwrap_or_default() });
    if end < all.len() {
        answer["NextToken"] = end.to_string().into();
    }
    Ok(answer)
}

fn wants(input: &Value, field: &str, resource: &str) -> bool {
    let ids = list(&input[field]);
    ids.is_empty() || ids.iter().any(|id| id == resource)
}

pub(super) fn describe_targets(scaling: &Autoscaling, input: &Value, cx: &mut Cx<'_>) -> Answer {
    if input["ServiceNamespace"] != NAMESPACE {
        return page(Vec::new(), input, "ScalableTargets");
    }
    if list(&input["ResourceIds"]).len() > 50 {
        return Err(invalid(
            "1 validation error detected: Value at 'resourceIds' failed to satisfy constraint: at most 50",
        ));
    }
    let targets = scaling.targets.iter().filter(|(id, _)| wants(input, "ResourceIds", id));
    let shown = targets.map(|(id, target)| {
        let Bounds { min, max, suspended } = target.seen(cx);
        json!({
            "ServiceNamespace": NAMESPACE, "ResourceId": id, "ScalableDimension": DIMENSION, "MinCapacity": min,
            "MaxCapacity": max, "CreationTime": seconds(target.created), "RoleARN": role(),
            "ScalableTargetARN": arn(id),
            "SuspendedState": {
                "DynamicScalingInSuspended": suspended.scale_in, "DynamicScalingOutSuspended": suspended.scale_out,
                "ScheduledScalingSuspended": suspended.scheduled,
            },
        })
    });
    let shown = shown.collect();
    page(shown, input, "ScalableTargets")
}

fn role() -> String {
    format!(
        "arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
    )
}

fn arn(resource: &str) -> String {
    let id: u64 = resource.bytes().fold(7, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    format!("arn:aws:application-autoscaling:{}:{ACCOUNT}:scalable-target/0ec5{id:016x}", REGION)
}

pub(super) fn describe_activities(scaling: &Autoscaling, input: &Value) -> Answer {
    let wanted = |resource: &str| input["ResourceId"].as_str().is_none_or(|id| id == resource);
    let shown = scaling.activities.iter().rev().filter(|activity| wanted(&activity.resource));
    let shown = shown.map(|activity| {
        json!({
            "ActivityId": activity.id, "ServiceNamespace": NAMESPACE, "ResourceId": activity.resource,
            "ScalableDimension": DIMENSION, "Description": format!("Setting desired count to {}.", activity.change.1),
            "Cause": activity.cause, "StartTime": seconds(activity.at), "EndTime": seconds(activity.at),
            "StatusCode": "Successful",
            "StatusMessage": format!("Successfully set desired count to {}.", activity.change.1),
        })
    });
    page(shown.collect(), input, "ScalingActivities")
}

pub(super) fn describe_policies(scaling: &Autoscaling, input: &Value) -> Answer {
    let wanted = |resource: &str| input["ResourceId"].as_str().is_none_or(|id| id == resource);
    let mut shown = Vec::new();
    for (resource, target) in scaling.targets.iter().filter(|(resource, _)| wanted(resource)) {
        shown.extend(target.policies.iter().map(|policy| {
            json!({
                "PolicyARN": format!("{}:policyName/{}", arn(resource), policy.name), "PolicyName": policy.name,
                "ServiceNamespace": NAMESPACE, "ResourceId": resource, "ScalableDimension": DIMENSION,
                "PolicyType": "TargetTrackingScaling", "CreationTime": seconds(target.created),
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": policy.target,
                    "PredefinedMetricSpecification": { "PredefinedMetricType": policy.metric },
                    "ScaleInCooldown": policy.in_cooldown.as_secs(), "ScaleOutCooldown": policy.out_cooldown.as_secs(),
                    "DisableScaleIn": policy.disable_scale_in,
                },
            })
        }));
    }
    page(shown, input, "ScalingPolicies")
}

pub(super) fn describe_scheduled(scaling: &Autoscaling, input: &Value) -> Answer {
    let wanted = |resource: &str| input["ResourceId"].as_str().is_none_or(|id| id == resource);
    let mut shown = Vec::new();
    for (resource, target) in scaling.targets.iter().filter(|(resource, _)| wanted(resource)) {
        shown.extend(target.scheduled.iter().map(|(name, action)| {
            let mut bounds = json!({});
            for (field, bound) in [("MinCapacity", action.min), ("MaxCapacity", action.max)] {
                if let Some(bound) = bound {
                    bounds[field] = bound.into();
                }
            }
            let schedule = match action.every {
                Some(every) => format!("rate({} minutes)", every.as_mins()),
                None => format!("at({})", action.at.strftime("%Y-%m-%dT%H:%M:%S")),
            };
            json!({
                "ScheduledActionName": name, "ScheduledActionARN": format!("{}:scheduledActionName/{name}", arn(resource)),
                "ServiceNamespace": NAMESPACE, "ResourceId": resource, "ScalableDimension": DIMENSION,
                "Schedule": schedule, "CreationTime": seconds(action.put_at), "ScalableTargetAction": bounds,
            })
        }));
    }
    page(shown, input, "ScheduledActions")
}

impl Autoscaling {
    pub(super) fn register(&mut self, input: &Value, ecs: &mut Ecs, ecr: &Ecr, cx: &mut Cx<'_>) -> Answer {
        let resource = input["ResourceId"].as_str().unwrap_or_default().to_owned();
        if input["ServiceNamespace"] != NAMESPACE || input["ScalableDimension"] != DIMENSION {
            return Err(invalid("Unsupported service namespace, resource type or scalable dimension"));
        }
        let known = self.targets.get(&resource);
        // "Concurrent updates caused an exception, for example, if you request an update to a resource that already has a pending update."
        if known.is_some_and(|target| target.written + SignedDuration::from_millis(300) > cx.now) {
            return Err(Failure::new(
                "ConcurrentUpdateException",
                "You already have a pending update to an Auto Scaling resource.",
            ));
        }
        let now = known.map(|target| target.bounds);
        let bound = |field: &str, now: Option<i64>| input[field].as_i64().or(now);
        let (Some(min), Some(max)) =
            (bound("MinCapacity", now.map(|now| now.min)), bound("MaxCapacity", now.map(|now| now.max)))
        else {
            return Err(invalid(
                "Both minimum and maximum capacity must be specified to register a new scalable target",
            ));
        };
        if min < 0 || max < 0 || min > max {
            return Err(invalid("Maximum capacity cannot be less than minimum capacity"));
        }
        let suspended = now.map(|now| now.suspended).unwrap_or_default().with(&input["SuspendedState"]);
        let bounds = Bounds { min, max, suspended };
        let target = self.targets.entry(resource.clone()).or_insert_with(|| Target::new(bounds, cx.now));
        target.write(bounds, cx.now);
        let scales = match self.registering_scales {
            Some(scales) => scales,
            None => *self.registering_scales.insert(cx.rng.chance(0.5)),
        };
        if scales {
            self.within(&resource, "registering the bounds", ecs, ecr, cx);
        }
        Ok(json!({ "ScalableTargetARN": arn(&resource) }))
    }
}
