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
mod state;

use jiff::SignedDuration;
use serde_json::Value;

use super::Cx;
use super::ecr::Ecr;
use super::ecs::Ecs;
use super::load::Loads;
use super::wake::{self, Wake};
use crate::wire::Answer;
use calls::{describe_activities, describe_policies, describe_scheduled, describe_targets};

pub use state::{Action, Activity, Autoscaling, Bounds, Policy, Suspended, Target};

impl Autoscaling {
    /// Right after the deploy.
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>) {
        if self.targets.values().any(|target| !target.policies.is_empty()) {
            cx.after(SignedDuration::from_mins(1), Wake::Autoscaling(wake::Autoscaling::Minute));
        }
    }

    pub(super) fn call(&mut self, operation: &str, input: &Value, ecs: &mut Ecs, ecr: &Ecr, cx: &mut Cx<'_>) -> Answer {
        match operation {
            "DescribeScalableTargets" => describe_targets(self, input, cx),
            "RegisterScalableTarget" => self.register(input, ecs, ecr, cx),
            "DescribeScalingActivities" => describe_activities(self, input),
            "DescribeScalingPolicies" => describe_policies(self, input),
            "DescribeScheduledActions" => describe_scheduled(self, input),
            other => panic!("the model has no application-autoscaling:{other}"),
        }
    }

    pub(super) fn wake(&mut self, wake: wake::Autoscaling, loads: &Loads, ecs: &mut Ecs, ecr: &Ecr, cx: &mut Cx<'_>) {
        match wake {
            wake::Autoscaling::Minute => {
                self.minute(loads, ecs, ecr, cx);
                cx.after(SignedDuration::from_mins(1), Wake::Autoscaling(wake::Autoscaling::Minute));
            }
            wake::Autoscaling::Scheduled { resource, name, put_at } => {
                self.scheduled(&resource, &name, put_at, ecs, ecr, cx)
            }
        }
    }
}
