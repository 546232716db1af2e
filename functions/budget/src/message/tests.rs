//! Every message as it arrives in an inbox.

use insta::assert_snapshot;
use planner::budget::{Amount, Input, NoticeKind, Request, request};

use super::fixtures::*;
use super::{anomaly, console, forwarded};
use crate::event::Content;

#[test]
fn a_tier_takes_effect() {
    assert_snapshot!(Month::on_the_twentieth().on(21).spent(41_237).tick(), @r#"
    Budget huskit-monthly: 80 % of 500.00 USD reached; crawler on Spot only [huskit prod]

    Actual spend is 412.37 USD, 82 % of the limit of 500.00 USD: the 80 % tier of budget huskit-monthly takes effect. The capacity function applies it now: crawler on Spot only.

    spent          412.37 USD (82 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    crawler        on Spot only
    at 90 %        crawler scheduled downtime 60 min longer at each end
    until          2026-12-01 00:00 UTC

    Next
    - Find the cause in Cost Explorer: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Lift the restrictions for the rest of the period: send the request {"action":"release","budget":"huskit-monthly","by":"<you>"}
    - Suspend all tiers for a day: send the request {"action":"hold","budget":"huskit-monthly","until":"24h","by":"<you>"}
    "#);
    let mut month = Month::on_the_twentieth().on(21).spent(47_600);
    month.tick();
    assert_snapshot!(month.on(22).spent(50_320).tick(), @r#"
    Budget huskit-monthly: 100 % of 500.00 USD reached; crawler, website-agent restricted [huskit prod]

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
    - Lift the restrictions for the rest of the period: send the request {"action":"release","budget":"huskit-monthly","by":"<you>"}
    - Suspend all tiers for a day: send the request {"action":"hold","budget":"huskit-monthly","until":"24h","by":"<you>"}
    "#);
}

#[test]
fn a_figure_is_not_trusted_and_then_confirmed() {
    let mut month = Month::on_the_twentieth().on(21).spent(100_000_000_000_000);
    assert_snapshot!(month.tick(), @r#"
    Figure not trusted: 1,000,000,000,000.00 USD for budget huskit-monthly [huskit prod]

    AWS Budgets returns an actual spend of 1,000,000,000,000.00 USD for budget huskit-monthly. The figure is not trusted: it is more than 5 times the limit of 500.00 USD. It starts no restriction; no tier is in force.

    AWS Budgets    1,000,000,000,000.00 USD
    last trusted   380.00 USD (76 %)
    limit          500.00 USD
    running tasks  about $0.2271 an hour, $5.45 a day

    Next
    - Compare with Cost Explorer: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Check AWS Health for a billing issue: https://health.aws.amazon.com/health/status
    - If the figure is right, confirm it so that it counts: send the request {"action":"confirm","budget":"huskit-monthly","by":"<you>"}
    "#);
    let mut wild = Month::on_the_twentieth().on(21).spent(56_320);
    assert_snapshot!(wild.tick(), @r#"
    Figure not trusted: 563.20 USD for budget huskit-monthly [huskit prod]

    AWS Budgets returns an actual spend of 563.20 USD for budget huskit-monthly. The figure is not trusted: it is 183.20 USD more than the previous figure, and the running tasks have cost about 10.90 USD since then. It starts no restriction; no tier is in force.

    AWS Budgets    563.20 USD
    last trusted   380.00 USD (76 %)
    limit          500.00 USD
    running tasks  about $0.2271 an hour, $5.45 a day

    Next
    - Compare with Cost Explorer: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Check AWS Health for a billing issue: https://health.aws.amazon.com/health/status
    - If the figure is right, confirm it so that it counts: send the request {"action":"confirm","budget":"huskit-monthly","by":"<you>"}
    "#);
    assert_snapshot!(wild.decide(&[Input::Request(Request::Confirm(request::Confirm { by: "anna".into() }))]), @r#"
    Figure confirmed by anna: 563.20 USD for budget huskit-monthly [huskit prod]

    anna has confirmed the actual spend of 563.20 USD for budget huskit-monthly. The figure counts from now on.

    limit  500.00 USD

    ----
    Budget huskit-monthly: 100 % of 500.00 USD reached; crawler, website-agent restricted [huskit prod]

    Actual spend is 563.20 USD, 112 % of the limit of 500.00 USD: the 100 % tier of budget huskit-monthly takes effect. The capacity function applies it now: crawler scaled to zero; website-agent at most 3 tasks.

    spent          563.20 USD (112 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    crawler        scaled to zero
    website-agent  at most 3 tasks
    until          2026-12-01 00:00 UTC

    Next
    - Find the cause in Cost Explorer: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Lift the restrictions for the rest of the period: send the request {"action":"release","budget":"huskit-monthly","by":"<you>"}
    - Suspend all tiers for a day: send the request {"action":"hold","budget":"huskit-monthly","until":"24h","by":"<you>"}
    "#);
    let mut month = month.on(23).spent(38_500);
    assert_snapshot!(month.tick(), @"
    Figure trusted again: 385.00 USD for budget huskit-monthly [huskit prod]

    AWS Budgets returns an actual spend of 385.00 USD for budget huskit-monthly, which is trusted. The figures since 2026-11-21 12:00 UTC were not.

    spent          385.00 USD (77 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    ");
}

#[test]
fn notices_that_restrict_nothing() {
    let mut month = Month::on_the_twentieth().on(21);
    assert_snapshot!(month.decide(&notice(NoticeKind::Forecasted, 50_000, 58_810, 21)), @"
    Budget huskit-monthly: forecast 588.10 USD of 500.00 USD [huskit prod]

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
    Budget huskit-monthly: 250.00 USD passed, no tier [huskit prod]

    AWS Budgets has sent a notice: actual spend of budget huskit-monthly has passed 250.00 USD. No tier starts at this threshold; no tier is in force.

    notice           254.10 USD
    threshold        250.00 USD
    limit            500.00 USD
    AWS Budgets now  380.00 USD
    ");
    assert_snapshot!(month.unreachable().decide(&notice(NoticeKind::Actual, 40_000, 41_237, 21)), @"
    Budget huskit-monthly: 412.37 USD spent, not verified [huskit prod]

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
    Budget huskit-monthly: notice of the previous period [huskit prod]

    AWS Budgets sent a notice about budget huskit-monthly at 2026-11-30 12:00 UTC. It arrived after its period had ended, and starts no restriction.

    notice     412.37 USD
    threshold  400.00 USD
    limit      500.00 USD
    ");
}

#[test]
fn the_end_of_a_period() {
    let mut month = Month::on_the_twentieth().on(29).spent(41_237);
    month.tick();
    assert_snapshot!(month.on(31).spent(120).tick(), @"
    Budget huskit-monthly: new period, restrictions lifted [huskit prod]

    The period of budget huskit-monthly ended at 2026-12-01 00:00 UTC, and with it all tiers up to 80 %. This budget restricts no service until a tier is reached again.

    spent  412.37 USD of 500.00 USD (82 %) in the previous period
    ");
}

#[test]
fn requests_of_engineers() {
    let mut month = Month::on_the_twentieth().on(21).spent(41_237);
    month.tick();
    let reason = Some("launch week".to_owned());
    let release = month
        .decide(&[Input::Request(Request::Release(request::Release { by: "anna".into(), reason: reason.clone() }))]);
    assert_snapshot!(release, @r#"
    Budget huskit-monthly: restrictions lifted by anna [huskit prod]

    anna has lifted the restrictions of budget huskit-monthly, up to the 80 % tier, for the rest of the period: launch week. A higher tier still takes effect.

    spent          412.37 USD (82 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    at 90 %        crawler scheduled downtime 60 min longer at each end

    Next
    - Restore the restrictions: send the request {"action":"resume","budget":"huskit-monthly","by":"<you>"}
    "#);
    assert_snapshot!(month.decide(&[Input::Request(Request::Resume(request::Resume { by: "ben".into() }))]), @"
    Budget huskit-monthly: resumed by ben [huskit prod]

    ben has ended the release or hold of budget huskit-monthly. The 80 % tier takes effect. The capacity function applies it now: crawler on Spot only.

    spent          412.37 USD (82 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    crawler        on Spot only
    until          2026-12-01 00:00 UTC
    ");
    assert_snapshot!(month.decide(&[Input::Request(Request::Hold(request::Hold { by: "anna".into(), reason, until: noon(23) }))]), @r#"
    Budget huskit-monthly: on hold until 2026-11-23 12:00 UTC [huskit prod]

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
    Budget huskit-monthly: 90 % of 500.00 USD reached; on hold until 2026-11-23 12:00 UTC [huskit prod]

    Actual spend is 451.00 USD, 90 % of the limit of 500.00 USD: the 90 % tier of budget huskit-monthly is reached. anna has put all tiers on hold until 2026-11-23 12:00 UTC, so no restriction applies.

    spent          451.00 USD (90 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day

    Next
    - End the hold, so that the tier takes effect: send the request {"action":"resume","budget":"huskit-monthly","by":"<you>"}
    "#);
    assert_snapshot!(month.on(23).tick(), @r#"
    Budget huskit-monthly: hold ended; crawler on Spot only, scheduled downtime 60 min... [huskit prod]

    The hold by anna on budget huskit-monthly ended at 2026-11-23 12:00 UTC: the 90 % tier takes effect. The capacity function applies it now: crawler on Spot only, scheduled downtime 60 min longer at each end.

    spent          451.00 USD (90 %)
    limit          500.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    crawler        on Spot only, scheduled downtime 60 min longer at each end
    until          2026-12-01 00:00 UTC

    Next
    - Find the cause in Cost Explorer: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Lift the restrictions for the rest of the period: send the request {"action":"release","budget":"huskit-monthly","by":"<you>"}
    - Suspend all tiers for a day: send the request {"action":"hold","budget":"huskit-monthly","until":"24h","by":"<you>"}
    "#);
}

#[test]
fn a_limit_is_raised() {
    let mut month = Month::on_the_twentieth().on(21).spent(41_237);
    month.tick();
    if let Ok(spend) = &mut month.spend {
        spend.limit = Amount::cents(100_000);
    }
    assert_snapshot!(month.tick(), @"
    Budget huskit-monthly: below 80 % of 1,000.00 USD [huskit prod]

    Actual spend is 412.37 USD, 41 % of the limit of 1,000.00 USD: the 80 % tier of budget huskit-monthly is no longer reached. No restriction applies.

    spent          412.37 USD (41 %)
    limit          1,000.00 USD
    forecast       588.10 USD
    running tasks  about $0.2271 an hour, $5.45 a day
    ");
}

#[test]
fn messages_that_are_forwarded() {
    let console = console("eu-central-1");
    let unreadable = received(None, "Ihr Budget ist aufgebraucht.\n");
    assert_snapshot!(mail(&forwarded(&fleet(), &unreadable, &console)), @"
    Message from AWS [huskit prod]

    Ihr Budget ist aufgebraucht.

    Next
    - Forwarded unchanged, no action taken: not a notice of AWS Budgets or Cost Anomaly Detection.
    - Check AWS Budgets: https://console.aws.amazon.com/costmanagement/home#/budgets
    ");
    let text = "Budget Name: travel\nAlert Type: ACTUAL\nACTUAL Amount: $1.00\n";
    let not_held = received(Some("AWS Budgets: travel has exceeded your alert threshold"), text);
    assert_snapshot!(mail(&forwarded(&fleet(), &not_held, &console)), @"
    AWS Budgets: travel has exceeded your alert threshold [huskit prod]

    Budget Name: travel
    Alert Type: ACTUAL
    ACTUAL Amount: $1.00

    Next
    - Forwarded unchanged, no action taken: budget travel is not in the budgets document.
    - Check AWS Budgets: https://console.aws.amazon.com/costmanagement/home#/budgets
    ");
}

#[test]
fn a_cost_anomaly() {
    let text = r#"{"accountId":"123456789012","anomalyId":"a-1","anomalyDetailsLink":"https://console.aws.amazon.com/cost-management/home#/anomaly-detection/monitors/m/anomalies/a-1","anomalyStartDate":"2026-11-19T00:00:00Z","dimensionalValue":"AWS Lambda","impact":{"maxImpact":61,"totalActualSpend":130.5,"totalExpectedSpend":12,"totalImpact":118.5},"rootCauses":[{"region":"eu-central-1","service":"AWS Lambda","usageType":"EUC1-Lambda-GB-Second"},{},{"service":"a"},{"service":"b"},{"service":"c"}]}"#;
    let message = received(Some("AWS Cost Management: Anomaly"), text);
    let Content::Anomaly(found) = &message.content else { panic!("no anomaly") };
    assert_snapshot!(mail(&anomaly(&fleet(), found)), @"
    Cost anomaly: AWS Lambda $118.50 above expected [huskit prod]

    AWS Cost Anomaly Detection reports that AWS Lambda has cost $118.50 more than expected. An anomaly starts no restriction.

    impact      $118.50
    actual      $130.50
    expected    $12.00
    since       2026-11-19T00:00:00Z
    root cause  AWS Lambda, EUC1-Lambda-GB-Second, eu-central-1
    root cause  a
    root cause  b
    root cause  1 more

    Next
    - Open the anomaly: https://console.aws.amazon.com/cost-management/home#/anomaly-detection/monitors/m/anomalies/a-1
    ");
}
