//! Every message as it arrives in an inbox.

use insta::assert_snapshot;
use jiff::SignedDuration;
use planner::budget::{BudgetPolicies, Input, Observed, Plan, Request, SpendLookup, TimeUnit, plan, request};

use super::*;
use crate::event::{Content, Message, Trigger};

fn fleet() -> Fleet {
    let night = r#"{"zone":"Europe/Berlin","windows":[{"from":"22:00","to":"06:00"}]}"#;
    Fleet::parse(&format!(
        r#"{{"system":"huskit","stage":"prod","services":[
            {{"name":"website-agent","cluster":"huskit-prod","baseline":{{"min":2,"max":6}}}},
            {{"name":"crawler","cluster":"huskit-prod","baseline":{{"min":1,"max":3}},"sleep":{night},"spot":{{"mode":"prefer"}}}}
        ]}}"#
    ))
    .unwrap()
}

fn policy() -> BudgetPolicy {
    let tiers = r#"[{"at_percent":80,"services":{"crawler":{"spot_only":true}}},
        {"at_percent":90,"services":{"crawler":{"longer_downtime_minutes":60}}},
        {"at_percent":95,"services":{"crawler":{"scale_to_zero":true}}},
        {"at_percent":100,"services":{"website-agent":{"max_tasks":3}}}]"#;
    let budgets =
        BudgetPolicies::parse(&format!(r#"[{{"name":"huskit-monthly","tiers":{tiers}}}]"#), &fleet()).unwrap();
    budgets.iter().next().unwrap().clone()
}

fn noon(day: i64) -> Timestamp {
    "2026-11-01T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours((day - 1) * 24)
}

/// A month that is looked at again and again.
struct Month {
    record: Record,
    spend: Result<Spend, String>,
    day: i64,
}

impl Month {
    /// The twentieth of November, 76 % are spent.
    fn on_the_twentieth() -> Month {
        let limit = Amount::cents(50_000);
        let spend = Spend { time_unit: TimeUnit::Monthly, limit, actual: Amount::cents(0), forecast: None };
        let mut month = Month { record: Record::default(), spend: Ok(spend), day: 0 };
        for day in 0..=20 {
            month.day = day;
            month = month.spent(day * 1_900);
            month.look(&[]);
        }
        month
    }

    fn spent(mut self, cents: i64) -> Month {
        if let Ok(spend) = &mut self.spend {
            spend.actual = Amount::cents(cents);
            spend.forecast = Some(Amount::cents(58_810));
        }
        self
    }

    fn unreachable(mut self) -> Month {
        self.spend = Err("describe budget huskit-monthly: ThrottlingException: slow down".into());
        self
    }

    /// The mails that one look sends.
    fn look(&mut self, inputs: &[Input]) -> String {
        let (fleet, policy, now) = (fleet(), policy(), noon(self.day));
        let spend = self.spend.clone().map_or_else(SpendLookup::Unreachable, SpendLookup::Known);
        let observed = Observed { spend, hourly_micros: Some(227_120) };
        let Plan { record, decisions } = plan(&policy, &self.record, &observed, inputs, now);
        let before = std::mem::replace(&mut self.record, record);
        let context = Context {
            fleet: &fleet,
            policy: &policy,
            before: &before,
            record: &self.record,
            spend: self.spend.as_ref().ok(),
            hourly: Some(Usd::from_micros(227_120)),
            console: &console("eu-central-1"),
            now,
        };
        let messages = decisions.iter().filter_map(|decision| context.notification(&decision.reason));
        let mails: Vec<String> = messages.map(|message| mail(&message)).collect();
        mails.join("\n----\n")
    }

    fn on(mut self, day: i64) -> Month {
        self.day = day;
        self
    }
}

fn notice(kind: NoticeKind, threshold: i64, cents: i64, day: i64) -> [Input; 1] {
    let (threshold, limit) = (Some(Amount::cents(threshold)), Some(Amount::cents(50_000)));
    [Input::Notice(Notice { kind, amount: Amount::cents(cents), threshold, limit, at: noon(day) })]
}

fn mail(message: &Notification) -> String {
    format!("{}\n\n{}", message.subject(), message.text())
}

#[test]
fn a_tier_that_begins() {
    assert_snapshot!(Month::on_the_twentieth().on(21).spent(41_237).look(&[]), @r#"
    82 % of huskit-monthly is spent: crawler runs on Spot only [huskit prod]

    82 % of huskit-monthly is spent, and the tier of 80 % begins: crawler runs on Spot only.

    spent     412.37 USD (82 %)
    limit     500.00 USD
    forecast  588.10 USD
    tasks     those that run now cost about $0.2271 an hour, $5.45 a day
    crawler   runs on Spot only
    at 90 %   crawler sleeps 60 minutes longer at each end of the night
    ends      by itself at 2026-12-01 00:00 UTC

    Next
    - Look where it comes from: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - To give it back for the rest of the period: invoke the budget function with {"action":"release","budget":"huskit-monthly","by":"<you>"}
    - To give it back for a day: invoke the budget function with {"action":"hold","budget":"huskit-monthly","until":"24h","by":"<you>"}
    "#);
    let mut month = Month::on_the_twentieth().on(21).spent(47_600);
    month.look(&[]);
    assert_snapshot!(month.on(22).spent(50_320).look(&[]), @r#"
    100 % of huskit-monthly is spent: crawler sleeps; website-agent runs at most 3 tasks [huskit prod]

    100 % of huskit-monthly is spent, and the tier of 100 % begins: crawler sleeps; website-agent runs at most 3 tasks.

    spent          503.20 USD (100 %)
    limit          500.00 USD
    forecast       588.10 USD
    tasks          those that run now cost about $0.2271 an hour, $5.45 a day
    crawler        sleeps
    website-agent  runs at most 3 tasks
    ends           by itself at 2026-12-01 00:00 UTC

    Next
    - Look where it comes from: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - To give it back for the rest of the period: invoke the budget function with {"action":"release","budget":"huskit-monthly","by":"<you>"}
    - To give it back for a day: invoke the budget function with {"action":"hold","budget":"huskit-monthly","until":"24h","by":"<you>"}
    "#);
}

#[test]
fn a_figure_that_cannot_be_true_and_its_end() {
    let mut month = Month::on_the_twentieth().on(21).spent(100_000_000_000_000);
    assert_snapshot!(month.look(&[]), @r#"
    huskit-monthly: 1,000,000,000,000.00 USD is not believed [huskit prod]

    AWS says that 1,000,000,000,000.00 USD of huskit-monthly is spent. That is not believed: it is more than 5 times the limit of 500.00 USD. Nothing is taken away because of it; no tier is in force.

    told      1,000,000,000,000.00 USD
    believed  380.00 USD (76 %)
    limit     500.00 USD
    tasks     those that run now cost about $0.2271 an hour, $5.45 a day

    Next
    - Look where it comes from: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Look whether AWS has a billing problem: https://health.aws.amazon.com/health/status
    - If it is right, to act on it: invoke the budget function with {"action":"confirm","budget":"huskit-monthly","by":"<you>"}
    "#);
    let mut wild = Month::on_the_twentieth().on(21).spent(56_320);
    assert_snapshot!(wild.look(&[]), @r#"
    huskit-monthly: 563.20 USD is not believed [huskit prod]

    AWS says that 563.20 USD of huskit-monthly is spent. That is not believed: it is 183.20 USD more than the figure before, and the tasks that ran since cost about 10.90 USD. Nothing is taken away because of it; no tier is in force.

    told      563.20 USD
    believed  380.00 USD (76 %)
    limit     500.00 USD
    tasks     those that run now cost about $0.2271 an hour, $5.45 a day

    Next
    - Look where it comes from: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - Look whether AWS has a billing problem: https://health.aws.amazon.com/health/status
    - If it is right, to act on it: invoke the budget function with {"action":"confirm","budget":"huskit-monthly","by":"<you>"}
    "#);
    assert_snapshot!(wild.look(&[Input::Request(Request::Confirm(request::Confirm { by: "anna".into() }))]), @r#"
    huskit-monthly: 563.20 USD is right, says anna [huskit prod]

    anna says that 563.20 USD of huskit-monthly is right. From now on it counts.

    limit  500.00 USD

    ----
    112 % of huskit-monthly is spent: crawler sleeps; website-agent runs at most 3 tasks [huskit prod]

    112 % of huskit-monthly is spent, and the tier of 100 % begins: crawler sleeps; website-agent runs at most 3 tasks.

    spent          563.20 USD (112 %)
    limit          500.00 USD
    forecast       588.10 USD
    tasks          those that run now cost about $0.2271 an hour, $5.45 a day
    crawler        sleeps
    website-agent  runs at most 3 tasks
    ends           by itself at 2026-12-01 00:00 UTC

    Next
    - Look where it comes from: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - To give it back for the rest of the period: invoke the budget function with {"action":"release","budget":"huskit-monthly","by":"<you>"}
    - To give it back for a day: invoke the budget function with {"action":"hold","budget":"huskit-monthly","until":"24h","by":"<you>"}
    "#);
    let mut month = month.on(23).spent(38_500);
    assert_snapshot!(month.look(&[]), @"
    huskit-monthly: the figure is believed again [huskit prod]

    AWS says that 385.00 USD of huskit-monthly is spent, which is believed again. The figure since 2026-11-21 12:00 UTC was not.

    spent     385.00 USD (77 %)
    limit     500.00 USD
    forecast  588.10 USD
    tasks     those that run now cost about $0.2271 an hour, $5.45 a day
    ");
}

#[test]
fn messages_that_change_nothing() {
    let mut month = Month::on_the_twentieth().on(21);
    assert_snapshot!(month.look(&notice(NoticeKind::Forecasted, 50_000, 58_810, 21)), @"
    huskit-monthly: forecast of 588.10 USD [huskit prod]

    588.10 USD of huskit-monthly will be spent by the end of its period, AWS forecasts. A forecast takes nothing away.

    told       588.10 USD
    threshold  500.00 USD
    limit      500.00 USD
    tasks      those that run now cost about $0.2271 an hour, $5.45 a day
    at 80 %    crawler runs on Spot only

    Next
    - Look where it comes from: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    ");
    assert_snapshot!(month.look(&notice(NoticeKind::Actual, 25_000, 25_410, 21)), @"
    huskit-monthly: more than 250.00 USD is spent [huskit prod]

    A message says that more than 250.00 USD of huskit-monthly is spent. No tier begins there; no tier is in force.

    told              254.10 USD
    threshold         250.00 USD
    limit             500.00 USD
    Budgets says now  380.00 USD
    ");
    assert_snapshot!(month.unreachable().look(&notice(NoticeKind::Actual, 40_000, 41_237, 21)), @"
    huskit-monthly: 412.37 USD is spent, not verified [huskit prod]

    A message says that 412.37 USD of huskit-monthly is spent. AWS Budgets could not be asked whether that is so, and without its answer nothing more is taken away; no tier is in force. It is asked again every hour.

    told       412.37 USD
    threshold  400.00 USD
    limit      500.00 USD
    Budgets    describe budget huskit-monthly: ThrottlingException: slow down

    Next
    - Look yourself: https://console.aws.amazon.com/costmanagement/home#/budgets
    ");
    let mut next = Month::on_the_twentieth().on(31).spent(120);
    assert_snapshot!(next.look(&notice(NoticeKind::Actual, 40_000, 41_237, 30)), @"
    huskit-monthly: a message of the period before [huskit prod]

    A message of 2026-11-30 12:00 UTC came late: the period of huskit-monthly that it speaks of is over. Nothing is taken away because of it.

    told       412.37 USD
    threshold  400.00 USD
    limit      500.00 USD
    ");
}

#[test]
fn the_end_of_a_period() {
    let mut month = Month::on_the_twentieth().on(29).spent(41_237);
    month.look(&[]);
    assert_snapshot!(month.on(31).spent(120).look(&[]), @"
    huskit-monthly begins anew [huskit prod]

    The period of huskit-monthly is over, and with it the tiers up to 80 %. Services are again what night, alarms and people make of them.

    spent in it  412.37 USD of 500.00 USD (82 %)
    ");
}

#[test]
fn what_people_ask_for() {
    let mut month = Month::on_the_twentieth().on(21).spent(41_237);
    month.look(&[]);
    let reason = Some("launch week".to_owned());
    let release =
        month.look(&[Input::Request(Request::Release(request::Release { by: "anna".into(), reason: reason.clone() }))]);
    assert_snapshot!(release, @r#"
    huskit-monthly: released by anna [huskit prod]

    anna ended what huskit-monthly takes from services, up to the tier of 80 %, for this period: launch week. A higher tier still begins.

    spent     412.37 USD (82 %)
    limit     500.00 USD
    forecast  588.10 USD
    tasks     those that run now cost about $0.2271 an hour, $5.45 a day
    at 90 %   crawler sleeps 60 minutes longer at each end of the night

    Next
    - To take it back: invoke the budget function with {"action":"resume","budget":"huskit-monthly","by":"<you>"}
    "#);
    assert_snapshot!(month.look(&[Input::Request(Request::Resume(request::Resume { by: "ben".into() }))]), @"
    huskit-monthly: resumed by ben [huskit prod]

    ben lets huskit-monthly take from services again; the tier of 80 % begins: crawler runs on Spot only.

    spent     412.37 USD (82 %)
    limit     500.00 USD
    forecast  588.10 USD
    tasks     those that run now cost about $0.2271 an hour, $5.45 a day
    crawler   runs on Spot only
    ends      by itself at 2026-12-01 00:00 UTC
    ");
    assert_snapshot!(month.look(&[Input::Request(Request::Hold(request::Hold { by: "anna".into(), reason, until: noon(23) }))]), @r#"
    huskit-monthly: held off until 2026-11-23 12:00 UTC [huskit prod]

    anna keeps huskit-monthly from taking anything until 2026-11-23 12:00 UTC: launch week. What is reached then begins by itself.

    spent     412.37 USD (82 %)
    limit     500.00 USD
    forecast  588.10 USD
    tasks     those that run now cost about $0.2271 an hour, $5.45 a day

    Next
    - To end it sooner: invoke the budget function with {"action":"resume","budget":"huskit-monthly","by":"<you>"}
    "#);
    let mut month = month.on(22).spent(45_100);
    assert_snapshot!(month.look(&[]), @r#"
    90 % of huskit-monthly is spent, held off [huskit prod]

    90 % of huskit-monthly is spent. The tier of 90 % is reached, and held off until 2026-11-23 12:00 UTC: nothing is taken away.

    spent     451.00 USD (90 %)
    limit     500.00 USD
    forecast  588.10 USD
    tasks     those that run now cost about $0.2271 an hour, $5.45 a day

    Next
    - To let it begin: invoke the budget function with {"action":"resume","budget":"huskit-monthly","by":"<you>"}
    "#);
    assert_snapshot!(month.on(23).look(&[]), @r#"
    huskit-monthly: crawler runs on Spot only, sleeps 60 minutes longer at each end of... [huskit prod]

    The time for which anna kept huskit-monthly off is over, and the tier of 90 % begins: crawler runs on Spot only, sleeps 60 minutes longer at each end of the night.

    spent     451.00 USD (90 %)
    limit     500.00 USD
    forecast  588.10 USD
    tasks     those that run now cost about $0.2271 an hour, $5.45 a day
    crawler   runs on Spot only, sleeps 60 minutes longer at each end of the night
    ends      by itself at 2026-12-01 00:00 UTC

    Next
    - Look where it comes from: https://console.aws.amazon.com/costmanagement/home#/cost-explorer
    - To give it back for the rest of the period: invoke the budget function with {"action":"release","budget":"huskit-monthly","by":"<you>"}
    - To give it back for a day: invoke the budget function with {"action":"hold","budget":"huskit-monthly","until":"24h","by":"<you>"}
    "#);
}

#[test]
fn a_limit_that_was_raised() {
    let mut month = Month::on_the_twentieth().on(21).spent(41_237);
    month.look(&[]);
    if let Ok(spend) = &mut month.spend {
        spend.limit = Amount::cents(100_000);
    }
    assert_snapshot!(month.look(&[]), @"
    huskit-monthly is below 80 % again [huskit prod]

    With its limit of 1,000.00 USD, huskit-monthly is below the tier of 80 %. Nothing is taken from any service.

    spent     412.37 USD (41 %)
    limit     1,000.00 USD
    forecast  588.10 USD
    tasks     those that run now cost about $0.2271 an hour, $5.45 a day
    ");
}

fn passed_on(subject: Option<&str>, text: &str) -> Message {
    let sns = serde_json::json!({"MessageId": "m-1", "Message": text, "Subject": subject});
    let payload = serde_json::json!({"Records": [{"Sns": sns}]});
    let (Trigger::Messages(mut messages), _) = Trigger::parse(payload, noon(21)).unwrap() else {
        panic!("no messages")
    };
    messages.remove(0)
}

#[test]
fn what_is_passed_on_as_it_came() {
    let console = console("eu-central-1");
    let unreadable = passed_on(None, "Ihr Budget ist aufgebraucht.\n");
    assert_snapshot!(mail(&forwarded(&fleet(), &unreadable, &console)), @"
    a message of AWS [huskit prod]

    Ihr Budget ist aufgebraucht.

    Next
    - The budget function cannot read it, so nothing is done about it.
    - Look yourself: https://console.aws.amazon.com/costmanagement/home#/budgets
    ");
    let text = "Budget Name: travel\nAlert Type: ACTUAL\nACTUAL Amount: $1.00\n";
    let not_held = passed_on(Some("AWS Budgets: travel has exceeded your alert threshold"), text);
    assert_snapshot!(mail(&forwarded(&fleet(), &not_held, &console)), @"
    AWS Budgets: travel has exceeded your alert threshold [huskit prod]

    Budget Name: travel
    Alert Type: ACTUAL
    ACTUAL Amount: $1.00

    Next
    - No tiers are declared for travel, so nothing is done about it.
    - Look yourself: https://console.aws.amazon.com/costmanagement/home#/budgets
    ");
}

#[test]
fn an_anomaly() {
    let text = r#"{"accountId":"123456789012","anomalyId":"a-1","anomalyDetailsLink":"https://console.aws.amazon.com/cost-management/home#/anomaly-detection/monitors/m/anomalies/a-1","anomalyStartDate":"2026-11-19T00:00:00Z","dimensionalValue":"AWS Lambda","impact":{"maxImpact":61,"totalActualSpend":130.5,"totalExpectedSpend":12,"totalImpact":118.5},"rootCauses":[{"region":"eu-central-1","service":"AWS Lambda","usageType":"EUC1-Lambda-GB-Second"},{},{"service":"a"},{"service":"b"},{"service":"c"}]}"#;
    let message = passed_on(Some("AWS Cost Management: Anomaly"), text);
    let Content::Anomaly(found) = &message.content else { panic!("no anomaly") };
    assert_snapshot!(mail(&anomaly(&fleet(), found)), @"
    cost anomaly: $118.50 more for AWS Lambda [huskit prod]

    AWS has found that AWS Lambda costs $118.50 more than it used to. An anomaly takes nothing away.

    more than expected  $118.50
    spent               $130.50
    expected            $12.00
    since               2026-11-19T00:00:00Z
    comes from          AWS Lambda, EUC1-Lambda-GB-Second, eu-central-1
    comes from          a
    comes from          b
    and                 2 more

    Next
    - Read on: https://console.aws.amazon.com/cost-management/home#/anomaly-detection/monitors/m/anomalies/a-1
    ");
}
