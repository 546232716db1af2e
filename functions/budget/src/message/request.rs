//! Messages about requests of engineers.

use jiff::Timestamp;
use planner::budget::Ended;
use planner::model::format_time;
use shared::notify::{Notification, Severity};

use super::context::{Context, because};

/// The restrictions in force are lifted for the rest of the period.
pub(super) fn lifted(context: &Context<'_>, by: &str, reason: Option<&str>, tier: u32, at: Timestamp) -> Notification {
    let (name, because) = (context.name(), because(reason));
    Notification {
        summary: format!(
            "{by} has lifted the restrictions of budget {name}, up to the {tier} % tier, for the rest of the period{because}. A higher tier still takes effect."
        ),
        facts: context.spend_facts().into_iter().chain(context.next_tier_fact()).collect(),
        next_steps: vec![format!("Restore the restrictions: {}", context.request("resume", &[]))],
        ..context.message(Severity::Info, "lifted", &at.to_string(), "restrictions lifted", &[format!(" by {by}")])
    }
}

/// All tiers are on hold.
pub(super) fn held(context: &Context<'_>, by: &str, reason: Option<&str>, until: Timestamp) -> Notification {
    let (name, time, because) = (context.name(), format_time(until), because(reason));
    let about = format!("{until}/{}", context.now);
    Notification {
        summary: format!(
            "{by} has put all tiers of budget {name} on hold until {time}{because}. No restriction applies until then; a tier that is reached takes effect when the hold ends."
        ),
        facts: context.spend_facts(),
        next_steps: vec![format!("End the hold: {}", context.request("resume", &[]))],
        ..context.message(Severity::Info, "held", &about, "on hold", &[format!(" until {time}")])
    }
}

/// A lift or a hold is ended.
pub(super) fn resumed(context: &Context<'_>, by: &str, ended: Ended, tier: Option<u32>, at: Timestamp) -> Notification {
    let name = context.name();
    let effect = match tier {
        Some(tier) => {
            format!("The {tier} % tier takes effect. The capacity function applies it now: {}.", context.restrictions())
        }
        None => "No tier is reached.".into(),
    };
    let until = context.until_fact().filter(|_| tier.is_some());
    let facts = context.spend_facts().into_iter().chain(context.restriction_facts()).chain(until);
    Notification {
        summary: format!("{by} has {ended} of budget {name}. {effect}"),
        facts: facts.collect(),
        ..context.message(Severity::Info, "resumed", &at.to_string(), "resumed", &[format!(" by {by}")])
    }
}
