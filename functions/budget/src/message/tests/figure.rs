//! Figures that are doubted, accepted again or confirmed.

use insta::assert_snapshot;
use planner::budget::{Input, NoticeKind, Request, request};

use super::fixtures::{Month, notice};

#[test]
fn a_figure_is_doubted_and_then_confirmed() {
    let mut month = Month::on_the_twentieth().on(21).spent(100_000_000_000_000);
    assert_snapshot!(month.tick(), @r#"
    Budget figure doubted: huskit-monthly 1,000,000,000,000.00 USD [huskit prod]

    AWS Budgets returns an actual spend of 1,000,000,000,000.00 USD for budget huskit-monthly. The figure is doubted: it is more than 5 times the limit of 500.00 USD. It starts no restriction; no tier is in force.

    AWS Budgets    1,000,000,000,000.00 USD
    last accepted  380.00 USD (76 %)
    limit          500.00 USD
    running tasks  about $0.2271 an hour, $5.45 a day

    Next
    - Compare with Cost Explorer: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Check AWS Health for a billing issue: https://health.aws.amazon.com/health/status
    - If the figure is right, confirm it so that it counts: send the request {"action":"confirm","budget":"huskit-monthly","by":"<you>"}
    "#);
    let mut wild = Month::on_the_twentieth().on(21).spent(56_320);
    assert_snapshot!(wild.tick().lines().nth(2).unwrap(), @"AWS Budgets returns an actual spend of 563.20 USD for budget huskit-monthly. The figure is doubted: it is 183.20 USD more than the previous figure, and the running tasks have cost about 10.90 USD since then. It starts no restriction; no tier is in force.");
    let mails = wild.decide(&[Input::Request(Request::Confirm(request::Confirm { by: "anna".into() }))]);
    let (confirmed, tier) = mails.split_once("\n----\n").unwrap();
    assert_snapshot!(confirmed, @"
    Budget figure confirmed: huskit-monthly 563.20 USD by anna [huskit prod]

    anna has confirmed the actual spend of 563.20 USD for budget huskit-monthly. The figure counts from now on.

    limit  500.00 USD
    ");
    assert_snapshot!(tier.lines().next().unwrap(), @"Budget tier reached: huskit-monthly 100 % of 500.00 USD; 2 services restricted [huskit prod]");
    let mut month = month.on(23).spent(38_500);
    assert_snapshot!(month.tick(), @"
    Budget figure accepted: huskit-monthly 385.00 USD [huskit prod]

    Figure accepted: AWS Budgets returns an actual spend of 385.00 USD for budget huskit-monthly. Figures received since 2026-11-21 12:00 UTC were doubted.

    spent          385.00 USD (77 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    ");
}

#[test]
fn what_aws_writes_about_a_doubted_figure_is_passed_on() {
    let mut month = Month::on_the_twentieth().on(21).spent(300_000);
    assert_snapshot!(month.decide(&notice(NoticeKind::Actual, 50_000, 300_000, 21)), @r#"
    Budget figure doubted: huskit-monthly 3,000.00 USD, with a notice of AWS [huskit prod]

    AWS Budgets has sent a notice: actual spend of budget huskit-monthly is 3,000.00 USD. The figure is doubted: it is more than 5 times the limit of 500.00 USD. It starts no restriction; no tier is in force. AWS Budgets wrote:

    > Dear AWS Customer,

    > Budget Name: huskit-monthly

    notice           3,000.00 USD
    threshold        500.00 USD
    limit            500.00 USD
    AWS Budgets now  3,000.00 USD
    last accepted    380.00 USD (76 %)
    running tasks    about $0.2271 an hour, $5.45 a day

    Next
    - Compare with Cost Explorer: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Check AWS Health for a billing issue: https://health.aws.amazon.com/health/status
    - If the figure is right, confirm it so that it counts: send the request {"action":"confirm","budget":"huskit-monthly","by":"<you>"}
    "#);
    assert_snapshot!(month.on(22).tick(), @r#"
    Budget figure doubted: huskit-monthly 3,000.00 USD [huskit prod]

    AWS Budgets returns an actual spend of 3,000.00 USD for budget huskit-monthly. The figure is doubted: it is more than 5 times the limit of 500.00 USD. It starts no restriction; no tier is in force.

    AWS Budgets    3,000.00 USD
    last accepted  380.00 USD (76 %)
    limit          500.00 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    doubted since  2026-11-21 12:00 UTC

    Next
    - Compare with Cost Explorer: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Check AWS Health for a billing issue: https://health.aws.amazon.com/health/status
    - If the figure is right, confirm it so that it counts: send the request {"action":"confirm","budget":"huskit-monthly","by":"<you>"}
    "#);
}

#[test]
fn a_figure_that_was_corrected_down_ends_a_tier_after_a_day() {
    let mut month = Month::on_the_twentieth().on(21).spent(40_500);
    month.tick();
    let mut month = month.spent(39_000).on(22);
    assert_eq!(month.tick(), "");
    assert_snapshot!(month.on(23).tick(), @"
    Budget tier no longer reached: huskit-monthly 80 %; figure corrected to 390.00 USD [huskit prod]

    AWS Budgets has corrected the actual spend of budget huskit-monthly down to 390.00 USD, and has returned less than the 80 % tier for a day. The tier is no longer reached. No restriction applies.

    spent          390.00 USD (78 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    ");
}

#[test]
fn a_budget_that_aws_does_not_answer_about_is_announced_when_it_lasts() {
    let mut month = Month::on_the_twentieth().on(21).unreachable();
    assert_eq!(month.tick(), "");
    assert_snapshot!(month.on(22).tick(), @"
    Budget cannot be read: huskit-monthly [huskit prod]

    AWS Budgets has not answered about budget huskit-monthly since 2026-11-21 12:00 UTC. Until it answers, no restriction begins, and none ends before the budget period does; no tier is in force. The budget function asks again every hour.

    error  describe budget huskit-monthly: ThrottlingException: slow down

    Next
    - NotFoundException: check that a budget of this name exists: https://console.aws.amazon.com/costmanagement/home#/budgets
    - AccessDeniedException: compare the function's policy with docs/reference/permissions.md, and deploy again.
    - Any other error: check AWS Health: https://health.aws.amazon.com/health/status
    ");
}
