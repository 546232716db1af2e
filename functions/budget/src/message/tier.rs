//! Messages about tiers that take effect or end.

use jiff::Timestamp;
use planner::budget::{Amount, Period};
use planner::model::format_time;
use shared::notify::{Notification, Severity};

use super::context::Context;

/// A tier is reached and in force.
pub(super) fn reached(context: &Context<'_>, tier: u32) -> Notification {
    let (name, restrictions) = (context.name(), context.restrictions());
    let facts = context.spend_facts().into_iter().chain(context.restriction_facts());
    let details = context.restriction_details(&format!(" {tier} %{}", context.of_limit()));
    Notification {
        summary: format!(
            "Actual spend is {}: the {tier} % tier of budget {name} takes effect. The capacity function applies it now: {restrictions}.",
            context.share()
        ),
        facts: facts.chain(context.next_tier_fact()).chain(context.until_fact()).collect(),
        next_steps: context.restriction_steps(),
        ..context.message(Severity::Warning, "reached", &about(context, tier), "tier reached", &details)
    }
}

/// A tier is reached while all tiers are on hold.
pub(super) fn reached_on_hold(context: &Context<'_>, tier: u32) -> Notification {
    let name = context.name();
    let hold = context.record.hold.as_ref();
    let until = hold.map(|hold| format!(" until {}", format_time(hold.until))).unwrap_or_default();
    let by = hold.map_or("an engineer", |hold| &hold.by);
    let details = [&until, ""].map(|until| format!(" {tier} %{}; on hold{until}", context.of_limit()));
    Notification {
        summary: format!(
            "Actual spend is {}: the {tier} % tier of budget {name} is reached. {by} has put all tiers on hold{until}, so no restriction applies.",
            context.share()
        ),
        facts: context.spend_facts(),
        next_steps: vec![format!("End the hold, so that the tier takes effect: {}", context.request("resume", &[]))],
        ..context.message(Severity::Warning, "reached", &about(context, tier), "tier reached", &details)
    }
}

/// The limit was raised, or the tier was removed from the policy.
pub(super) fn lowered(context: &Context<'_>, from: u32, limit: &Amount) -> Notification {
    let name = context.name();
    let rest = match context.restriction_facts().is_empty() {
        true => "No restriction applies.".to_owned(),
        false => format!("Still in force: {}.", context.restrictions()),
    };
    let details = [format!(" {from} % of {limit}")];
    let about = format!("{from}/{}", limit.hundredths);
    Notification {
        summary: format!(
            "Actual spend is {}: the {from} % tier of budget {name} is no longer reached. {rest}",
            context.share()
        ),
        facts: context.spend_facts(),
        ..context.message(Severity::Info, "lowered", &about, "tier no longer reached", &details)
    }
}

/// The figure was corrected down.
pub(super) fn corrected(context: &Context<'_>, from: u32, figure: &Amount) -> Notification {
    let name = context.name();
    let rest = match context.restriction_facts().is_empty() {
        true => "No restriction applies.".to_owned(),
        false => format!("Still in force: {}.", context.restrictions()),
    };
    Notification {
        summary: format!(
            "AWS Budgets has corrected the actual spend of budget {name} down to {figure}, and has returned less than the {from} % tier for a day. The tier is no longer reached. {rest}"
        ),
        facts: context.spend_facts(),
        ..context.message(
            Severity::Info,
            "corrected",
            &context.now.to_string(),
            "tier no longer reached",
            &[format!(" {from} %; figure corrected to {figure}"), format!(" {from} %")],
        )
    }
}

/// A hold has ended while a tier is reached.
pub(super) fn hold_ended(context: &Context<'_>, by: &str, until: Timestamp, tier: u32) -> Notification {
    let (name, restrictions) = (context.name(), context.restrictions());
    let facts = context.spend_facts().into_iter().chain(context.restriction_facts());
    Notification {
        summary: format!(
            "The hold by {by} on budget {name} ended at {}: the {tier} % tier takes effect. The capacity function applies it now: {restrictions}.",
            format_time(until)
        ),
        facts: facts.chain(context.until_fact()).collect(),
        next_steps: context.restriction_steps(),
        ..context.message(
            Severity::Warning,
            "hold-ended",
            &until.to_string(),
            "hold ended",
            &context.restriction_details(""),
        )
    }
}

/// The period has ended while a tier was in force.
pub(super) fn period_ended(context: &Context<'_>, period: &Period, tier: u32) -> Notification {
    let name = context.name();
    let previous = context.previous_record;
    let facts = previous.figure.as_ref().zip(previous.limit.as_ref()).map(|(figure, limit)| {
        ("spent".to_owned(), format!("{figure} of {limit} ({} %) in the previous period", figure.percent_of(limit)))
    });
    Notification {
        summary: format!(
            "The period of budget {name} ended at {}, and with it all tiers up to {tier} %. This budget restricts no service until a tier is reached again.",
            format_time(period.end)
        ),
        facts: facts.into_iter().collect(),
        ..context.message(Severity::Info, "ended", "", "period ended", &["; restrictions lifted".into()])
    }
}

/// Names a tier under a limit: under another limit it is announced again.
fn about(context: &Context<'_>, tier: u32) -> String {
    let limit = context.record.limit.as_ref().map(|limit| limit.hundredths).unwrap_or_default();
    format!("{tier}/{limit}")
}
