//! ServiceMessages to people about capacity, and its metrics. Pure.

pub(crate) mod digest;

use std::collections::BTreeMap;

use jiff::Timestamp;
use planner::capacity::{
    Decision, EndedOverride, Facts, OverrideKind, OverrideRequest, ProviderChange, Savings, SpotMode, SpotState,
};
use planner::fleet::{Fleet, ServicePolicy};
use planner::model::{Task, TasksByProvider, Usd, format_duration, format_time};
use serde_json::{Value, json};
use shared::notify::{Notification, Severity};
use shared::report::NAMESPACE;

/// What a service costs an hour, estimated from list prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HourlyCost {
    /// Its tasks now.
    pub current: Usd,
    /// Less than as many tasks, at least the baseline's, on demand.
    pub saved: Usd,
    /// As many tasks on demand.
    pub on_demand: Usd,
    /// As many tasks on Spot.
    pub spot: Usd,
}

/// Writes the messages about one service.
pub(crate) struct ServiceMessages<'a> {
    pub fleet: &'a Fleet,
    pub policy: &'a ServicePolicy,
    pub now: Timestamp,
}

impl ServiceMessages<'_> {
    /// The last task has ended.
    pub fn scaled_to_zero(&self, decision: &Decision, cost: Option<&HourlyCost>, savings: &Savings) -> Notification {
        let mut facts = self.until(decision);
        if let Some(cost) = cost {
            facts.push(("saves".into(), format!("{} an hour", cost.on_demand)));
            facts.push((format!("saved in {}", savings.month), format!("{} (estimate)", savings.saved)));
        }
        Notification {
            summary: format!("{} runs no tasks: {}.", self.name(), self.why(decision)),
            facts,
            next_steps: vec![format!("To wake it: {}", self.ask("wake", r#""until":"2h","#))],
            ..self.message(Severity::Info, "asleep", &format!("{} sleeps", self.name()))
        }
    }

    /// The first task is healthy.
    pub fn running_again(&self, decision: &Decision, since: Timestamp, cost: Option<&HourlyCost>) -> Notification {
        let mut facts = vec![("took".to_owned(), self.time_since(since))];
        facts.extend(self.until(decision));
        facts.extend(cost.map(|cost| ("costs".to_owned(), format!("{} an hour", cost.current))));
        Notification {
            summary: format!("{} has a healthy task again: {}.", self.name(), self.why(decision)),
            facts,
            ..self.message(Severity::Info, "awake", &format!("{} is awake", self.name()))
        }
    }

    /// Tasks still run long after the service was put to sleep.
    pub fn drain_overdue(
        &self,
        since: Timestamp,
        tasks: &[Task],
        protected: &BTreeMap<String, Timestamp>,
    ) -> Notification {
        let short = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).to_owned();
        let fact = |task: &Task| {
            let until = protected.get(&task.arn).map(|until| format!("protected until {}", self.local(*until)));
            (format!("task {}", short(&task.arn)), until.unwrap_or_else(|| format!("{}, not protected", task.status)))
        };
        let cluster = &self.policy.cluster;
        Notification {
            summary: format!(
                "{} was put to sleep {} ago, and {} of its tasks still run. ECS ends a task that protects itself when its \
                 protection ends.",
                self.name(),
                self.time_since(since),
                tasks.len()
            ),
            facts: tasks.iter().map(fact).collect(),
            next_steps: vec![
                "Nothing, if they are at work: they end by themselves.".into(),
                format!("To end one now: aws ecs stop-task --cluster {cluster} --task <task>"),
            ],
            ..self.message(Severity::Warning, "still-running", &format!("{} does not fall asleep", self.name()))
        }
    }

    /// No task is healthy long after the service was woken.
    pub fn start_overdue(
        &self,
        since: Timestamp,
        decision: &Decision,
        tasks: &[Task],
        endings: &[String],
    ) -> Notification {
        let mut facts: Vec<(String, String)> = endings.iter().map(|end| ("a task ended".into(), end.clone())).collect();
        facts.extend(tasks.iter().map(|task| ("a task is".into(), format!("{}, health {}", task.status, task.health))));
        if facts.is_empty() {
            facts.push(("tasks".into(), "none was started".into()));
        }
        let name = self.name();
        Notification {
            summary: format!(
                "{name} should be awake for {}, and has no healthy task. Why it should be: {}.",
                self.time_since(since),
                self.why(decision)
            ),
            facts,
            next_steps: vec![
                format!("Read the logs and the events of {name}."),
                "An image that was deployed while it slept and fails now is rolled back by itself after two failed tasks."
                    .into(),
                format!(
                    r#"To go back to the release before: invoke the rollout function with {{"action":"rollback","service":"{name}","by":"<you>"}}"#
                ),
            ],
            ..self.message(Severity::Critical, "not-awake", &format!("{name} does not wake"))
        }
    }

    /// Tasks moved between Spot and on demand.
    pub fn provider_change(&self, change: ProviderChange, spot: &SpotState, cost: Option<&HourlyCost>) -> Notification {
        let name = self.name();
        let difference = cost.map(|cost| cost.on_demand.saturating_sub(cost.spot));
        match change {
            ProviderChange::ToOnDemand if !spot.available(self.now) => Notification {
                summary: format!("Spot has no capacity for {name}, so its tasks move to on demand."),
                facts: spot
                    .retry_at
                    .map(|at| ("Spot again".to_owned(), self.local(at)))
                    .into_iter()
                    .chain(difference.map(|more| ("costs".to_owned(), format!("{more} an hour more"))))
                    .collect(),
                ..self.message(Severity::Warning, "fell-back", &format!("{name} moves to on demand"))
            },
            ProviderChange::ToOnDemand => Notification {
                summary: format!("The fleet no longer asks for Spot, so tasks of {name} move to on demand."),
                ..self.message(Severity::Info, "on-demand", &format!("{name} moves to on demand"))
            },
            ProviderChange::ToSpot => Notification {
                summary: match spot.shortage_at {
                    Some(short) => {
                        format!("Tasks of {name} move back to Spot; the last shortage was at {}.", self.local(short))
                    }
                    None => format!("Tasks of {name} move to Spot."),
                },
                facts: difference.map(|less| ("saves".to_owned(), format!("{less} an hour"))).into_iter().collect(),
                ..self.message(Severity::Info, "on-spot", &format!("{name} moves to Spot"))
            },
        }
    }

    /// Spot has no capacity, and the service may not leave it.
    pub fn spot_unavailable(&self, facts: &Facts, tasks: TasksByProvider) -> Notification {
        let name = self.name();
        let only = self.policy.spot.is_some_and(|spot| spot.mode == SpotMode::Only);
        let why = if only { "its policy is Spot only" } else { "the budget holds it on Spot" };
        let short = facts.spot.shortage_at.unwrap_or(self.now);
        Notification {
            key: format!("no-spot/{}/{short}", self.policy.id()),
            summary: format!("Spot has no capacity for {name}, and it stays there: {why}."),
            facts: vec![("tasks that run".into(), tasks.all().to_string())],
            next_steps: vec!["Wait, or allow on demand: `prefer` instead of `only`.".into()],
            ..self.message(Severity::Warning, "no-spot", &format!("{name} finds no Spot capacity"))
        }
    }

    /// Somebody asked for hands off.
    pub fn held(&self, wanted: &OverrideRequest, decision: &Decision) -> Notification {
        let why = wanted.reason.as_ref().map(|why| ("why".to_owned(), why.clone()));
        Notification {
            summary: format!("Nobody changes the capacity of {}: {}.", self.name(), self.why(decision)),
            facts: why.into_iter().collect(),
            next_steps: vec![format!("To end it sooner: {}", self.ask("resume", ""))],
            ..self.message(Severity::Info, "held", &format!("{} is held as it is", self.name()))
        }
    }

    /// An override ended.
    pub fn override_ended(&self, ended: &EndedOverride, decision: &Decision) -> Notification {
        let (name, who) = (self.name(), &ended.ended.expiry.by);
        let what = match ended.ended.kind {
            OverrideKind::Wake => "to be awake",
            OverrideKind::Sleep => "to sleep",
            OverrideKind::Hold => "to be left alone",
        };
        let how = match ended.by.as_deref() {
            Some(by) if by == who => format!("{by} no longer asks for {name} {what}."),
            Some(by) => format!("{by} ended what {who} asked for: {name} {what}."),
            None => format!("The time for which {who} asked for {name} {what} is over."),
        };
        Notification {
            summary: format!("{how} {name} follows its schedule again: {}.", self.why(decision)),
            facts: self.until(decision),
            ..self.message(Severity::Info, "released", &format!("{name} follows its schedule again"))
        }
    }

    fn name(&self) -> &str {
        &self.policy.name
    }

    fn why(&self, decision: &Decision) -> String {
        decision.reason.sentence(|at| self.local(at))
    }

    /// Until when the decision holds.
    fn until(&self, decision: &Decision) -> Vec<(String, String)> {
        decision.until.map(|until| ("until".to_owned(), self.local(until))).into_iter().collect()
    }

    /// A moment by the clock of the people who work with the service, which is the one that its nights are written in.
    fn local(&self, at: Timestamp) -> String {
        match &self.policy.sleep {
            Some(sleep) => at.to_zoned(sleep.zone.0.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string(),
            None => format_time(at),
        }
    }

    fn time_since(&self, since: Timestamp) -> String {
        format_duration(self.now.duration_since(since))
    }

    fn message(&self, severity: Severity, what: &str, title: &str) -> Notification {
        let id = self.policy.id();
        let (key, thread) = (format!("{what}/{id}/{}", self.now), format!("capacity/{id}"));
        Notification::new(&self.fleet.title(), severity, &key, &thread, title)
    }

    /// The request to send, as `sam remote invoke` and the console take it.
    fn ask(&self, action: &str, more: &str) -> String {
        let name = self.name();
        format!(r#"invoke the capacity function with {{"action":"{action}","service":"{name}",{more}"by":"<you>"}}"#)
    }
}

/// One embedded-metric document: where tasks of a service run, what they cost, what was saved since the last look.
/// Format: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
pub(crate) fn metrics(
    system: &str,
    policy: &ServicePolicy,
    tasks: TasksByProvider,
    cost: Option<&HourlyCost>,
    saved: Usd,
    now: Timestamp,
) -> Value {
    let mut names = vec!["TasksOnDemand", "TasksSpot"];
    let mut document = json!({
        "System": system,
        "Service": policy.name,
        "TasksOnDemand": tasks.on_demand,
        "TasksSpot": tasks.spot,
    });
    if let Some(cost) = cost {
        names.extend(["EstimatedCostPerHour", "EstimatedSavings"]);
        document["EstimatedCostPerHour"] = cost.current.dollars().into();
        document["EstimatedSavings"] = saved.dollars().into();
    }
    let unit = |name: &str| if name.starts_with("Tasks") { "Count" } else { "None" };
    let metrics: Vec<Value> = names.iter().map(|name| json!({ "Name": name, "Unit": unit(name) })).collect();
    document["_aws"] = json!({
        "Timestamp": now.as_millisecond(),
        "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [["System", "Service"]], "Metrics": metrics }],
    });
    document
}

#[cfg(test)]
mod tests;
