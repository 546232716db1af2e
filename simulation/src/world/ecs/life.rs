//! What a task goes through: <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html>.
//!
//! A task that is stopped gets SIGTERM, and SIGKILL after `stopTimeout` (30 s, at most 120 s on Fargate): exit codes 0, 143 and 137 are all its consequence.
//! Spot: a warning of two minutes with SIGTERM, <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html>.
//! Stopped tasks stay for about an hour.

use jiff::SignedDuration;
use serde_json::Value;

use super::fate::check;
use super::state::{Around, Ecs, FARGATE_SPOT};
use super::task::{Fate, Health, Status, Stop, Task};
use super::values::{list, number, number as number_of};
use crate::world::Cx;
use crate::world::behaviour::Behaviour;
use crate::world::wake::{self, Step, Wake};

/// A time span, in seconds, of which chance takes one.
fn seconds(from: i64, to: i64, cx: &mut Cx<'_>) -> SignedDuration {
    SignedDuration::from_millis(cx.rng.between(from * 1000, to * 1000))
}

fn later(number: u64, delay: SignedDuration, step: Step, cx: &mut Cx<'_>) {
    cx.after(delay, Wake::Ecs(wake::Ecs::Task(number, step)));
}

impl Ecs {
    /// Puts a task on its way.
    pub(super) fn launch(&mut self, task: Task, cx: &mut Cx<'_>) {
        let number = task.number;
        self.tasks.insert(number, task);
        self.task_changed(number, cx);
        later(number, seconds(4, 15, cx), Step::Pull, cx);
    }

    pub(super) fn step(&mut self, number: u64, step: Step, around: Around<'_>, cx: &mut Cx<'_>) {
        let Some(task) = self.tasks.get_mut(&number) else { return };
        let (wanted, of) = (task.is_wanted(), task.of);
        match step {
            Step::Pull if wanted => {
                task.status = Status::Pending;
                task.pulled.0 = Some(cx.now);
                let (delay, next) = match &task.fate {
                    Fate::FailsToStart { pulls: false, .. } => (seconds(2, 15, cx), Step::FailToStart),
                    Fate::FailsToStart { pulls: true, .. } => (seconds(3, 60, cx), Step::FailToStart),
                    Fate::Runs(Behaviour::Slow) => (seconds(90, 240, cx), Step::Run),
                    Fate::Runs(_) => (seconds(6, 25, cx), Step::Run),
                };
                later(number, delay, next, cx);
                self.task_changed(number, cx);
            }
            Step::FailToStart if wanted => {
                let Fate::FailsToStart { reason, .. } = task.fate.clone() else { return };
                // Sometimes the container has the reason too.
                if reason.starts_with("CannotPull") && cx.rng.chance(0.5) {
                    task.container_reason = Some(reason.clone());
                }
                self.end(number, "TaskFailedToStart", reason, cx);
                self.task_failed(of, false, around, cx);
            }
            Step::Run if wanted => {
                task.pulled.1 = Some(cx.now);
                if of.is_some_and(|(service, _)| !list(&self.services[service].spec["loadBalancers"]).is_empty()) {
                    task.status = Status::Activating;
                    later(number, seconds(1, 6, cx), Step::Activated, cx);
                    self.task_changed(number, cx);
                } else {
                    self.runs(number, cx);
                }
            }
            Step::Activated if wanted => self.runs(number, cx),
            Step::ContainerHealthy if wanted => {
                task.health = Health::Healthy;
                self.task_changed(number, cx);
            }
            Step::Healthy if wanted => {
                task.is_healthy = true;
                task.was_healthy = true;
                self.task_is_healthy(of, cx);
            }
            Step::Unhealthy if wanted => {
                task.health = Health::Unhealthy;
                task.is_healthy = false;
                // ECS does not stop a standalone task for its health.
                match of {
                    Some(_) => {
                        self.halt(
                            number,
                            "ServiceSchedulerInitiated",
                            "Task failed container health checks".to_owned(),
                            cx,
                        );
                        self.task_failed(of, true, around, cx);
                    }
                    None => self.task_changed(number, cx),
                }
            }
            Step::BalancerUnhealthy if wanted => self.fails_balancer(number, around, cx),
            Step::Exit(code) if wanted && task.status == Status::Running => {
                task.exit = Some(code);
                if code == 137 {
                    task.container_reason = Some("OutOfMemoryError: Container killed due to memory usage".to_owned());
                }
                let healthy = task.was_healthy;
                // The container always has the reason OutOfMemoryError, the task sometimes.
                let texts =
                    ["Essential container in task exited", "OutOfMemoryError: Container killed due to memory usage"];
                let reason = if code == 137 { *cx.rng.pick(&texts) } else { texts[0] };
                self.end(number, "EssentialContainerExited", reason.to_owned(), cx);
                if !healthy {
                    self.task_failed(of, true, around, cx);
                }
            }
            Step::Terminated(code) if !wanted && task.status < Status::Deprovisioning => {
                task.exit = Some(code);
                self.ends(number, cx);
            }
            Step::Stopped if task.status == Status::Deprovisioning => {
                task.status = Status::Stopped;
                task.stopped_at = Some(cx.now);
                if let Some((service, _)) = of {
                    self.services[service].tasks.remove(&number);
                    self.services[service].stopped.insert(number);
                }
                self.task_changed(number, cx);
                later(number, seconds(3600, 3900, cx), Step::Forget, cx);
            }
            Step::Forget => {
                self.tasks.remove(&number);
                if let Some((service, _)) = of {
                    self.services[service].stopped.remove(&number);
                }
            }
            _ => {}
        }
        if let Some((service, _)) = of {
            self.soon(service, cx);
        }
    }

    /// The containers run; what becomes of them follows.
    fn runs(&mut self, number: u64, cx: &mut Cx<'_>) {
        let Some(task) = self.tasks.get_mut(&number) else { return };
        task.status = Status::Running;
        task.started_at = Some(cx.now);
        let (Fate::Runs(behaviour), check) = (task.fate.clone(), check(&task.definition)) else { return };
        let Some((service, _)) = task.of else {
            let (delay, code) = match behaviour {
                Behaviour::Crashes => (seconds(2, 8, cx), 1),
                Behaviour::OutOfMemory => (seconds(5, 15, cx), 137),
                Behaviour::FailsMigration => (seconds(10, 60, cx), 1),
                // Some change a large table.
                _ if cx.rng.chance(0.3) => (seconds(120, 800, cx), 0),
                _ => (seconds(30, 90, cx), 0),
            };
            if behaviour != Behaviour::HangsMigration {
                later(number, delay, Step::Exit(code), cx);
            }
            self.task_changed(number, cx);
            return;
        };
        self.services[service].throttle.0 = 0;
        let balanced = !list(&self.services[service].spec["loadBalancers"]).is_empty();
        let grace = number_of(&self.services[service].spec["healthCheckGracePeriodSeconds"]).unwrap_or(0);
        let (container, scheduler) = match (behaviour, &check) {
            (Behaviour::Crashes, _) => {
                later(number, seconds(2, 10, cx), Step::Exit(1), cx);
                (None, None)
            }
            (Behaviour::OutOfMemory, _) => {
                later(number, seconds(3, 12, cx), Step::Exit(137), cx);
                (None, None)
            }
            (Behaviour::FailsHealthCheck, Some(check)) => {
                let delay = check.start_period + check.interval * check.retries + cx.rng.up_to(check.interval);
                later(number, delay, Step::Unhealthy, cx);
                (None, None)
            }
            // As late as the check allows.
            (Behaviour::Slow, Some(check)) => {
                let delay = check.start_period + check.interval * (check.retries - 1);
                (Some(delay), Some(delay))
            }
            (_, Some(check)) => {
                let delay = check.interval + cx.rng.up_to(check.interval.min(check.start_period.max(check.interval)));
                (Some(delay), Some(delay))
            }
            // "If there's no health check defined ... the service scheduler will wait for 40 seconds after a task reaches a RUNNING state".
            (_, None) => (None, Some(SignedDuration::from_secs(40))),
        };
        if let Some(delay) = container {
            later(number, delay, Step::ContainerHealthy, cx);
        }
        if let Some(delay) = scheduler {
            if balanced && behaviour == Behaviour::FailsLoadBalancer {
                let delay = SignedDuration::from_secs(grace).max(delay) + seconds(30, 90, cx);
                later(number, delay, Step::BalancerUnhealthy, cx);
            } else {
                let target = if balanced { seconds(15, 60, cx) } else { SignedDuration::ZERO };
                later(number, delay.max(target), Step::Healthy, cx);
            }
        }
        self.task_changed(number, cx);
    }

    fn fails_balancer(&mut self, number: u64, around: Around<'_>, cx: &mut Cx<'_>) {
        let of = self.tasks[&number].of;
        let Some((service, _)) = of else { return };
        let group =
            self.services[service].spec["loadBalancers"][0]["targetGroupArn"].as_str().unwrap_or_default().to_owned();
        let task = &self.tasks[&number];
        let id = task.arn.rsplit('/').next().unwrap_or_default().to_owned();
        self.add_event(
            service,
            &format!("(task {id}) is unhealthy in (target-group {group}) due to (reason Health checks failed)."),
            cx,
        );
        if let Some(task) = self.tasks.get_mut(&number) {
            task.is_healthy = false;
        }
        self.halt(
            number,
            "ServiceSchedulerInitiated",
            format!("Task failed ELB health checks in (target-group {group})"),
            cx,
        );
        self.task_failed(of, true, around, cx);
    }

    /// Has a task stop: SIGTERM, and SIGKILL after `stopTimeout`.
    pub(super) fn halt(&mut self, number: u64, code: &'static str, reason: String, cx: &mut Cx<'_>) {
        let Some(task) = self.tasks.get_mut(&number).filter(|task| task.is_wanted()) else { return };
        task.stop = Some(Stop { code, reason, at: cx.now });
        if task.status < Status::Running {
            return self.ends(number, cx);
        }
        let timeout = stop_timeout(&task.definition);
        let is_spot =
            task.provider.as_deref() == Some(FARGATE_SPOT) && matches!(code, "TerminationNotice" | "SpotInterruption");
        let balanced =
            task.of.is_some_and(|(service, _)| !list(&self.services[service].spec["loadBalancers"]).is_empty());
        if !is_spot {
            task.status = if balanced { Status::Deactivating } else { Status::Stopping };
        }
        let (delay, exit) = match cx.rng.between(0, 2) {
            0 => (seconds(1, 10, cx), 0),
            1 => (seconds(1, 10, cx), 143),
            _ => (timeout, 137),
        };
        let drain = if balanced && !is_spot { seconds(5, 30, cx) } else { SignedDuration::ZERO };
        later(number, delay + drain, Step::Terminated(exit), cx);
        self.task_changed(number, cx);
        if let Some((service, _)) = self.tasks[&number].of {
            self.services[service].is_steady = false;
            self.soon(service, cx);
        }
    }

    /// A task ends without being stopped.
    fn end(&mut self, number: u64, code: &'static str, reason: String, cx: &mut Cx<'_>) {
        if let Some(task) = self.tasks.get_mut(&number) {
            task.stop = Some(Stop { code, reason, at: cx.now });
            task.is_healthy = false;
            if let Some((service, _)) = task.of {
                self.services[service].is_steady = false;
            }
        }
        self.ends(number, cx);
    }

    /// Its containers have ended.
    fn ends(&mut self, number: u64, cx: &mut Cx<'_>) {
        if let Some(task) = self.tasks.get_mut(&number) {
            task.status = Status::Deprovisioning;
            task.ended_at = task.started_at.map(|_| cx.now);
        }
        self.task_changed(number, cx);
        later(number, seconds(5, 25, cx), Step::Stopped, cx);
    }
}

fn stop_timeout(definition: &Value) -> SignedDuration {
    let own = list(&definition["containerDefinitions"])
        .iter()
        .filter_map(|container| number(&container["stopTimeout"]))
        .max();
    SignedDuration::from_secs(own.unwrap_or(30).min(120))
}
