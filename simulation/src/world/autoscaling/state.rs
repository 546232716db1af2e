//! The scalable targets.

use std::collections::BTreeMap;

use ::tests::template::text;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::account::Account;
use crate::world::Cx;

/// The scalable targets.
#[derive(Debug, Default)]
pub struct Autoscaling {
    /// By `service/<cluster>/<service>`.
    pub targets: BTreeMap<String, Target>,
    /// What was scaled, the newest last.
    pub activities: Vec<Activity>,
    /// Does registering bounds move a capacity that is outside of them? By the SDK's model it does, by the guide of ECS a count below
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

impl Suspended {
    /// Flags that are given; the others stay.
    pub(super) fn with(self, given: &Value) -> Suspended {
        let flag = |name: &str, now: bool| given[name].as_bool().unwrap_or(now);
        Suspended {
            scale_in: flag("DynamicScalingInSuspended", self.scale_in),
            scale_out: flag("DynamicScalingOutSuspended", self.scale_out),
            scheduled: flag("ScheduledScalingSuspended", self.scheduled),
        }
    }
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
    pub(super) created: Timestamp,
    /// When it was written last.
    pub(super) written: Timestamp,
    /// What it was before, each with when that ended.
    pub(super) past: Vec<(Timestamp, Bounds)>,
}

impl Target {
    pub(super) fn new(bounds: Bounds, now: Timestamp) -> Target {
        // Written long ago, as far as the next write is concerned.
        let written = now - SignedDuration::from_hours(1);
        Target { bounds, policies: Vec::new(), scheduled: BTreeMap::new(), created: now, written, past: Vec::new() }
    }

    /// Changes bounds and keeps the former ones for late reads.
    pub(super) fn write(&mut self, bounds: Bounds, now: Timestamp) {
        self.past.retain(|(until, _)| *until + SignedDuration::from_mins(2) > now);
        self.past.push((now, self.bounds));
        self.bounds = bounds;
        self.written = now;
    }

    pub(super) fn seen(&self, cx: &mut Cx<'_>) -> Bounds {
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
    pub(super) in_cooldown: SignedDuration,
    pub(super) out_cooldown: SignedDuration,
    pub(super) disable_scale_in: bool,
    /// Minutes for which the metric has been above, and below.
    pub(super) above: u32,
    pub(super) below: u32,
    /// When it acted last, out and in.
    pub(super) scaled_out: Option<Timestamp>,
    pub(super) scaled_in: Option<Timestamp>,
}

/// A scheduled action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// When it is due first.
    pub at: Timestamp,
    /// How often it is due again, if it is.
    pub every: Option<SignedDuration>,
    /// The minimum that it sets, if any.
    pub min: Option<i64>,
    /// The maximum that it sets, if any.
    pub max: Option<i64>,
    /// When it was put.
    pub put_at: Timestamp,
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
    /// Its `Cause`.
    pub cause: String,
}

impl Autoscaling {
    pub(crate) fn new(account: &Account) -> Autoscaling {
        let mut scaling = Autoscaling::default();
        let mut resource_of = BTreeMap::new();
        for target in account.of_type("AWS::ApplicationAutoScaling::ScalableTarget") {
            let properties = &target.properties;
            let resource = text(&properties["ResourceId"]);
            resource_of.insert(target.reference.clone(), resource.clone());
            let bounds = Bounds {
                min: number(&properties["MinCapacity"]),
                max: number(&properties["MaxCapacity"]),
                suspended: Suspended::default().with(&properties["SuspendedState"]),
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
