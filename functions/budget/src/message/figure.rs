//! Messages about figures that are doubted, accepted again or confirmed.

use jiff::Timestamp;
use planner::budget::{Amount, Doubt};
use planner::model::format_time;
use shared::notify::{Notification, Severity};

use super::context::Context;

/// AWS Budgets has returned a figure that is not plausible.
///
/// It is said again while figures are doubted, so its key is the moment.
pub(super) fn doubted(
    context: &Context<'_>,
    figure: &Amount,
    doubt: &Doubt,
    (since, at): (Timestamp, Timestamp),
) -> Notification {
    let name = context.name();
    let mut facts =
        vec![("AWS Budgets".to_owned(), figure.to_string()), ("last accepted".to_owned(), context.accepted())];
    facts.extend(context.limit_fact());
    facts.extend(context.tasks_fact());
    facts.extend((since < at).then(|| ("doubted since".to_owned(), format_time(since))));
    Notification {
        summary: format!(
            "AWS Budgets returns an actual spend of {figure} for budget {name}. The figure is doubted: {doubt}. It starts no restriction; {}.",
            context.in_force()
        ),
        facts,
        next_steps: context.doubted_steps(),
        ..context.message(Severity::Critical, "doubted", &at.to_string(), "figure doubted", &[format!(" {figure}")])
    }
}

/// AWS Budgets returns a plausible figure again.
pub(super) fn accepted(context: &Context<'_>, figure: &Amount, since: Timestamp) -> Notification {
    let name = context.name();
    Notification {
        summary: format!(
            "Figure accepted: AWS Budgets returns an actual spend of {figure} for budget {name}. Figures received since {} were doubted.",
            format_time(since)
        ),
        facts: context.spend_facts(),
        ..context.message(Severity::Info, "accepted", &since.to_string(), "figure accepted", &[format!(" {figure}")])
    }
}

/// An engineer has confirmed a doubted figure.
pub(super) fn confirmed(context: &Context<'_>, by: &str, figure: &Amount) -> Notification {
    let name = context.name();
    let (about, details) = (figure.hundredths.to_string(), [format!(" {figure} by {by}"), format!(" {figure}")]);
    Notification {
        summary: format!(
            "{by} has confirmed the actual spend of {figure} for budget {name}. The figure counts from now on."
        ),
        facts: context.limit_fact().into_iter().collect(),
        ..context.message(Severity::Info, "confirmed", &about, "figure confirmed", &details)
    }
}
