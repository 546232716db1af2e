//! What requires action by an engineer.

use planner::alarm::AnnouncedState;
use planner::capacity::State;
use shared::notify::request;

use super::day::{Day, Lines, ServiceDay};

/// What requires action, and what to do.
#[derive(Default)]
pub(super) struct Action {
    /// What, and since when.
    pub items: Lines,
    /// How, each step once.
    pub next_steps: Vec<String>,
}

/// Alarms in ALARM, flapping or without data; overdue transitions; newly quarantined images; doubted figures.
pub(super) fn required(day: &Day<'_>) -> Action {
    let mut action = Action::default();
    for (name, alarm) in &day.alarms {
        let what = match &alarm.announced {
            AnnouncedState::Nothing | AnnouncedState::Explained { .. } => continue,
            AnnouncedState::Alarm { since } => format!("in ALARM {}", day.since(*since)),
            AnnouncedState::Flapping { since } => {
                format!("flapping {}; not announced again until it is stable", day.since(*since))
            }
            AnnouncedState::Missing { since } => format!("not found in CloudWatch {}", day.since(*since)),
            AnnouncedState::NoData { since } => format!("without data {}", day.since(*since)),
        };
        action.add(name, what, "Alarms: follow the runbook that the alarm's message links.".into());
    }
    for service in &day.services {
        action.service(day, service);
    }
    for (name, budget) in &day.budgets {
        if let Some(doubted) = &budget.doubted {
            let what = format!("figure {} doubted {}: {}", doubted.figure, day.since(doubted.since), doubted.doubt);
            let confirm = request("confirm", &[("budget", name)]);
            let confirm = format!("If AWS Cost Explorer confirms the figure: send the request {confirm}");
            action.add(name, what, confirm);
        }
    }
    action
}

impl Action {
    fn service(&mut self, day: &Day<'_>, service: &ServiceDay<'_>) {
        let (name, cluster) = (&service.policy.name, &service.policy.cluster);
        let events = format!(
            "{name}: read its logs and service events: aws ecs describe-services --cluster {cluster} --services {name} \
             --query \"services[0].events[:5]\""
        );
        if let Some(missing) = service.missing {
            let what = format!("unknown to ECS {}", day.since(missing.since));
            self.add(name, what, format!("{name}: create the service, or remove it from the fleet document"));
        }
        match service.state {
            Some(State::Draining { since, announced: true }) => {
                self.add(name, format!("scale to zero overdue {}", day.since(since)), events);
            }
            Some(State::Starting { since, announced: true, .. }) => {
                self.add(name, format!("start overdue {}, no healthy task", day.since(since)), events);
            }
            None
            | Some(
                State::Draining { announced: false, .. }
                | State::Starting { announced: false, .. }
                | State::ScaledToZero { .. }
                | State::Running { .. },
            ) => {}
        }
        for quarantine in service.rollout.quarantine.iter().filter(|quarantine| quarantine.at > day.since) {
            let what =
                format!("image {} quarantined {}: {}", quarantine.image, day.since(quarantine.at), quarantine.reason);
            let digest = quarantine.image.digest.to_string();
            let retry = request("retry", &[("service", name), ("image", &digest)]);
            let retry =
                format!("{name}: push a fixed image, or roll out the quarantined one again: send the request {retry}");
            self.add(name, what, retry);
        }
    }

    fn add(&mut self, name: &str, what: String, next: String) {
        self.items.push((name.to_owned(), what));
        if !self.next_steps.contains(&next) {
            self.next_steps.push(next);
        }
    }
}
