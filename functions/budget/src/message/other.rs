//! Messages about what concerns no budget that is held.

use planner::fleet::Fleet;
use shared::notify::{Notification, Severity};

use crate::event::{Anomaly, Content, Message, RootCause};

/// How many causes of an anomaly are told.
const CAUSES: usize = 3;

/// Where the console of cost management is, in each partition; with a slash and a hash for what follows.
pub(crate) fn console(region: &str) -> String {
    let host = match region {
        region if region.starts_with("cn-") => "console.amazonaws.cn",
        region if region.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!("https://{host}/costmanagement/home#/")
}

/// Something costs more than it used to.
pub(crate) fn anomaly(fleet: &Fleet, anomaly: &Anomaly) -> Notification {
    let Anomaly { anomaly_id: id, impact, .. } = anomaly;
    let what = anomaly.dimensional_value.as_deref().unwrap_or("something");
    let dollars = |amount: f64| format!("${amount:.2}");
    let mut facts = vec![("more than expected".to_owned(), dollars(impact.total_impact))];
    facts.extend(impact.total_actual_spend.map(|amount| ("spent".into(), dollars(amount))));
    facts.extend(impact.total_expected_spend.map(|amount| ("expected".into(), dollars(amount))));
    facts.extend(anomaly.anomaly_start_date.iter().map(|date| ("since".into(), date.clone())));
    facts.extend(anomaly.root_causes.iter().filter_map(cause).take(CAUSES).map(|cause| ("comes from".into(), cause)));
    let more = anomaly.root_causes.len().saturating_sub(CAUSES);
    if more > 0 {
        facts.push(("and".into(), format!("{more} more")));
    }
    let thread = format!("anomaly/{id}");
    // AWS tells the same anomaly again when it has grown.
    let key = format!("{thread}/{:.0}", impact.total_impact);
    let title = format!("cost anomaly: {} more for {what}", dollars(impact.total_impact));
    Notification {
        summary: format!(
            "AWS has found that {what} costs {} more than it used to. An anomaly takes nothing away.",
            dollars(impact.total_impact)
        ),
        facts,
        next_steps: anomaly.anomaly_details_link.iter().map(|link| format!("Read on: {link}")).collect(),
        ..Notification::new(&fleet.title(), Severity::Warning, &key, &thread, &title)
    }
}

fn cause(cause: &RootCause) -> Option<String> {
    let RootCause { service, region, usage_type, linked_account_name } = cause;
    let parts: Vec<&str> =
        [service, usage_type, region, linked_account_name].into_iter().filter_map(|part| part.as_deref()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A message as it came, because nobody here knows what to do about it.
pub(crate) fn forwarded(fleet: &Fleet, message: &Message, console: &str) -> Notification {
    let key = format!("forwarded/{}", message.id);
    let title = message.subject.as_deref().unwrap_or("a message of AWS");
    let why = match &message.content {
        Content::Budget { name, .. } => format!("No tiers are declared for {name}, so nothing is done about it."),
        Content::Anomaly(_) | Content::Unknown => {
            "The budget function cannot read it, so nothing is done about it.".into()
        }
    };
    Notification {
        summary: message.text.trim_end().to_owned(),
        next_steps: vec![why, format!("Look yourself: {console}budgets")],
        ..Notification::new(&fleet.title(), Severity::Warning, &key, &key, title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_of_each_partition_is_linked() {
        for (region, host) in [
            ("eu-central-1", "console.aws.amazon.com"),
            ("cn-north-1", "console.amazonaws.cn"),
            ("us-gov-west-1", "console.amazonaws-us-gov.com"),
        ] {
            assert_eq!(console(region), format!("https://{host}/costmanagement/home#/"));
        }
    }
}
