//! Tiers that take effect or end.

use insta::assert_snapshot;
use planner::budget::Amount;

use super::fixtures::Month;

#[test]
fn a_tier_takes_effect() {
    assert_snapshot!(Month::on_the_twentieth().on(21).spent(41_237).tick(), @r#"
    Budget tier reached: huskit-monthly 80 % of 500.00 USD; crawler on Spot only [huskit prod]

    Actual spend is 412.37 USD, 82 % of the limit of 500.00 USD: the 80 % tier of budget huskit-monthly takes effect. The capacity function applies it now: crawler on Spot only.

    spent          412.37 USD (82 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    crawler        on Spot only
    at 90 %        crawler scheduled downtime 1 h longer at each end
    until          2026-12-01 00:00 UTC

    Next
    - Find the cause in Cost Explorer: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Lift the restrictions for the rest of the period: send the request {"action":"lift","budget":"huskit-monthly","by":"<you>"}
    - Put all tiers on hold for a day: send the request {"action":"hold","budget":"huskit-monthly","until":"24h","by":"<you>"}
    "#);
    let mut month = Month::on_the_twentieth().on(21).spent(47_600);
    month.tick();
    assert_snapshot!(month.on(22).spent(50_320).tick(), @r#"
    Budget tier reached: huskit-monthly 100 % of 500.00 USD; 2 services restricted [huskit prod]

    Actual spend is 503.20 USD, 100 % of the limit of 500.00 USD: the 100 % tier of budget huskit-monthly takes effect. The capacity function applies it now: crawler scaled to zero; website-agent at most 3 tasks.

    spent          503.20 USD (100 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    crawler        scaled to zero
    website-agent  at most 3 tasks
    until          2026-12-01 00:00 UTC

    Next
    - Find the cause in Cost Explorer: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Lift the restrictions for the rest of the period: send the request {"action":"lift","budget":"huskit-monthly","by":"<you>"}
    - Put all tiers on hold for a day: send the request {"action":"hold","budget":"huskit-monthly","until":"24h","by":"<you>"}
    "#);
}

#[test]
fn the_end_of_a_period() {
    let mut month = Month::on_the_twentieth().on(29).spent(41_237);
    month.tick();
    assert_snapshot!(month.on(31).spent(120).tick(), @"
    Budget period ended: huskit-monthly; restrictions lifted [huskit prod]

    The period of budget huskit-monthly ended at 2026-12-01 00:00 UTC, and with it all tiers up to 80 %. This budget restricts no service until a tier is reached again.

    spent  412.37 USD of 500.00 USD (82 %) in the previous period
    ");
}

#[test]
fn a_limit_is_raised() {
    let mut month = Month::on_the_twentieth().on(21).spent(41_237);
    month.tick();
    if let Ok(spend) = &mut month.spend {
        spend.limit = Amount::cents(100_000);
    }
    assert_snapshot!(month.tick(), @"
    Budget tier no longer reached: huskit-monthly 80 % of 1,000.00 USD [huskit prod]

    Actual spend is 412.37 USD, 41 % of the limit of 1,000.00 USD: the 80 % tier of budget huskit-monthly is no longer reached. No restriction applies.

    spent          412.37 USD (41 %)
    limit          1,000.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    ");
}
