//! The notice that AWS Budgets publishes: plain text, as captured in January 2026.

use ::tests::template::{list, text};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::account::ACCOUNT;

/// A notification of a budget.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    /// `ACTUAL` or `FORECASTED`.
    kind: String,
    limit: f64,
    percentage: bool,
    /// ARNs of the topics that get it.
    pub(super) topics: Vec<String>,
}

impl Notice {
    pub(super) fn read(value: &Value) -> Notice {
        let notification = &value["Notification"];
        assert_eq!(notification["ComparisonOperator"], "GREATER_THAN", "the model has no other notices");
        let subscribers = list(&value["Subscribers"]);
        let topics = subscribers.iter().filter(|one| one["SubscriptionType"] == "SNS");
        Notice {
            kind: text(&notification["NotificationType"]),
            limit: notification["Threshold"].as_f64().expect("a threshold"),
            // The default: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Notification.html
            percentage: notification["ThresholdType"] != "ABSOLUTE_VALUE",
            topics: topics.map(|one| text(&one["Address"])).collect(),
        }
    }

    pub(super) fn is_forecast(&self) -> bool {
        self.kind == "FORECASTED"
    }

    pub(super) fn key(&self) -> String {
        format!("{} {}", self.kind, self.limit)
    }

    /// The figure that it is about.
    pub(super) fn amount(&self, actual: f64, forecast: Option<f64>) -> Option<f64> {
        if self.is_forecast() { forecast } else { Some(actual) }
    }

    /// Its threshold in US dollars.
    pub(super) fn threshold(&self, budgeted: f64) -> f64 {
        if self.percentage { budgeted * self.limit / 100.0 } else { self.limit }
    }

    pub(super) fn text(
        &self,
        name: &str,
        kind: &str,
        unit: &str,
        budgeted: f64,
        amount: f64,
        now: Timestamp,
    ) -> String {
        let date = now.to_zoned(TimeZone::UTC).strftime("%B %d, %Y").to_string();
        let (label, threshold) = (&self.kind, money(self.threshold(budgeted)));
        let (budgeted, amount) = (money(budgeted), money(amount));
        let cost = if kind == "COST" { "Cost" } else { kind };
        let (period, said) = match unit {
            "DAILY" => ("per day", format!("Yesterday, the {label} {cost} associated with this budget was")),
            _ => ("for the current month", format!("The {label} {cost} associated with this budget is")),
        };
        format!(
            "AWS Budget Notification {date}\nAWS Account {ACCOUNT}\n\nDear AWS Customer,\n\n\
            You requested that we alert you when the {label} {cost} associated with your {name} budget is greater than {threshold} \
            {period}. {said} {amount}. You can find additional details below and by accessing the AWS Budgets dashboard [1].\n\n\
            Budget Name: {name}\nBudget Type: {cost}\nBudgeted Amount: {budgeted}\nAlert Type: {label}\n\
            Alert Threshold: > {threshold}\n{label} Amount: {amount}\n\n\
            [1] https://console.aws.amazon.com/costmanagement/home#/budgets\n"
        )
    }
}

/// US dollars with cents and separated thousands: `$183,965,812,157.54`.
pub fn money(dollars: f64) -> String {
    let text = format!("{:.2}", dollars.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{}${grouped}.{cents}", if dollars < 0.0 { "-" } else { "" })
}
