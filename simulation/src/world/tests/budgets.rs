//! Notices and figures of budgets.

use jiff::SignedDuration;
use serde_json::json;

use crate::world::testing::Bench;

const NAME: &str = "huskit-monthly";

fn subjects(bench: &Bench) -> Vec<String> {
    let threshold = |text: &str| text.lines().filter(|line| line.starts_with("Alert T")).collect::<Vec<_>>().join(", ");
    bench.published.iter().map(|(_, _, text)| threshold(text)).collect()
}

fn spent(bench: &mut Bench, dollars: f64) {
    bench.change(|world, cx| {
        world.budgets.spend(NAME, dollars, cx);
        world.budgets.refresh(NAME, cx);
    });
}

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.change(|world, cx| world.budgets.begin(cx));
    bench.change(|world, cx| world.budgets.spend_a_day(NAME, 0.0, cx));
    bench
}

#[test]
fn a_notice_is_sent_once_a_period_and_reads_as_captured() {
    let mut bench = bench();
    spent(&mut bench, 412.37);
    assert_eq!(subjects(&bench), ["Alert Type: ACTUAL, Alert Threshold: > $400.00"]);
    let (topic, subject, text) = bench.published[0].clone();
    assert!(topic.starts_with("arn:aws:sns:"), "{topic}");
    assert_eq!(subject, "AWS Budgets: huskit-monthly has exceeded your alert threshold");
    assert!(
        text.starts_with("AWS Budget Notification November 02, 2026\nAWS Account 123456789012\n\nDear AWS Customer,\n")
    );
    assert!(text.contains("\nBudgeted Amount: $500.00\n") && text.contains("\nACTUAL Amount: $412.37\n"), "{text}");
    spent(&mut bench, -300.0);
    spent(&mut bench, 300.0);
    assert_eq!(bench.published.len(), 1, "once a period, also after a correction");
    spent(&mut bench, 60.0);
    assert_eq!(subjects(&bench)[1..], ["Alert Type: ACTUAL, Alert Threshold: > $450.00"]);
    bench.pass(SignedDuration::from_hours(24 * 30));
    spent(&mut bench, 401.0);
    assert_eq!(bench.published.len(), 3, "a new period has its own notices");
}

#[test]
fn figures_are_refreshed_two_or_three_times_a_day_and_a_wrong_one_is_corrected() {
    let mut bench = bench();
    bench.pass(SignedDuration::from_hours(48));
    let refreshes = bench.world.budgets.budgets[NAME].figures.len();
    assert!((4..=6).contains(&refreshes), "{refreshes}");
    spent(&mut bench, 18.0);
    bench.change(|world, cx| world.budgets.misreport(NAME, 1e10, cx));
    let text = &bench.published[0].2;
    assert!(text.contains("ACTUAL Amount: $180,000,000,000.00"), "{text}");
    bench.change(|world, cx| world.budgets.misreport(NAME, 1.0, cx));
    let input = json!({ "AccountId": "123456789012", "BudgetName": NAME });
    let shown = bench.change(|world, cx| world.budgets.call("DescribeBudget", &input, cx)).unwrap()["Budget"].clone();
    assert_eq!(shown["CalculatedSpend"]["ActualSpend"]["Amount"], "18.000");
    assert!(shown["CalculatedSpend"]["ForecastedSpend"].is_null(), "no forecast on a new account");
    bench.change(|world, cx| world.budgets.delete(NAME, cx));
    assert_eq!(
        bench.change(|world, cx| world.budgets.call("DescribeBudget", &input, cx)).unwrap_err().code,
        "NotFoundException"
    );
}

#[test]
fn a_forecast_comes_after_five_weeks_and_may_be_sent_again() {
    let mut bench = bench();
    bench.change(|world, cx| {
        world.budgets.used_before(NAME, 36, cx);
        world.budgets.spend_a_day(NAME, 20.0, cx);
        world.budgets.refresh(NAME, cx);
    });
    assert_eq!(subjects(&bench), ["Alert Type: FORECASTED, Alert Threshold: > $500.00"]);
    for a_day in [1.0, 20.0] {
        bench.change(|world, cx| {
            world.budgets.spend_a_day(NAME, a_day, cx);
            world.budgets.refresh(NAME, cx);
        });
    }
    assert_eq!(bench.published.len(), 2);
}
