//! What scales: policies by the minute, scheduled actions at their time.

use jiff::Timestamp;
use serde_json::json;

use super::state::{Action, Activity, Autoscaling, Policy};
use crate::world::Cx;
use crate::world::ecr::Ecr;
use crate::world::ecs::Ecs;
use crate::world::load::{Load, Loads, Sight, load};
use crate::world::wake::{self, Wake};

/// Scale-out after three minutes above the target, scale-in after fifteen below: the alarms that target tracking makes.
/// <https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html>
const OUT: u32 = 3;
const IN: u32 = 15;

impl Autoscaling {
    /// A person puts a scheduled action on a service, or replaces the one of that name.
    pub fn put_scheduled_action(&mut self, resource: &str, name: &str, action: Action, cx: &mut Cx<'_>) {
        let Some(target) = self.targets.get_mut(resource) else { return };
        let action = Action { put_at: cx.now, ..action };
        cx.note(format!("a person schedules {resource} {name}: {:?} to {:?} at {}", action.min, action.max, action.at));
        target.scheduled.insert(name.to_owned(), action);
        let wake =
            wake::Autoscaling::Scheduled { resource: resource.to_owned(), name: name.to_owned(), put_at: cx.now };
        cx.out.wakes.push((action.at.max(cx.now), Wake::Autoscaling(wake)));
    }

    /// A person deletes a scheduled action.
    pub fn delete_scheduled_action(&mut self, resource: &str, name: &str) {
        if let Some(target) = self.targets.get_mut(resource) {
            target.scheduled.remove(name);
        }
    }

    pub(super) fn scheduled(
        &mut self,
        resource: &str,
        name: &str,
        put_at: Timestamp,
        ecs: &mut Ecs,
        ecr: &Ecr,
        cx: &mut Cx<'_>,
    ) {
        let Some(target) = self.targets.get_mut(resource) else { return };
        let Some(action) = target.scheduled.get(name).copied().filter(|action| action.put_at == put_at) else { return };
        match action.every {
            Some(every) => {
                let wake =
                    wake::Autoscaling::Scheduled { resource: resource.to_owned(), name: name.to_owned(), put_at };
                cx.after(every, Wake::Autoscaling(wake));
            }
            None => drop(target.scheduled.remove(name)),
        }
        if target.bounds.suspended.scheduled {
            return;
        }
        let mut bounds = target.bounds;
        bounds.min = action.min.unwrap_or(bounds.min);
        bounds.max = action.max.unwrap_or(bounds.max);
        if bounds.min > bounds.max {
            return;
        }
        cx.note(format!("scheduled action {name} sets {resource} to {}..{}", bounds.min, bounds.max));
        target.write(bounds, cx.now);
        self.within(resource, &format!("scheduled action name {name} was triggered"), ecs, ecr, cx);
    }

    /// Brings a capacity that is outside of its bounds to the nearer one.
    pub(super) fn within(&mut self, resource: &str, cause: &str, ecs: &mut Ecs, ecr: &Ecr, cx: &mut Cx<'_>) {
        let Some(bounds) = self.targets.get(resource).map(|target| target.bounds) else { return };
        let Some(service) = resource.strip_prefix("service/").map(str::to_owned) else { return };
        let Some(sight) = ecs.sight(&service, ecr) else { return };
        let count = sight.desired.clamp(bounds.min, bounds.max);
        if count != sight.desired {
            self.set(resource, (sight.desired, count), cause.to_owned(), ecs, cx);
        }
    }

    fn set(&mut self, resource: &str, change: (i64, i64), cause: String, ecs: &mut Ecs, cx: &mut Cx<'_>) {
        let Some(service) = resource.strip_prefix("service/").map(str::to_owned) else { return };
        cx.note(format!("auto scaling: {service} from {} to {} ({cause})", change.0, change.1));
        let (cluster, name) = service.split_once('/').unwrap_or(("default", &service));
        ecs.set_desired(cluster, name, change.1, cx);
        let id = cx.id();
        let activity = Activity { id, at: cx.now, resource: resource.to_owned(), change, cause };
        self.activities.push(activity);
        let Some(bounds) = self.targets.get(resource).map(|target| target.bounds) else { return };
        if change.1 > change.0 && change.1 == bounds.max {
            let time = cx.now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
            let detail = json!({
                "startTime": time, "endTime": time, "newDesiredCapacity": change.1, "oldDesiredCapacity": change.0,
                "minCapacity": bounds.min, "maxCapacity": bounds.max, "resourceId": resource,
                "scalableDimension": "ecs:service:DesiredCount", "serviceNamespace": "ecs", "statusCode": "Successful",
                "scaledToMax": true, "direction": "scale-out",
            });
            cx.emit(
                "aws.application-autoscaling",
                "Application Auto Scaling Scaling Activity State Change",
                &[],
                detail,
            );
        }
    }

    /// Every policy of a service that users load looks at its metric.
    pub(super) fn minute(&mut self, loads: &Loads, ecs: &mut Ecs, ecr: &Ecr, cx: &mut Cx<'_>) {
        let loaded: Vec<String> = loads.keys().map(|service| format!("service/{service}")).collect();
        for resource in loaded {
            let service = &resource["service/".len()..];
            if self.targets.get(&resource).is_none_or(|target| target.policies.is_empty()) {
                continue;
            }
            let Some(sight) = ecs.sight(service, ecr) else { continue };
            if let Some((change, policy)) = self.decide(&resource, load(loads, service), sight, cx.now) {
                let cause = format!("monitor alarm TargetTracking-{resource} of policy {policy}");
                self.set(&resource, change, cause, ecs, cx);
            }
        }
    }

    /// What the policies of a target want: the largest scale-out, or a scale-in that all agree to.
    pub(crate) fn decide(
        &mut self,
        resource: &str,
        load: Load,
        sight: Sight,
        now: Timestamp,
    ) -> Option<((i64, i64), String)> {
        let target = self.targets.get_mut(resource)?;
        let (bounds, policies) = (target.bounds, &mut target.policies);
        // Tasks at zero publish no metric: insufficient data.
        if sight.running == 0 {
            policies.iter_mut().for_each(|policy| (policy.above, policy.below) = (0, 0));
            return None;
        }
        let mut wanted: Vec<(i64, usize)> = Vec::new();
        let mut agreed = Vec::new();
        for (number, policy) in policies.iter_mut().enumerate() {
            let metric = policy.measure(load, sight);
            policy.above = if metric > policy.target { policy.above + 1 } else { 0 };
            policy.below = if metric < policy.target * 0.9 { policy.below + 1 } else { 0 };
            let count = share(sight.running, metric / policy.target);
            let free = |since: Option<Timestamp>, cooldown| since.is_none_or(|since| since + cooldown <= now);
            if policy.above >= OUT && free(policy.scaled_out, policy.out_cooldown) {
                wanted.push((count.max(bounds.min).min(bounds.max), number));
            }
            let last = policy.scaled_in.max(policy.scaled_out);
            let may = policy.below >= IN && !policy.disable_scale_in && free(last, policy.in_cooldown);
            agreed.push((may, count.max(bounds.min)));
        }
        if let Some((count, number)) = wanted.into_iter().max().filter(|_| !bounds.suspended.scale_out) {
            if count > sight.desired {
                policies[number].scaled_out = Some(now);
                return Some(((sight.desired, count), policies[number].name.clone()));
            }
            return None;
        }
        let all = !agreed.is_empty() && agreed.iter().all(|(may, _)| *may);
        let count = agreed.iter().map(|(_, count)| *count).max()?;
        if !all || bounds.suspended.scale_in || sight.deploying || count >= sight.desired {
            return None;
        }
        policies[0].scaled_in = Some(now);
        Some(((sight.desired, count), policies[0].name.clone()))
    }
}

/// So many times as many tasks, rounded up.
fn share(running: i64, ratio: f64) -> i64 {
    // Counts are small; nothing is lost.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let count = (running as f64 * ratio).ceil() as i64;
    count
}

impl Policy {
    fn measure(&self, load: Load, sight: Sight) -> f64 {
        match self.metric.as_str() {
            "ECSServiceAverageCPUUtilization" => load.cpu_of(sight),
            "ECSServiceAverageMemoryUtilization" => load.memory,
            other => panic!("the model has no metric {other} for scaling"),
        }
    }
}
