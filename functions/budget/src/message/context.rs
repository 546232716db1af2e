//! What messages about a budget state, and the parts that several of them share.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use planner::budget::{BudgetPolicy, Record, Spend};
use planner::fleet::Fleet;
use planner::model::{Usd, format_time};
use shared::notify::{Notification, Severity, request, title_that_fits};

/// A label and its value, one line of a message.
pub(super) type Fact = (String, String);

/// Everything that a message about a budget may state.
pub(crate) struct Context<'a> {
    pub fleet: &'a Fleet,
    pub policy: &'a BudgetPolicy,
    /// The record before the decision.
    pub previous_record: &'a Record,
    /// The record after it.
    pub record: &'a Record,
    /// The answer of AWS Budgets, if there was one.
    pub spend: Option<&'a Spend>,
    /// Hourly cost of the running tasks, if it is known.
    pub hourly: Option<Usd>,
    /// Start of links to the cost management console, up to `#/`.
    pub console: &'a str,
    pub now: Timestamp,
}

impl Context<'_> {
    /// `acme-monthly`.
    pub(super) fn name(&self) -> &str {
        &self.policy.name
    }

    /// A message of `kind` whose key ends with `about`; its title says `Budget <state>: <name><detail>`, with the first of
    /// `details` that fits.
    pub(super) fn message(
        &self,
        severity: Severity,
        kind: &str,
        about: &str,
        state: &str,
        details: &[String],
    ) -> Notification {
        let scope = self.fleet.title();
        let titles: Vec<String> =
            details.iter().map(|detail| format!("Budget {state}: {}{detail}", self.name())).collect();
        let key = format!("{}{about}", key(self.policy, self.record, kind));
        let title = title_that_fits(&scope, &titles);
        Notification::new(&scope, severity, &key, &thread(self.policy, self.record), title)
    }

    /// `412.37 USD, 82 % of the limit of 500.00 USD`.
    pub(super) fn share(&self) -> String {
        match (&self.record.figure, &self.record.limit) {
            (Some(figure), Some(limit)) => format!("{figure}, {} % of the limit of {limit}", self.record.percent()),
            _ => "not known yet".into(),
        }
    }

    /// ` of 500.00 USD`, where the limit is known.
    pub(super) fn of_limit(&self) -> String {
        self.record.limit.as_ref().map(|limit| format!(" of {limit}")).unwrap_or_default()
    }

    /// Actual spend, limit, forecast and the cost of the running tasks.
    pub(super) fn spend_facts(&self) -> Vec<Fact> {
        let mut facts = vec![("spent".to_owned(), self.accepted())];
        facts.extend(self.limit_fact());
        let forecast = self.spend.and_then(|spend| spend.forecast.as_ref());
        facts.extend(forecast.map(|forecast| ("forecast".to_owned(), forecast.to_string())));
        facts.extend(self.tasks_fact());
        facts
    }

    /// `380.00 USD (76 %)`.
    pub(super) fn accepted(&self) -> String {
        match &self.record.figure {
            Some(figure) => format!("{figure} ({} %)", self.record.percent()),
            None => "no figure of this period yet".into(),
        }
    }

    pub(super) fn limit_fact(&self) -> Option<Fact> {
        self.record.limit.as_ref().map(|limit| ("limit".into(), limit.to_string()))
    }

    /// What the running tasks cost by the price table.
    pub(super) fn tasks_fact(&self) -> Option<Fact> {
        let hourly = self.hourly?;
        let day = hourly.saturating_mul(24);
        Some(("running tasks".into(), format!("about {hourly} an hour, {day} a day")))
    }

    /// The restrictions in force, a line for each service.
    pub(super) fn restriction_facts(&self) -> Vec<Fact> {
        let all = self.record.restrictions(self.policy, self.now);
        all.into_iter().map(|(service, restriction)| (service, restriction.to_string())).collect()
    }

    /// `jobs on Spot only; web at most 3 tasks`.
    pub(super) fn restrictions(&self) -> String {
        let all: Vec<String> =
            self.restriction_facts().into_iter().map(|(service, what)| format!("{service} {what}")).collect();
        if all.is_empty() { "no restriction".into() } else { all.join("; ") }
    }

    /// The restrictions behind `start` in a title, the longest form first: `; web on Spot only`, `; web restricted`.
    pub(super) fn restriction_details(&self, start: &str) -> Vec<String> {
        let facts = self.restriction_facts();
        let services: Vec<&str> = facts.iter().map(|(service, _)| service.as_str()).collect();
        let short = match services.is_empty() {
            true => "no restriction".to_owned(),
            false => format!("{} restricted", services.join(", ")),
        };
        let counted = format!("{} services restricted", services.len());
        [self.restrictions(), short, counted].map(|restrictions| format!("{start}; {restrictions}")).into()
    }

    /// `the 80 % tier stays in force`.
    pub(super) fn in_force(&self) -> String {
        match self.record.in_force(self.now) {
            Some(tier) => format!("the {tier} % tier stays in force"),
            None => "no tier is in force".into(),
        }
    }

    /// What the next tier restricts.
    pub(super) fn next_tier_fact(&self) -> Option<Fact> {
        let reached = self.record.tier.unwrap_or_default();
        let next = self.policy.tiers.iter().find(|tier| tier.at_percent > reached)?;
        let all: Vec<String> = next.services.iter().map(|(service, what)| format!("{service} {what}")).collect();
        Some((format!("at {} %", next.at_percent), all.join("; ")))
    }

    /// When the period, and with it every restriction, ends.
    pub(super) fn until_fact(&self) -> Option<Fact> {
        Some(("until".into(), format_time(self.record.period?.end)))
    }

    /// What an engineer can do about restrictions.
    pub(super) fn restriction_steps(&self) -> Vec<String> {
        vec![
            format!("Find the cause in Cost Explorer: {}", self.cost_explorer()),
            format!("Lift the restrictions for the rest of the period: {}", self.request("lift", &[])),
            format!("Put all tiers on hold for a day: {}", self.request("hold", &[("until", "24h")])),
        ]
    }

    /// What an engineer can do about a figure that is doubted.
    pub(super) fn doubted_steps(&self) -> Vec<String> {
        vec![
            format!("Compare with Cost Explorer: {}", self.cost_explorer()),
            "Check AWS Health for a billing issue: https://health.aws.amazon.com/health/status".into(),
            format!("If the figure is right, confirm it so that it counts: {}", self.request("confirm", &[])),
        ]
    }

    pub(super) fn cost_explorer(&self) -> String {
        format!("{}cost-explorer", self.console)
    }

    /// The request to send; `more` are further fields.
    pub(super) fn request(&self, action: &str, more: &[(&str, &str)]) -> String {
        format!("send the request {}", request(action, &[&[("budget", self.name())], more].concat()))
    }
}

/// Messages about one period of a budget belong together.
fn thread(policy: &BudgetPolicy, record: &Record) -> String {
    let begun = record.period.map(|period| period.start.to_zoned(TimeZone::UTC).date().to_string());
    format!("budget/{}/{}", policy.name, begun.unwrap_or_default())
}

/// Start of the keys of one kind of message within one period.
pub(crate) fn key(policy: &BudgetPolicy, record: &Record, kind: &str) -> String {
    format!("{}/{kind}/", thread(policy, record))
}

/// The cost management console of a region's partition, up to `#/`.
pub(crate) fn console(region: &str) -> String {
    let host = match region {
        region if region.starts_with("cn-") => "console.amazonaws.cn",
        region if region.starts_with("us-gov-") => "console.amazonaws-us-gov.com",
        _ => "console.aws.amazon.com",
    };
    format!("https://{host}/costmanagement/home#/")
}

/// `: launch week` where a reason was given.
pub(super) fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
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
