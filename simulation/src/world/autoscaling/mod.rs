//! Application Auto Scaling of ECS services: bounds, suspension, scheduled actions, target tracking.
//!
//! - What is not given to RegisterScalableTarget stays: <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html>.
//! - Suspension: <https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-suspend-resume-scaling.html>.
//! - Scheduled actions set the bounds and scale at once when the capacity is outside of them:
//!   <https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-policy-overview.html>.
//! - Target tracking does nothing without data: <https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html>.
//! - Scale-in is off during deployments; a count below the minimum is lifted by a scale-out only:
//!   <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html>.

mod calls;
mod scale;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ::tests::template::text;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Cx, World};
use crate::account::Account;
use crate::wire::Answer;

pub use scale::{Action, delete_scheduled_action, put_scheduled_action};

/// What goes on later.
#[derive(Clone, Debug)]
pub enum Wake {
    /// Policies look at their metrics, once a minute.
    Minute,
    /// A scheduled action is due.
    Scheduled {
        /// `service/<cluster>/<service>`.
        resource: String,
        /// Its name.
        name: String,
        /// When it was put: a later one of the same name has replaced it.
        put_at: Timestamp,
    },
}

/// The scalable targets.
#[derive(Debug, Default)]
pub struct Autoscaling {
    /// By `service/<cluster>/<service>`.
    pub targets: BTreeMap<String, Target>,
    /// What was scaled, the newest last.
    pub activities: Vec<Activity>,
    /// Does registering bounds move a capacity that is outside of them? The SDK's model says that it does, the guide of ECS that a count below
    /// the minimum stays until a scale-out. Chance decides at the first registration, for the whole run.
    pub registering_scales: Option<bool>,
}

/// Which ways of scaling are suspended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Suspended {
    /// `DynamicScalingInSuspended`.
    pub scale_in: bool,
    /// `DynamicScalingOutSuspended`.
    pub scale_out: bool,
    /// `ScheduledScalingSuspended`.
    pub scheduled: bool,
}

/// Bounds and suspension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// `MinCapacity`.
    pub min: i64,
    /// `MaxCapacity`.
    pub max: i64,
    /// `SuspendedState`.
    pub suspended: Suspended,
}

/// A scalable target.
#[derive(Clone, Debug)]
pub struct Target {
    /// Bounds and suspension now.
    pub bounds: Bounds,
    /// Its policies.
    pub policies: Vec<Policy>,
    /// Its scheduled actions, by name.
    pub scheduled: BTreeMap<String, Action>,
    /// When it was registered first.
    created: Timestamp,
    /// When it was written last.
    written: Timestamp,
    /// What it was before, each with when that ended.
    past: Vec<(Timestamp, Bounds)>,
}

impl Target {
    fn new(bounds: Bounds, now: Timestamp) -> Target {
        // Written long ago, as far as the next write is concerned.
        let written = now - SignedDuration::from_hours(1);
        Target { bounds, policies: Vec::new(), scheduled: BTreeMap::new(), created: now, written, past: Vec::new() }
    }

    /// Changes bounds and keeps the former ones for late reads.
    fn write(&mut self, bounds: Bounds, now: Timestamp) {
        self.past.retain(|(until, _)| *until + SignedDuration::from_mins(2) > now);
        self.past.push((now, self.bounds));
        self.bounds = bounds;
        self.written = now;
    }

    fn seen(&self, cx: &mut Cx<'_>) -> Bounds {
        let at = cx.staleness().map(|age| cx.now - age);
        let past = at.and_then(|at| self.past.iter().find(|(until, _)| *until > at));
        past.map_or(self.bounds, |(_, bounds)| *bounds)
    }
}

/// A target tracking policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// `ECSServiceAverageCPUUtilization` or `ECSServiceAverageMemoryUtilization`.
    pub metric: String,
    /// What the metric should be.
    pub target: f64,
    in_cooldown: SignedDuration,
    out_cooldown: SignedDuration,
    disable_scale_in: bool,
    /// Minutes for which the metric has been above, and below.
    above: u32,
    below: u32,
    /// When it acted last, out and in.
    scaled_out: Option<Timestamp>,
    scaled_in: Option<Timestamp>,
}

/// A change of a capacity.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// `service/<cluster>/<service>`.
    pub resource: String,
    /// From and to how many tasks.
    pub change: (i64, i64),
    /// Why, as AWS says it.
    pub cause: String,
}

impl Autoscaling {
    pub(super) fn new(account: &Account) -> Autoscaling {
        let mut scaling = Autoscaling::default();
        let mut resource_of = BTreeMap::new();
        for target in account.of_type("AWS::ApplicationAutoScaling::ScalableTarget") {
            let properties = &target.properties;
            let resource = text(&properties["ResourceId"]);
            resource_of.insert(target.reference.clone(), resource.clone());
            let bounds = Bounds {
                min: number(&properties["MinCapacity"]),
                max: number(&properties["MaxCapacity"]),
                suspended: calls::suspended(&properties["SuspendedState"], Suspended::default()),
            };
            scaling.targets.insert(resource, Target::new(bounds, Timestamp::UNIX_EPOCH));
        }
        for policy in account.of_type("AWS::ApplicationAutoScaling::ScalingPolicy") {
            let target = text(&policy.properties["ScalingTargetId"]);
            let target = resource_of.get(&target).cloned().unwrap_or(target);
            let Some(target) = scaling.targets.get_mut(&target) else { continue };
            let tracking = &policy.properties["TargetTrackingScalingPolicyConfiguration"];
            assert!(tracking.is_object(), "the model has no scaling policy but target tracking: {}", policy.id);
            let seconds = |field: &str| SignedDuration::from_secs(tracking[field].as_i64().unwrap_or(300));
            target.policies.push(Policy {
                name: text(&policy.properties["PolicyName"]),
                metric: text(&tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]),
                target: tracking["TargetValue"].as_f64().unwrap_or(50.0),
                in_cooldown: seconds("ScaleInCooldown"),
                out_cooldown: seconds("ScaleOutCooldown"),
                disable_scale_in: tracking["DisableScaleIn"] == true,
                above: 0,
                below: 0,
                scaled_out: None,
                scaled_in: None,
            });
        }
        scaling
    }

    /// Bounds of a service, by cluster and name.
    pub fn bounds(&self, cluster: &str, service: &str) -> Option<Bounds> {
        self.targets.get(&format!("service/{cluster}/{service}")).map(|target| target.bounds)
    }
}

/// A number, which templates may write as text.
fn number(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

/// Right after the deploy.
pub(super) fn begin(world: &mut World, cx: &mut Cx<'_>) {
    if world.autoscaling.targets.values().any(|target| !target.policies.is_empty()) {
        cx.after(SignedDuration::from_mins(1), super::Wake::Autoscaling(Wake::Minute));
    }
}

pub(super) fn call(world: &mut World, operation: &str, input: &Value, cx: &mut Cx<'_>) -> Answer {
    match operation {
        "DescribeScalableTargets" => calls::describe_targets(world, input, cx),
        "RegisterScalableTarget" => calls::register(world, input, cx),
        "DescribeScalingActivities" => calls::describe_activities(world, input),
        "DescribeScalingPolicies" => calls::describe_policies(world, input),
        "DescribeScheduledActions" => calls::describe_scheduled(world, input),
        other => panic!("the model has no application-autoscaling:{other}"),
    }
}

pub(super) fn wake(world: &mut World, wake: Wake, cx: &mut Cx<'_>) {
    match wake {
        Wake::Minute => {
            scale::minute(world, cx);
            cx.after(SignedDuration::from_mins(1), super::Wake::Autoscaling(Wake::Minute));
        }
        Wake::Scheduled { resource, name, put_at } => scale::scheduled(world, &resource, &name, put_at, cx),
    }
}
