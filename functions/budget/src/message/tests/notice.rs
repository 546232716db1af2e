//! Notices of AWS Budgets that change nothing.

use insta::assert_snapshot;
use planner::budget::NoticeKind;

use super::fixtures::{Month, notice};

#[test]
fn notices_that_restrict_nothing() {
    let mut month = Month::on_the_twentieth().on(21);
    assert_snapshot!(month.decide(&notice(NoticeKind::Forecasted, 50_000, 58_810, 21)), @"
    Budget forecast: huskit-monthly 588.10 USD of 500.00 USD [huskit prod]

    AWS Budgets forecasts a spend of 588.10 USD for budget huskit-monthly by the end of its period. A forecast starts no restriction.

    forecast       588.10 USD
    threshold      500.00 USD
    limit          500.00 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    at 80 %        crawler on Spot only

    Next
    - Find the cause in Cost Explorer: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    ");
    assert_snapshot!(month.decide(&notice(NoticeKind::Actual, 25_000, 25_410, 21)), @"
    Budget threshold passed: huskit-monthly 250.00 USD, no tier [huskit prod]

    AWS Budgets has sent a notice: actual spend of budget huskit-monthly has passed 250.00 USD. No tier starts at this threshold; no tier is in force.

    notice           254.10 USD
    threshold        250.00 USD
    limit            500.00 USD
    AWS Budgets now  380.00 USD
    ");
    assert_snapshot!(month.unreachable().decide(&notice(NoticeKind::Actual, 40_000, 41_237, 21)), @"
    Budget figure not verified: huskit-monthly 412.37 USD [huskit prod]

    AWS Budgets has sent a notice: actual spend of budget huskit-monthly is 412.37 USD. The figure is not verified, because AWS Budgets did not answer. It starts no restriction; no tier is in force. The budget function asks again every hour.

    notice     412.37 USD
    threshold  400.00 USD
    limit      500.00 USD
    error      describe budget huskit-monthly: ThrottlingException: slow down

    Next
    - Check the figure in AWS Budgets: https://console.aws.amazon.com/costmanagement/home#/budgets
    ");
    let mut next = Month::on_the_twentieth().on(31).spent(120);
    assert_snapshot!(next.decide(&notice(NoticeKind::Actual, 40_000, 41_237, 30)), @"
    Budget notice late: huskit-monthly; its period has ended [huskit prod]

    AWS Budgets sent a notice about budget huskit-monthly at 2026-11-30 12:00 UTC. It arrived after its period had ended, and starts no restriction.

    notice     412.37 USD
    threshold  400.00 USD
    limit      500.00 USD
    ");
}
