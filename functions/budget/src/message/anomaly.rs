//! Messages about anomalies that AWS Cost Anomaly Detection has found.

use planner::fleet::Fleet;
use planner::model::format_time;
use shared::notify::{Notification, Severity, title_that_fits};

use crate::trigger::{Anomaly, RootCause};

/// How many root causes of an anomaly a message lists.
const CAUSES: usize = 3;

/// AWS Cost Anomaly Detection has found that something costs more than expected.
pub(crate) fn anomaly(fleet: &Fleet, anomaly: &Anomaly) -> Notification {
    let Anomaly { anomaly_id: id, impact, .. } = anomaly;
    let what = anomaly.dimensional_value.as_deref().unwrap_or("a monitored cost");
    let dollars = |amount: f64| format!("${amount:.2}");
    let mut facts = vec![("impact".to_owned(), dollars(impact.total_impact))];
    facts.extend(impact.total_actual_spend.map(|amount| ("actual".into(), dollars(amount))));
    facts.extend(impact.total_expected_spend.map(|amount| ("expected".into(), dollars(amount))));
    facts.extend(anomaly.anomaly_start_date.iter().map(|date| ("since".into(), time(date))));
    let causes: Vec<String> = anomaly.root_causes.iter().filter_map(cause).collect();
    facts.extend(causes.iter().take(CAUSES).map(|cause| ("root cause".into(), cause.clone())));
    match causes.len().saturating_sub(CAUSES) {
        0 => {}
        1 => facts.push(("root cause".into(), "and 1 more root cause".into())),
        more => facts.push(("root cause".into(), format!("and {more} more root causes"))),
    }
    let thread = format!("anomaly/{id}");
    // AWS reports the same anomaly again when it has grown.
    let key = format!("{thread}/{:.0}", impact.total_impact);
    let scope = fleet.title();
    let above = format!("{} above expected", dollars(impact.total_impact));
    let titles = [format!("Cost anomaly: {what} {above}"), format!("Cost anomaly: {above}")];
    Notification {
        summary: format!(
            "AWS Cost Anomaly Detection reports that {what} has cost {} more than expected. An anomaly starts no restriction.",
            dollars(impact.total_impact)
        ),
        facts,
        next_steps: anomaly.anomaly_details_link.iter().map(|link| format!("Open the anomaly: {link}")).collect(),
        ..Notification::new(&scope, Severity::Warning, &key, &thread, title_that_fits(&scope, &titles))
    }
}

/// A time of AWS as messages write it; one that is none of ours, unchanged.
fn time(written: &str) -> String {
    written.parse().map_or_else(|_| written.to_owned(), format_time)
}

fn cause(cause: &RootCause) -> Option<String> {
    let RootCause { service, region, usage_type, linked_account_name } = cause;
    let parts: Vec<&str> =
        [service, usage_type, region, linked_account_name].into_iter().filter_map(|part| part.as_deref()).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
