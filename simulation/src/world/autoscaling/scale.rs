//! What scales: policies by the minute, scheduled actions at their time.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Activity, Cx, Policy, Wake, World};
use crate::world::load::{self, Sight};

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

/// Scale-out after three minutes above the target, scale-in after fifteen below: the alarms that target tracking makes.
/// <https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html>
const OUT: u32 = 3;
const IN: u32 = 15;

/// A person puts a scheduled action on a service, or replaces the one of that name.
pub fn put_scheduled_action(world: &mut World, resource: &str, name: &str, action: Action, cx: &mut Cx<'_>) {
    let Some(target) = world.autoscaling.targets.get_mut(resource) else { return };
    let action = Action { put_at: cx.now, ..action };
    cx.note(format!("a person schedules {resource} {name}: {:?} to {:?} at {}", action.min, action.max, action.at));
    target.scheduled.insert(name.to_owned(), action);
    let wake = Wake::Scheduled { resource: resource.to_owned(), name: name.to_owned(), put_at: cx.now };
    cx.out.wakes.push((action.at.max(cx.now), crate::world::Wake::Autoscaling(wake)));
}

/// A person deletes a scheduled action.
pub fn delete_scheduled_action(world: &mut World, resource: &str, name: &str) {
    if let Some(target) = world.autoscaling.targets.get_mut(resource) {
        target.scheduled.remove(name);
    }
}

pub(super) fn scheduled(world: &mut World, resource: &str, name: &str, put_at: Timestamp, cx: &mut Cx<'_>) {
    let Some(target) = world.autoscaling.targets.get_mut(resource) else { return };
    let Some(action) = target.scheduled.get(name).copied().filter(|action| action.put_at == put_at) else { return };
    match action.every {
        Some(every) => {
            let wake = Wake::Scheduled { resource: resource.to_owned(), name: name.to_owned(), put_at };
            cx.after(every, crate::world::Wake::Autoscaling(wake));
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
    within(world, resource, &format!("scheduled action name {name} was triggered"), cx);
}

/// Brings a capacity that is outside of its bounds to the nearer one.
pub(super) fn within(world: &mut World, resource: &str, cause: &str, cx: &mut Cx<'_>) {
    let Some(bounds) = world.autoscaling.targets.get(resource).map(|target| target.bounds) else { return };
    let Some(service) = resource.strip_prefix("service/").map(str::to_owned) else { return };
    let Some(sight) = load::look(world, &service) else { return };
    let count = sight.desired.clamp(bounds.min, bounds.max);
    if count != sight.desired {
        set(world, resource, (sight.desired, count), cause.to_owned(), cx);
    }
}

fn set(world: &mut World, resource: &str, change: (i64, i64), cause: String, cx: &mut Cx<'_>) {
    let Some(service) = resource.strip_prefix("service/").map(str::to_owned) else { return };
    cx.note(format!("auto scaling: {service} from {} to {} ({cause})", change.0, change.1));
    load::set_desired(world, &service, change.1, cx);
    let id = cx.id();
    let activity = Activity { id, at: cx.now, resource: resource.to_owned(), change, cause };
    world.autoscaling.activities.push(activity);
    let Some(bounds) = world.autoscaling.targets.get(resource).map(|target| target.bounds) else { return };
    if change.1 > change.0 && change.1 == bounds.max {
        let time = cx.now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let detail = json!({
            "startTime": time, "endTime": time, "newDesiredCapacity": change.1, "oldDesiredCapacity": change.0,
            "minCapacity": bounds.min, "maxCapacity": bounds.max, "resourceId": resource,
            "scalableDimension": "ecs:service:DesiredCount", "serviceNamespace": "ecs", "statusCode": "Successful",
            "scaledToMax": true, "direction": "scale-out",
        });
        cx.emit("aws.application-autoscaling", "Application Auto Scaling Scaling Activity State Change", &[], detail);
    }
}

/// Every policy of a service that somebody loads looks at its metric.
pub(super) fn minute(world: &mut World, cx: &mut Cx<'_>) {
    let loaded: Vec<String> = world.loads.keys().map(|service| format!("service/{service}")).collect();
    for resource in loaded {
        let service = &resource["service/".len()..];
        if world.autoscaling.targets.get(&resource).is_none_or(|target| target.policies.is_empty()) {
            continue;
        }
        let Some(sight) = load::look(world, service) else { continue };
        if let Some((change, policy)) = decide(world, &resource, sight, cx.now) {
            set(world, &resource, change, format!("monitor alarm TargetTracking-{resource} of policy {policy}"), cx);
        }
    }
}

/// What the policies of a target want: the largest scale-out, or a scale-in that all agree to.
pub(super) fn decide(world: &mut World, resource: &str, sight: Sight, now: Timestamp) -> Option<((i64, i64), String)> {
    let load = world.load(resource.strip_prefix("service/")?);
    let target = world.autoscaling.targets.get_mut(resource)?;
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

/// So many times as many tasks, rounded up.
fn share(running: i64, ratio: f64) -> i64 {
    // Counts are small; nothing is lost.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let count = (running as f64 * ratio).ceil() as i64;
    count
}

impl Policy {
    fn measure(&self, load: load::Load, sight: Sight) -> f64 {
        match self.metric.as_str() {
            "ECSServiceAverageCPUUtilization" => load.cpu_of(sight),
            "ECSServiceAverageMemoryUtilization" => load.memory,
            other => panic!("the model has no metric {other} for scaling"),
        }
    }
}
