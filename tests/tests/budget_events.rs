//! What the budget function makes of the messages of AWS, as they lie in `events/`.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used)]

use budget::{Content, Message, Trigger};
use jiff::Timestamp;
use planner::budget::{Amount, NoticeKind};
use serde_json::Value;
use shared::runtime::{Payload, Received, receive};

/// Event file, and what its messages say: budget, kind, figure, threshold, limit.
const TABLE: &[(&str, &[&str])] = &[
    ("budget-100", &["huskit-monthly: 503.20 USD spent, over 500.00 USD of 500.00 USD"]),
    ("budget-80", &["huskit-monthly: 412.37 USD spent, over 400.00 USD of 500.00 USD"]),
    ("budget-90", &["huskit-monthly: 451.08 USD spent, over 450.00 USD of 500.00 USD"]),
    ("budget-95", &["huskit-monthly: 476.90 USD spent, over 475.00 USD of 500.00 USD"]),
    ("budget-daily", &["huskit-daily: 23.51 USD spent, over 20.00 USD of 20.00 USD"]),
    ("budget-euro", &["huskit-monthly: 412.37 EUR spent, over 400.00 EUR of 500.00 EUR"]),
    ("budget-forecasted", &["huskit-monthly: 588.10 USD forecast, over 500.00 USD of 500.00 USD"]),
    ("budget-joined-lines", &["huskit-monthly: 412.37 USD spent, over 400.00 USD of 500.00 USD"]),
    ("budget-json", &["huskit-monthly: 412.37 USD spent, over 400.00 USD of 500.00 USD"]),
    ("budget-odd-spacing", &["huskit-monthly: 412.37 USD spent, over 400.00 USD of 500.00 USD"]),
    (
        "budget-several-records",
        &[
            "huskit-monthly: 476.90 USD spent, over 450.00 USD of 500.00 USD",
            "huskit-monthly: 476.90 USD spent, over 400.00 USD of 500.00 USD",
            "travel and all: 12.00 USD spent, over 10.00 USD of 20.00 USD",
        ],
    ),
    ("budget-trillion", &["huskit-monthly: 1,000,183,965,812.54 USD spent, over 500.00 USD of 500.00 USD"]),
    ("budget-unreadable", &["unreadable: AWS Budgets: huskit-monthly was updated"]),
    ("cost-anomaly", &["anomaly: 118.5 more for AWS Lambda"]),
];

fn clock() -> Timestamp {
    "2026-11-28T12:00:00Z".parse().unwrap()
}

fn said(message: &Message) -> String {
    let amount = |amount: &Option<Amount>| amount.as_ref().map_or("nothing".to_owned(), Amount::to_string);
    match &message.content {
        Content::Budget { name, notice } => {
            let kind = match notice.kind {
                NoticeKind::Actual => "spent",
                NoticeKind::Forecasted => "forecast",
            };
            let (threshold, limit) = (amount(&notice.threshold), amount(&notice.limit));
            format!("{name}: {} {kind}, over {threshold} of {limit}", notice.amount)
        }
        Content::Anomaly(anomaly) => format!(
            "anomaly: {} more for {}",
            anomaly.impact.total_impact,
            anomaly.dimensional_value.as_deref().unwrap_or("?")
        ),
        Content::Unknown => format!("unreadable: {}", message.subject.as_deref().unwrap_or("?")),
    }
}

fn parse(event: Value) -> Option<Trigger> {
    match receive::<budget::App>(Payload::parse(event).ok()?, clock()).ok()? {
        Received::Trigger(trigger) => Some(trigger),
        Received::Ignored(_) => None,
    }
}

fn events(kind: &str) -> Vec<(String, Value)> {
    let own = |(name, event): (String, Value)| Some((name.strip_prefix(kind)?.to_owned(), event));
    tests::events().into_iter().filter_map(own).collect()
}

#[test]
fn every_message_is_read_as_what_it_is() {
    let events = events("sns.notification.");
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, TABLE.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for ((name, event), (_, expected)) in events.into_iter().zip(TABLE) {
        let Some(Trigger::Messages(messages)) = parse(event) else { panic!("{name}") };
        assert_eq!(messages.iter().map(said).collect::<Vec<_>>(), *expected, "{name}");
    }
}

#[test]
fn requests_of_engineers_are_read() {
    let requests = events("request.budget-");
    assert_eq!(requests.len(), 3);
    for (name, event) in requests {
        let Some(Trigger::Request(request)) = parse(event) else { panic!("{name}") };
        assert_eq!(request.budget.as_deref(), Some("huskit-monthly"), "{name}");
    }
}

#[test]
fn what_is_sent_to_other_functions_is_no_message_of_a_budget() {
    for (name, event) in tests::events() {
        let messages = matches!(parse(event), Some(Trigger::Messages(_)));
        assert_eq!(messages, name.starts_with("sns."), "{name}");
    }
}

#[test]
fn the_tick_looks_at_every_budget_on_the_hour() {
    let tick = &tests::template::functions().properties("BudgetFunction")["Events"]["Tick"]["Properties"];
    let input = tick["Input"].as_str().unwrap().replace("<aws.scheduler.scheduled-time>", "2026-12-01T00:00:00Z");
    let payload = Payload::parse(serde_json::from_str(&input).unwrap()).unwrap();
    assert_eq!(payload.at(), Some("2026-12-01T00:00:00Z".parse().unwrap()));
    assert_eq!(parse(serde_json::from_str(&input).unwrap()), Some(Trigger::Everything));
    // Periods end at midnight UTC, and a look at that moment ends what they end.
    assert_eq!(
        (&tick["ScheduleExpression"], &tick["ScheduleExpressionTimezone"]),
        (&"cron(0 * * * ? *)".into(), &"UTC".into())
    );
}
