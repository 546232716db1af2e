//! Moves between Fargate Spot and on-demand, and shortages of Spot.

use planner::capacity::{Facts, Move, MoveOutcome, ProviderChange, SpotMode, SpotState};
use planner::model::{TasksByProvider, format_time};
use shared::notify::{Notification, Severity, request};

use super::{HourlyCost, ServiceMessages};

impl ServiceMessages<'_> {
    /// The capacity provider strategy changed; ECS replaces the tasks.
    pub fn provider_change(&self, change: ProviderChange, spot: &SpotState, cost: Option<&HourlyCost>) -> Notification {
        let name = self.name();
        let difference = cost.map(|cost| cost.on_demand.saturating_sub(cost.spot));
        match change {
            ProviderChange::ToOnDemand if !spot.available(self.now) => {
                let retry = spot.retry_at.map(|at| ("Spot hold-down".to_owned(), format!("until {}", format_time(at))));
                let more = difference.map(|more| ("costs".to_owned(), format!("{more} an hour more (estimate)")));
                Notification {
                    summary: format!(
                        "Fargate Spot has been short of capacity for {name} since {}. ECS replaces its tasks with on-demand \
                         tasks.",
                        format_time(spot.shortage_at.unwrap_or(self.now))
                    ),
                    facts: retry.into_iter().chain(more).collect(),
                    ..self.message(
                        Severity::Warning,
                        "spot-shortage",
                        &format!("Moving to on-demand: {name}, Spot shortage"),
                    )
                }
            }
            ProviderChange::ToOnDemand => Notification {
                summary: format!(
                    "The fleet document no longer sets Fargate Spot for {name}. ECS replaces its tasks with on-demand tasks."
                ),
                ..self.message(Severity::Info, "on-demand", &format!("Moving to on-demand: {name}"))
            },
            ProviderChange::ToSpot => Notification {
                summary: match spot.shortage_at {
                    Some(shortage) => format!(
                        "The Spot hold-down of {name} has ended; the last shortage was at {}. ECS replaces its tasks with Spot \
                         tasks.",
                        format_time(shortage)
                    ),
                    None => format!("{name} runs on Fargate Spot from now on. ECS replaces its tasks with Spot tasks."),
                },
                facts: difference
                    .map(|less| ("saves".to_owned(), format!("{less} an hour (estimate)")))
                    .into_iter()
                    .collect(),
                ..self.message(Severity::Info, "on-spot", &format!("Moving to Fargate Spot: {name}"))
            },
        }
    }

    /// The tasks did not move to another capacity provider. One message for each attempt, with the next one.
    pub fn move_failed(&self, failed: &Move, spot: &SpotState) -> Notification {
        let name = self.name();
        let (why, mut retry) = match &failed.outcome {
            MoveOutcome::Failed { why, retry_at, .. } => (why.to_string(), *retry_at),
            MoveOutcome::InProgress { .. } | MoveOutcome::Completed { .. } => (String::new(), self.now),
        };
        if failed.to.is_spot() {
            retry = retry.max(spot.retry_at.unwrap_or(retry));
        }
        let stay = if failed.to.is_spot() { "`off` to stay on demand" } else { "`only` to stay on Spot" };
        let cluster = &self.policy.cluster;
        Notification {
            summary: format!(
                "{name} did not move from {} to {}: {why}. The automation keeps it on {} and tries again at {}.",
                failed.from,
                failed.to,
                failed.from,
                format_time(retry)
            ),
            facts: vec![("move since".into(), format_time(failed.since))],
            next_steps: vec![
                format!(
                    "Read the service events of {name}: aws ecs describe-services --cluster {cluster} --services {name} \
                     --query \"services[0].events[:5]\""
                ),
                format!("If it keeps failing, set `spot.mode` in the fleet document to {stay}, and deploy."),
            ],
            ..self.message(Severity::Warning, "move-failed", &format!("Move failed: {name} stays on {}", failed.from))
        }
    }

    /// Spot has no capacity, and policy or budget keep the service on it.
    pub fn spot_unavailable(&self, facts: &Facts, tasks: TasksByProvider) -> Notification {
        let name = self.name();
        let only = self.policy.spot.is_some_and(|spot| spot.mode == SpotMode::Only);
        let shortage = facts.spot.shortage_at.unwrap_or(self.now);
        let (why, how) = match only {
            true => (
                "its `spot.mode` is `only`".to_owned(),
                "To allow on-demand: set `spot.mode` to `prefer` in the fleet document and deploy.".to_owned(),
            ),
            false => (
                "a budget restriction keeps it there".to_owned(),
                format!(
                    "To lift the budget restriction, send the request {}",
                    request("lift", &[("budget", "<budget>")])
                ),
            ),
        };
        if tasks.spot == 0 && tasks.on_demand > 0 {
            let retry = facts.spot.retry_at.unwrap_or(self.now);
            return Notification {
                key: format!("no-spot/{}/{shortage}", self.policy.id()),
                summary: format!(
                    "Fargate Spot has had no capacity for {name} since {}. Its tasks stay on demand until Spot is tried again \
                     at {}, although {}.",
                    format_time(shortage),
                    format_time(retry),
                    if only { "its `spot.mode` is `only`" } else { "a budget restriction requires Spot" },
                ),
                facts: vec![("running tasks".into(), tasks.all().to_string())],
                ..self.message(Severity::Warning, "no-spot", &format!("On demand for lack of Spot capacity: {name}"))
            };
        }
        Notification {
            key: format!("no-spot/{}/{shortage}", self.policy.id()),
            summary: format!(
                "Fargate Spot has had no capacity for {name} since {}. The service stays on Spot: {why}.",
                format_time(shortage)
            ),
            facts: vec![("running tasks".into(), tasks.all().to_string())],
            next_steps: vec![
                "If fewer tasks are acceptable, do nothing: ECS starts tasks when Spot has capacity again.".into(),
                how,
            ],
            ..self.message(Severity::Warning, "no-spot", &format!("No Spot capacity: {name}"))
        }
    }
}
