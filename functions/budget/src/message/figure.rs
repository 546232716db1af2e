//! Messages about figures that are doubted, trusted again or confirmed.

use jiff::Timestamp;
use planner::budget::{Amount, Doubt};
use planner::model::format_time;
use shared::notify::{Notification, Severity};

use super::context::Context;

/// AWS Budgets has returned a figure that is not plausible.
pub(super) fn doubted(context: &Context<'_>, figure: &Amount, doubt: &Doubt, since: Timestamp) -> Notification {
    let name = context.name();
    let mut facts =
        vec![("AWS Budgets".to_owned(), figure.to_string()), ("last trusted".to_owned(), context.trusted())];
    facts.extend(context.limit_fact());
    facts.extend(context.tasks_fact());
    let title = format!("Figure not trusted: {figure} for budget {name}");
    Notification {
        summary: format!(
            "AWS Budgets returns an actual spend of {figure} for budget {name}. The figure is not trusted: {doubt}. It starts no restriction; {}.",
            context.in_force()
        ),
        facts,
        next_steps: vec![
            format!("Compare with Cost Explorer: {}", context.cost_explorer()),
            "Check AWS Health for a billing issue: https://health.aws.amazon.com/health/status".into(),
            format!("If the figure is right, confirm it so that it counts: {}", context.request("confirm", &[])),
        ],
        ..context.titled(Severity::Critical, "doubted", &since.to_string(), &title)
    }
}

/// AWS Budgets returns a plausible figure again.
pub(super) fn cleared(context: &Context<'_>, figure: &Amount, since: Timestamp) -> Notification {
    let name = context.name();
    let title = format!("Figure trusted again: {figure} for budget {name}");
    Notification {
        summary: format!(
            "AWS Budgets returns an actual spend of {figure} for budget {name}, which is trusted. The figures since {} were not.",
            format_time(since)
        ),
        facts: context.spend_facts(),
        ..context.titled(Severity::Info, "cleared", &since.to_string(), &title)
    }
}

/// An engineer has confirmed a doubted figure.
pub(super) fn confirmed(context: &Context<'_>, by: &str, figure: &Amount) -> Notification {
    let name = context.name();
    let title = format!("Figure confirmed by {by}: {figure} for budget {name}");
    Notification {
        summary: format!(
            "{by} has confirmed the actual spend of {figure} for budget {name}. The figure counts from now on."
        ),
        facts: context.limit_fact().into_iter().collect(),
        ..context.titled(Severity::Info, "confirmed", &figure.hundredths.to_string(), &title)
    }
}
