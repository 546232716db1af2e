//! Scaled to zero, running again, and what takes too long in between.

use std::collections::BTreeMap;

use jiff::Timestamp;
use planner::capacity::{Decision, OverrideKind, Reason, Savings};
use planner::model::{Task, format_time};
use shared::notify::{Notification, Severity};

use super::{HourlyCost, ServiceMessages};

impl ServiceMessages<'_> {
    /// The last task has stopped.
    pub fn scaled_to_zero(&self, decision: &Decision, cost: Option<&HourlyCost>, savings: &Savings) -> Notification {
        let name = self.name();
        let mut facts = self.until(decision);
        if let Some(cost) = cost {
            facts.push(("saves".into(), format!("{} an hour (estimate)", cost.on_demand)));
            facts.push((format!("saved in {}", savings.month), format!("{} (estimate)", savings.saved)));
        }
        let next = match &decision.reason {
            Reason::Override { kind: OverrideKind::Sleep, .. } => {
                format!("To end the override, {}", self.request("resume", &[]))
            }
            _ => format!("To run it now, {}", self.request("wake", &[("until", "2h")])),
        };
        Notification {
            summary: format!("{name} has run no tasks since {}. Reason: {}.", format_time(self.now), decision.reason),
            facts,
            next_steps: vec![next],
            ..self.message(Severity::Info, "scaled-to-zero", &format!("Scaled to zero: {name}"))
        }
    }

    /// The first task is healthy.
    pub fn running_again(&self, decision: &Decision, since: Timestamp, cost: Option<&HourlyCost>) -> Notification {
        let name = self.name();
        let mut facts = vec![("start took".to_owned(), self.time_since(since))];
        facts.extend(self.until(decision));
        facts.extend(cost.map(|cost| ("costs".to_owned(), format!("{} an hour (estimate)", cost.current))));
        Notification {
            summary: format!(
                "{name} has had a healthy task since {}. Reason: {}.",
                format_time(self.now),
                decision.reason
            ),
            facts,
            ..self.message(Severity::Info, "running-again", &format!("Running again: {name}"))
        }
    }

    /// Tasks still run after the drain deadline.
    pub fn drain_overdue(
        &self,
        since: Timestamp,
        tasks: &[Task],
        protected: &BTreeMap<String, Timestamp>,
        error: Option<&str>,
    ) -> Notification {
        let (name, cluster) = (self.name(), &self.policy.cluster);
        let id = |task: &Task| task.arn.rsplit('/').next().unwrap_or(&task.arn).to_owned();
        let fact = |task: &Task| {
            let state = match protected.get(&task.arn) {
                Some(until) => format!("{}, scale-in protection until {}", task.status, format_time(*until)),
                None => format!("{}, no scale-in protection", task.status),
            };
            (format!("task {}", id(task)), state)
        };
        let (count, are) = match tasks.len() {
            1 => ("1 task".to_owned(), "is"),
            n => (format!("{n} tasks"), "are"),
        };
        let mut next_steps = Vec::new();
        if !protected.is_empty() {
            next_steps.push(
                "While protected tasks finish their work, do nothing: ECS stops each when its protection expires."
                    .into(),
            );
        }
        let stoppable = tasks.iter().find(|task| !protected.contains_key(&task.arn)).or(tasks.first());
        next_steps.extend(
            stoppable
                .map(|task| format!("To stop a task now: aws ecs stop-task --cluster {cluster} --task {}", id(task))),
        );
        Notification {
            summary: format!(
                "The automation scaled {name} to zero at {}. After {}, {count} {are} still running.",
                format_time(since),
                self.time_since(since)
            ),
            facts: error
                .map(|error| ("error".into(), error.into()))
                .into_iter()
                .chain(tasks.iter().map(fact))
                .collect(),
            next_steps,
            ..self.message(
                Severity::Warning,
                "drain-overdue",
                &format!("Scale to zero overdue: {name}, {count} still running"),
            )
        }
    }

    /// No task is healthy after the start deadline.
    pub fn start_overdue(
        &self,
        since: Timestamp,
        decision: &Decision,
        tasks: &[Task],
        (stopped, error): (&[String], Option<&str>),
    ) -> Notification {
        let (name, cluster) = (self.name(), &self.policy.cluster);
        let logs = format!(
            "Read the logs of {name} and its service events: aws ecs describe-services --cluster {cluster} --services {name} \
             --query \"services[0].events[:5]\""
        );
        let next_steps = match error {
            Some(_) => vec!["Correct the cause of the error: the automation tries again every 5 minutes.".into(), logs],
            None => vec![
                logs,
                "If a release that was staged during the downtime is the cause, the rollout function rolls it back after three failed tasks."
                    .into(),
                format!("To roll back to the previous release now, {}", self.request("rollback", &[])),
            ],
        };
        let error = error.map(|error| format!(" It could not be woken: {error}.")).unwrap_or_default();
        let mut facts: Vec<(String, String)> =
            stopped.iter().map(|ending| ("stopped".into(), ending.clone())).collect();
        facts.extend(tasks.iter().map(|task| ("task".into(), format!("{}, health {}", task.status, task.health))));
        if facts.is_empty() {
            facts.push(("tasks".into(), "ECS has started none".into()));
        }
        Notification {
            summary: format!(
                "{name} has been starting since {}, for {}, and has no healthy task. It should run: {}.{error}",
                format_time(since),
                self.time_since(since),
                decision.reason
            ),
            facts,
            next_steps,
            ..self.message(Severity::Critical, "start-overdue", &format!("Start overdue: {name} has no healthy task"))
        }
    }
}
