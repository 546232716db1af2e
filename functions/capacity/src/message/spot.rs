//! Moves between Fargate Spot and on-demand, and shortages of Spot.

use planner::capacity::{Facts, ProviderChange, SpotMode, SpotState};
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

    /// Spot has no capacity, and policy or budget keep the service on it.
    pub fn spot_unavailable(&self, facts: &Facts, tasks: TasksByProvider) -> Notification {
        let name = self.name();
        let only = self.policy.spot.is_some_and(|spot| spot.mode == SpotMode::Only);
        let shortage = facts.spot.shortage_at.unwrap_or(self.now);
        let (why, how) = match only {
            true => (
                "its policy is `spot: only`".to_owned(),
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
