//! Messages about notices of AWS Budgets that change nothing.

use jiff::Timestamp;
use planner::budget::{Amount, Doubt, Notice, NoticeKind};
use planner::model::format_time;
use shared::notify::{Notification, Severity};

use super::context::{Context, Fact};

/// A forecast of more than this share of the limit, in percent, is called implausible.
const IMPLAUSIBLE: u32 = 500;

/// AWS Budgets did not answer, so the figure of the notice could not be verified.
pub(super) fn unverified(context: &Context<'_>, notice: &Notice, error: &str) -> Notification {
    let (name, amount) = (context.name(), &notice.amount);
    let mut facts = facts(notice);
    facts.push(("error".into(), error.to_owned()));
    Notification {
        summary: format!(
            "AWS Budgets has sent a notice: actual spend of budget {name} is {amount}. The figure is not verified, because AWS Budgets did not answer. It starts no restriction; {}. The budget function asks again every hour.",
            context.in_force()
        ),
        facts,
        next_steps: vec![format!("Check the figure in AWS Budgets: {}budgets", context.console)],
        ..context.message(
            Severity::Warning,
            "unverified",
            &about(notice),
            "figure not verified",
            &[format!(" {amount}")],
        )
    }
}

/// AWS Budgets has passed a threshold with a figure that is doubted: what it wrote is passed on.
pub(super) fn doubted(context: &Context<'_>, notice: &Notice, figure: &Amount, doubt: &Doubt) -> Notification {
    let (name, amount) = (context.name(), &notice.amount);
    let text = notice.text.trim();
    let known = [("AWS Budgets now".to_owned(), figure.to_string()), ("last accepted".to_owned(), context.accepted())];
    let facts = facts(notice).into_iter().chain(known).chain(context.tasks_fact());
    let wrote = if text.is_empty() { String::new() } else { format!(" AWS Budgets wrote:\n\n{text}") };
    Notification {
        summary: format!(
            "AWS Budgets has sent a notice: actual spend of budget {name} is {amount}. The figure is doubted: {doubt}. It starts no restriction; {}.{wrote}",
            context.in_force()
        ),
        facts: facts.collect(),
        next_steps: context.doubted_steps(),
        ..context.message(
            Severity::Critical,
            "doubted-notice",
            &about(notice),
            "figure doubted",
            &[format!(" {amount}, with a notice of AWS"), format!(" {amount}")],
        )
    }
}

/// AWS Budgets has not answered for some ticks.
pub(super) fn silent(context: &Context<'_>, since: Timestamp, error: &str) -> Notification {
    let name = context.name();
    Notification {
        summary: format!(
            "AWS Budgets has not answered about budget {name} since {}. Until it answers, no restriction begins, and none ends before the budget period does; {}. The budget function asks again every hour.",
            format_time(since),
            context.in_force()
        ),
        facts: vec![("error".to_owned(), error.to_owned())],
        next_steps: vec![
            format!("NotFoundException: check that a budget of this name exists: {}budgets", context.console),
            "AccessDeniedException: compare the function's policy with docs/reference/permissions.md, and deploy again.".into(),
            "Any other error: check AWS Health: https://health.aws.amazon.com/health/status".into(),
        ],
        ..context.message(Severity::Warning, "silent", &context.now.to_string(), "cannot be read", &[String::new()])
    }
}

/// No tier starts at the threshold of the notice.
pub(super) fn no_tier(context: &Context<'_>, notice: &Notice, figure: &Amount) -> Notification {
    let name = context.name();
    let (passed, figure_passed) = match &notice.threshold {
        Some(threshold) => (format!("has passed {threshold}"), threshold),
        None => (format!("is {}", notice.amount), &notice.amount),
    };
    let detail = format!(" {figure_passed}, no tier");
    Notification {
        summary: format!(
            "AWS Budgets has sent a notice: actual spend of budget {name} {passed}. No tier starts at this threshold; {}.",
            context.in_force()
        ),
        facts: facts(notice).into_iter().chain([("AWS Budgets now".to_owned(), figure.to_string())]).collect(),
        ..context.message(Severity::Info, "no-tier", &about(notice), "threshold passed", &[detail])
    }
}

/// AWS Budgets forecasts more than a threshold.
pub(super) fn forecast(context: &Context<'_>, notice: &Notice) -> Notification {
    let (name, amount) = (context.name(), &notice.amount);
    let limit = notice.limit.as_ref().or(context.record.limit.as_ref());
    let note = match limit {
        Some(limit) if amount.percent_of(limit) > IMPLAUSIBLE => {
            " It is more than 5 times the limit and probably wrong."
        }
        _ => "",
    };
    let of_limit = limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
    let facts = facts(notice).into_iter().chain(context.tasks_fact()).chain(context.next_tier_fact());
    Notification {
        summary: format!(
            "AWS Budgets forecasts a spend of {amount} for budget {name} by the end of its period.{note} A forecast starts no restriction."
        ),
        facts: facts.collect(),
        next_steps: vec![format!("Find the cause in Cost Explorer: {}", context.cost_explorer())],
        ..context.message(Severity::Warning, "forecast", &about(notice), "forecast", &[format!(" {amount}{of_limit}")])
    }
}

/// The notice is about a period that has ended.
pub(super) fn late(context: &Context<'_>, notice: &Notice) -> Notification {
    let name = context.name();
    Notification {
        summary: format!(
            "AWS Budgets sent a notice about budget {name} at {}. It arrived after its period had ended, and starts no restriction.",
            format_time(notice.at)
        ),
        facts: facts(notice),
        ..context.message(Severity::Info, "late", &about(notice), "notice late", &["; its period has ended".into()])
    }
}

/// Names the threshold of a notice; its copies have the same.
fn about(notice: &Notice) -> String {
    let kind = match notice.kind {
        NoticeKind::Actual => "actual",
        NoticeKind::Forecasted => "forecasted",
    };
    let threshold = notice.threshold.as_ref().unwrap_or(&notice.amount);
    format!("{kind}/{}", threshold.hundredths)
}

/// What the notice states.
fn facts(notice: &Notice) -> Vec<Fact> {
    let fact = |label: &str, amount: &Option<Amount>| Some((label.to_owned(), amount.as_ref()?.to_string()));
    let label = match notice.kind {
        NoticeKind::Actual => "notice",
        NoticeKind::Forecasted => "forecast",
    };
    let amount = Some((label.to_owned(), notice.amount.to_string()));
    [amount, fact("threshold", &notice.threshold), fact("limit", &notice.limit)].into_iter().flatten().collect()
}
