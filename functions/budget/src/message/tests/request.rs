//! Requests of engineers.

use insta::assert_snapshot;
use planner::budget::{Input, Request, request};

use super::fixtures::{Month, noon};

#[test]
fn requests_of_engineers() {
    let mut month = Month::on_the_twentieth().on(21).spent(41_237);
    month.tick();
    let reason = Some("launch week".to_owned());
    let lift =
        month.decide(&[Input::Request(Request::Lift(request::Lift { by: "anna".into(), reason: reason.clone() }))]);
    assert_snapshot!(lift, @r#"
    Budget restrictions lifted: huskit-monthly by anna [huskit prod]

    anna has lifted the restrictions of budget huskit-monthly, up to the 80 % tier, for the rest of the period: launch week. A higher tier still takes effect.

    spent          412.37 USD (82 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    at 90 %        crawler scheduled downtime 1 h longer at each end

    Next
    - Restore the restrictions: send the request {"action":"resume","budget":"huskit-monthly","by":"<you>"}
    "#);
    assert_snapshot!(month.decide(&[Input::Request(Request::Resume(request::Resume { by: "ben".into() }))]), @"
    Budget resumed: huskit-monthly by ben [huskit prod]

    ben has restored the lifted restrictions of budget huskit-monthly. The 80 % tier takes effect. The capacity function applies it now: crawler on Spot only.

    spent          412.37 USD (82 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    crawler        on Spot only
    until          2026-12-01 00:00 UTC
    ");
    assert_snapshot!(month.decide(&[Input::Request(Request::Hold(request::Hold { by: "anna".into(), reason, until: noon(23) }))]), @r#"
    Budget on hold: huskit-monthly until 2026-11-23 12:00 UTC [huskit prod]

    anna has put all tiers of budget huskit-monthly on hold until 2026-11-23 12:00 UTC: launch week. No restriction applies until then; a tier that is reached takes effect when the hold ends.

    spent          412.37 USD (82 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day

    Next
    - End the hold: send the request {"action":"resume","budget":"huskit-monthly","by":"<you>"}
    "#);
    let mut month = month.on(22).spent(45_100);
    assert_snapshot!(month.tick(), @r#"
    Budget tier reached: huskit-monthly 90 % of 500.00 USD; on hold [huskit prod]

    Actual spend is 451.00 USD, 90 % of the limit of 500.00 USD: the 90 % tier of budget huskit-monthly is reached. anna has put all tiers on hold until 2026-11-23 12:00 UTC, so no restriction applies.

    spent          451.00 USD (90 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day

    Next
    - End the hold, so that the tier takes effect: send the request {"action":"resume","budget":"huskit-monthly","by":"<you>"}
    "#);
    assert_snapshot!(month.on(23).tick(), @r#"
    Budget hold ended: huskit-monthly; crawler restricted [huskit prod]

    The hold by anna on budget huskit-monthly ended at 2026-11-23 12:00 UTC: the 90 % tier takes effect. The capacity function applies it now: crawler on Spot only, scheduled downtime 1 h longer at each end.

    spent          451.00 USD (90 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    crawler        on Spot only, scheduled downtime 1 h longer at each end
    until          2026-12-01 00:00 UTC

    Next
    - Find the cause in Cost Explorer: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Lift the restrictions for the rest of the period: send the request {"action":"lift","budget":"huskit-monthly","by":"<you>"}
    - Put all tiers on hold for a day: send the request {"action":"hold","budget":"huskit-monthly","until":"24h","by":"<you>"}
    "#);
}
