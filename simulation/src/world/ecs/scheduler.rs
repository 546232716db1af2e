//! The service scheduler: starts and stops tasks of a service until they match its PRIMARY deployment.
//!
//! Rolling update: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html>: `minimumHealthyPercent` rounded up,
//! `maximumPercent` rounded down. Placement over capacity providers: base first, then weights; a provider does not replace the missing tasks of another:
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html>, containers-roadmap#852. Throttle: tasks that do not reach RUNNING
//! are started after ever longer delays, up to 27 minutes: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html>.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::emit::provider_arn;
use super::fate::decide;
use super::model::{Item, Rollout};
use super::state::{Around, Ecs, FARGATE, FARGATE_SPOT};
use super::task::{Status, Task};
use super::values::{number as number_of, truth};
use super::view::configuration;
use crate::weather::rates::launches;
use crate::world::Cx;
use crate::world::wake::{self, Wake};

/// Longest delay between starts of tasks that do not reach RUNNING.
const THROTTLE: SignedDuration = SignedDuration::from_mins(27);

/// The service event of a shortage.
const NO_CAPACITY: &str = "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";

impl Ecs {
    /// Has the scheduler run for a service in a moment.
    pub(super) fn soon(&mut self, number: usize, cx: &mut Cx<'_>) {
        let delay = SignedDuration::from_millis(cx.rng.between(800, 4000));
        self.look_after(number, delay, cx);
    }

    pub(super) fn look_after(&mut self, number: usize, delay: SignedDuration, cx: &mut Cx<'_>) {
        let at = cx.now + delay;
        let service = &mut self.services[number];
        if service.looks_at.is_none_or(|planned| planned > at) {
            service.looks_at = Some(at);
            cx.after(delay, Wake::Ecs(wake::Ecs::Service(number)));
        }
    }

    /// Tasks of a deployment that are to run.
    pub(super) fn wanted(&self, number: usize, deployment: usize) -> impl Iterator<Item = &Task> {
        let tasks = self.services[number].tasks.iter().map(|task| &self.tasks[task]);
        tasks.filter(move |task| task.of == Some((number, deployment)) && task.is_wanted())
    }

    /// The scheduler runs for a service.
    pub(super) fn look(&mut self, number: usize, around: Around<'_>, cx: &mut Cx<'_>) {
        let service = &mut self.services[number];
        // An earlier run may have made this one needless.
        if service.looks_at.is_none_or(|at| at > cx.now) {
            return;
        }
        service.looks_at = None;
        if service.active {
            self.watch_alarms(number, around, cx);
            self.stop_surplus(number, cx);
            self.start_missing(number, around, cx);
            self.conclude(number, cx);
        } else {
            let tasks = self.services[number].tasks.iter().filter(|task| self.tasks[task].is_wanted());
            let tasks: Vec<u64> = tasks.copied().collect();
            let reason = format!("Scaling activity initiated by (deployment {})", self.services[number].primary().id);
            self.stop_all(number, &tasks, &reason, cx);
        }
        self.changed(number, cx);
    }

    fn percent(&self, number: usize, field: &str, default: i64) -> i64 {
        number_of(&configuration(&self.services[number].spec)[field]).unwrap_or(default)
    }

    /// Tasks of other deployments stop while enough are healthy; of the PRIMARY one those above the count.
    fn stop_surplus(&mut self, number: usize, cx: &mut Cx<'_>) {
        let (desired, primary) = (self.services[number].desired, self.services[number].primary);
        let own = i64::try_from(self.wanted(number, primary).count()).unwrap_or(0);
        if own > desired {
            self.scale_in(number, usize::try_from(own - desired).unwrap_or(0), cx);
        }
        let minimum = self.percent(number, "minimumHealthyPercent", 100);
        let minimum = (desired * minimum + 99) / 100;
        let all: Vec<&Task> =
            self.services[number].tasks.iter().map(|task| &self.tasks[task]).filter(|task| task.is_wanted()).collect();
        let mut healthy = i64::try_from(all.iter().filter(|task| task.is_healthy).count()).unwrap_or(0);
        let mut old: Vec<(bool, u64)> = all
            .iter()
            .filter(|task| task.of != Some((number, primary)) && !task.is_protected(cx.now))
            .map(|task| (task.is_healthy, task.number))
            .collect();
        old.sort_unstable();
        let protected = self.services[number].tasks.iter().filter_map(|task| self.tasks[task].protected_until);
        let expires = protected.filter(|until| *until > cx.now).min();
        let reason = format!("Scaling activity initiated by (deployment {})", self.services[number].primary().id);
        let mut stopped = Vec::new();
        for (is_healthy, task) in old {
            if is_healthy && healthy <= minimum {
                break;
            }
            healthy -= i64::from(is_healthy);
            stopped.push(task);
        }
        self.stop_all(number, &stopped, &reason, cx);
        if let Some(expires) = expires {
            self.look_after(number, expires.duration_since(cx.now), cx);
        }
    }

    /// Stops so many tasks of the PRIMARY deployment; those that do not run yet first, then the newest.
    fn scale_in(&mut self, number: usize, count: usize, cx: &mut Cx<'_>) {
        let service = &self.services[number];
        let mut tasks: Vec<(bool, std::cmp::Reverse<u64>)> = self
            .wanted(number, service.primary)
            .filter(|task| !task.is_protected(cx.now))
            .map(|task| (task.is_healthy, std::cmp::Reverse(task.number)))
            .collect();
        tasks.sort_unstable();
        let reason = format!("Scaling activity initiated by (deployment {})", service.primary().id);
        let tasks: Vec<u64> = tasks.into_iter().take(count).map(|(_, task)| task.0).collect();
        self.stop_all(number, &tasks, &reason, cx);
    }

    fn stop_all(&mut self, number: usize, tasks: &[u64], reason: &str, cx: &mut Cx<'_>) {
        if tasks.is_empty() {
            return;
        }
        let ids: Vec<String> = tasks.iter().map(|task| format!("(task {})", self.task_id(*task))).collect();
        self.add_event(number, &format!("has stopped {} running tasks: {}.", tasks.len(), ids.join(" ")), cx);
        for task in tasks {
            self.halt(*task, "ServiceSchedulerInitiated", reason.to_owned(), cx);
        }
    }

    fn task_id(&self, task: u64) -> &str {
        self.tasks.get(&task).and_then(|task| task.arn.rsplit('/').next()).unwrap_or_default()
    }

    /// Starts missing tasks, as far as `maximumPercent`, the throttle and the capacity allow.
    fn start_missing(&mut self, number: usize, around: Around<'_>, cx: &mut Cx<'_>) {
        let service = &self.services[number];
        // "A deployment in FAILED state doesn't launch any new tasks."
        if service.primary().state == Rollout::Failed {
            return;
        }
        let (_, until) = service.throttle;
        let wanted = |deployment| i64::try_from(self.wanted(number, deployment).count()).unwrap_or(0);
        let all = service.tasks.iter().filter(|task| self.tasks[task].is_wanted()).count();
        let room =
            service.desired * self.percent(number, "maximumPercent", 200) / 100 - i64::try_from(all).unwrap_or(0);
        let missing = (service.desired - wanted(service.primary)).min(room);
        if missing <= 0 {
            return;
        }
        self.services[number].is_steady = false;
        if until > cx.now {
            return self.look_after(number, until.duration_since(cx.now), cx);
        }
        let primary = self.services[number].primary;
        if let Some(error) = self.unassumable(&self.services[number].revision().definition) {
            let text = format!("failed to launch a task with (error {error}).");
            // "The cause is provided in the reason field": that it is this text is inferred.
            let more = json!({ "reason": error });
            return self.unplaced((number, primary), &text, "SERVICE_TASK_CONFIGURATION_FAILURE", more, around, cx);
        }
        let mut started = Vec::new();
        let mut lacking: Vec<Option<String>> = Vec::new();
        for provider in self.providers(number, missing) {
            let name = provider.as_deref().unwrap_or(FARGATE);
            // What Fargate does not launch yet, the scheduler tries again.
            if self.launches.spend(launches(name == FARGATE_SPOT), cx.now).is_err() {
                self.look_after(number, SignedDuration::from_secs(1), cx);
            } else if self.environment.no_capacity.contains(name) {
                if !lacking.contains(&provider) {
                    lacking.push(provider);
                }
            } else {
                started.push(self.start(number, provider, around, cx));
            }
        }
        if !started.is_empty() {
            let ids: Vec<String> = started.iter().map(|task| format!("(task {})", self.task_id(*task))).collect();
            self.add_event(number, &format!("has started {} tasks: {}.", started.len(), ids.join(" ")), cx);
        }
        if !started.is_empty() {
            self.services[number].unplaced = 0;
        }
        for provider in lacking {
            let mut more = json!({ "reason": "RESOURCE:FARGATE" });
            if let Some(provider) = provider {
                more["capacityProviderArns"] = json!([provider_arn(&provider)]);
            }
            self.unplaced((number, primary), NO_CAPACITY, "SERVICE_TASK_PLACEMENT_FAILURE", more, around, cx);
        }
    }

    /// The error of ECS when it cannot assume the execution role of a task definition.
    pub(super) fn unassumable(&self, definition: &Value) -> Option<String> {
        let role = definition["executionRoleArn"].as_str().unwrap_or_default();
        let broken = self.environment.broken_roles.contains(definition["family"].as_str().unwrap_or_default());
        broken.then(|| format!("ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role."))
    }

    /// Where the next tasks of the PRIMARY deployment go.
    pub(super) fn providers(&self, number: usize, missing: i64) -> Vec<Option<String>> {
        let service = &self.services[number];
        let strategy = &service.revision().strategy;
        if strategy.is_empty() {
            return vec![None; usize::try_from(missing).unwrap_or(0)];
        }
        let mut lacks: Vec<(String, i64)> = spread(strategy, service.desired)
            .into_iter()
            .map(|(provider, count)| {
                let own = self.wanted(number, service.primary).filter(|task| task.provider.as_ref() == Some(&provider));
                let own = i64::try_from(own.count()).unwrap_or(0);
                (provider, count - own)
            })
            .collect();
        let mut places = Vec::new();
        for _ in 0..missing {
            let most = lacks.iter_mut().rev().max_by_key(|(_, lack)| *lack);
            let Some((provider, lack)) = most else { break };
            *lack -= 1;
            places.push(Some(provider.clone()));
        }
        places
    }

    pub(super) fn start(
        &mut self,
        number: usize,
        provider: Option<String>,
        around: Around<'_>,
        cx: &mut Cx<'_>,
    ) -> u64 {
        let task = self.next();
        let service = &mut self.services[number];
        let place = service.primary;
        let revision = service.deployments[place].revision;
        let fate = decide(&mut service.revisions[revision], &self.environment, around, cx);
        let revision = &service.revisions[revision];
        let task = Task {
            of: Some((number, place)),
            started_by: Some(service.deployments[place].id.clone()),
            group: format!("service:{}", service.name),
            provider,
            overrides: json!({ "containerOverrides": [], "inferenceAcceleratorOverrides": [] }),
            tags: managed_tags(&service.spec, &service.cluster, &service.name),
            ..Task::new(task, &service.cluster, revision, fate, cx)
        };
        let started = task.number;
        service.tasks.insert(started);
        self.counters.started += 1;
        self.launch(task, cx);
        started
    }

    /// A task that cannot be placed: an event, a failed task, another try later.
    fn unplaced(
        &mut self,
        of: (usize, usize),
        text: &str,
        event: &str,
        more: Value,
        around: Around<'_>,
        cx: &mut Cx<'_>,
    ) {
        let number = of.0;
        self.counters.unplaced += 1;
        self.add_event(number, text, cx);
        self.emit_action(number, "ERROR", event, more, cx);
        // Ever later while the shortage lasts, up to a quarter of an hour.
        let service = &mut self.services[number];
        service.unplaced += 1;
        let delay = SignedDuration::from_secs(cx.rng.between(20, 60) << (service.unplaced / 5).min(4));
        service.throttle.1 = service.throttle.1.max(cx.now + delay);
        self.look_after(number, delay, cx);
        self.count_failure(Some(of), around, cx);
    }

    /// A task failed before it was healthy, or for its health; `ran` when it came to run.
    pub(super) fn task_failed(&mut self, of: Option<(usize, usize)>, ran: bool, around: Around<'_>, cx: &mut Cx<'_>) {
        if let Some((number, _)) = of.filter(|_| !ran) {
            let service = &mut self.services[number];
            let (count, until) = &mut service.throttle;
            *count += 1;
            // The first few are replaced at once.
            let delay = SignedDuration::from_secs(5 << (*count).min(10)).min(THROTTLE);
            *until = cx.now + if *count < 3 { SignedDuration::ZERO } else { delay };
            if *count == 5 || *count % 20 == 0 {
                self.add_event(number, "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.", cx);
                self.emit_action(number, "WARN", "SERVICE_TASK_START_IMPAIRED", json!({}), cx);
            }
        }
        self.count_failure(of, around, cx);
    }

    /// Completes the PRIMARY deployment, and the service is steady, once its tasks are healthy and alone.
    fn conclude(&mut self, number: usize, cx: &mut Cx<'_>) {
        let service = &self.services[number];
        let primary = service.primary;
        let own: Vec<bool> = self.wanted(number, primary).map(|task| task.is_healthy).collect();
        let is_there = i64::try_from(own.len()) == Ok(service.desired) && own.iter().all(|healthy| *healthy);
        let mut rest = service.tasks.iter().map(|task| &self.tasks[task]);
        let is_alone = !rest.any(|task| task.of != Some((number, primary)) && task.status < Status::Deprovisioning);
        if !is_there || !is_alone {
            self.services[number].deployments[primary].baking_since = None;
            return;
        }
        if service.primary().state == Rollout::InProgress && !self.has_baked(number, cx) {
            return;
        }
        if self.services[number].primary().state == Rollout::InProgress {
            self.completed(number, cx);
        }
        if !self.services[number].is_steady && self.services[number].primary().state == Rollout::Completed {
            self.reach_steady_state(number, cx);
        }
    }
}

/// Tags that ECS gives to tasks of a service with `enableECSManagedTags`.
fn managed_tags(spec: &Value, cluster: &str, service: &str) -> Value {
    match truth(&spec["enableECSManagedTags"]) {
        Some(true) => json!([
            { "key": "aws:ecs:clusterName", "value": cluster }, { "key": "aws:ecs:serviceName", "value": service },
        ]),
        _ => json!([]),
    }
}

/// How many of so many tasks each provider gets: bases first, the rest by weight.
pub(super) fn spread(strategy: &[Item], desired: i64) -> Vec<(String, i64)> {
    let mut counts: Vec<(String, i64)> = Vec::new();
    let mut left = desired;
    for item in strategy {
        let base = item.base.min(left);
        left -= base;
        counts.push((item.provider.clone(), base));
    }
    let mut shares: Vec<i64> = vec![0; strategy.len()];
    for _ in 0..left {
        // The one that is furthest below its share.
        let next = (0..strategy.len())
            .filter(|place| strategy[*place].weight > 0)
            .min_by_key(|place| ((shares[*place] + 1) * 1_000_000 / strategy[*place].weight, *place));
        let Some(next) = next else { break };
        shares[next] += 1;
        counts[next].1 += 1;
    }
    counts
}
