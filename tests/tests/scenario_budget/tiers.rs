//! Tiers: in order, out of order, twice, doubted, and ended.

use serde_json::json;

use super::*;

#[test]
fn a_notice_through_the_topic_becomes_a_fact_of_the_service_and_one_message() {
    let scenario = scenario();
    scenario.spend("412.37");
    scenario.publish("sns.notification.budget-80");
    let messages = scenario.wait_for_messages();
    assert_eq!(
        messages,
        ["Budget tier reached: huskit-monthly 80 % of 500.00 USD; crawler on Spot only [huskit prod]"]
    );
    let restriction = scenario.restriction("crawler").expect("a fact");
    assert_eq!((&restriction["spot_only"]["BOOL"], &restriction["reached_percent"]["N"]), (&json!(true), &json!("80")));
    assert_eq!(scenario.restriction("website-agent"), None);
}

#[test]
fn tiers_take_effect_one_after_the_other_and_copies_are_not_announced() {
    let scenario = scenario();
    for (spent, event, reason) in [
        ("412.37", "sns.notification.budget-80", "reached"),
        ("412.37", "sns.notification.budget-80", "unchanged"),
        ("451.08", "sns.notification.budget-90", "reached"),
        ("476.90", "sns.notification.budget-95", "reached"),
        ("503.20", "sns.notification.budget-100", "reached"),
        ("503.20", "sns.notification.budget-90", "unchanged"),
    ] {
        scenario.spend(spent);
        assert_eq!(reasons(&scenario.deliver(event)), [reason], "{event}");
    }
    assert_eq!(scenario.restriction("crawler").unwrap()["scale_to_zero"]["BOOL"], true);
    assert_eq!(scenario.restriction("website-agent").unwrap()["max_tasks"]["N"], "3");
    assert_eq!(scenario.messages().len(), 4);
}

#[test]
fn notices_out_of_order_lead_to_the_same_tier() {
    let scenario = scenario();
    scenario.spend("503.20");
    for event in ["budget-100", "budget-80", "budget-95", "budget-90", "budget-joined-lines", "budget-json"] {
        scenario.deliver(&format!("sns.notification.{event}"));
    }
    assert_eq!(scenario.restriction("crawler").unwrap()["reached_percent"]["N"], "100");
    assert_eq!(scenario.restriction("website-agent").unwrap()["max_tasks"]["N"], "3");
    let subject = "Budget tier reached: huskit-monthly 100 % of 500.00 USD; 2 services restricted [huskit prod]";
    assert_eq!(scenario.messages(), [subject]);
}

#[test]
fn the_tick_replaces_a_lost_notice() {
    let scenario = scenario();
    scenario.spend("451.08");
    assert_eq!(reasons(&scenario.tick()), ["reached"]);
    assert_eq!(reasons(&scenario.tick()), ["unchanged"]);
    assert_eq!(scenario.restriction("crawler").unwrap()["longer_downtime_minutes"]["N"], "60");
}

#[test]
fn a_trillion_dollars_starts_no_restriction() {
    let scenario = scenario();
    scenario.spend("1000183965812.54");
    scenario.publish("sns.notification.budget-trillion");
    let messages = scenario.wait_for_messages();
    // One message, with what AWS wrote.
    assert_eq!(
        messages,
        ["Budget figure doubted: huskit-monthly 1,000,183,965,812.54 USD, with a notice of AWS [huskit prod]"]
    );
    assert_eq!((scenario.restriction("crawler"), scenario.restriction("website-agent")), (None, None));
    // It stays wrong for hours, and is announced once.
    assert_eq!(reasons(&scenario.tick()), ["unchanged"]);
    scenario.spend("380.00");
    assert_eq!(reasons(&scenario.tick()), ["accepted"]);
    assert_eq!(scenario.messages(), ["Budget figure accepted: huskit-monthly 380.00 USD [huskit prod]"]);
}

#[test]
fn on_the_first_of_the_month_every_restriction_is_lifted() {
    let scenario = scenario();
    scenario.spend("503.20");
    assert_eq!(reasons(&scenario.tick()), ["reached"]);
    scenario.messages();
    // AWS Budgets still returns the figure of the previous month.
    assert_eq!(reasons(&scenario.tick_next_month()), ["period_ended"]);
    assert_eq!((scenario.restriction("crawler"), scenario.restriction("website-agent")), (None, None));
    assert_eq!(scenario.messages(), ["Budget period ended: huskit-monthly; restrictions lifted [huskit prod]"]);
    assert_eq!(reasons(&scenario.tick_next_month()), ["unchanged"]);
}

#[test]
fn forecasts_and_unreadable_messages_are_announced() {
    let scenario = scenario();
    assert_eq!(reasons(&scenario.deliver("sns.notification.budget-forecasted")), ["forecast"]);
    assert_eq!(reasons(&scenario.deliver("sns.notification.budget-unreadable")), ["unreadable"]);
    assert_eq!(reasons(&scenario.deliver("sns.notification.budget-daily")), ["not_in_document"]);
    assert_eq!(reasons(&scenario.deliver("sns.notification.cost-anomaly")), ["anomaly"]);
    let expected = [
        "Budget forecast: huskit-monthly 588.10 USD of 500.00 USD [huskit prod]",
        "AWS Budgets: huskit-monthly was updated [huskit prod]",
        "AWS Budgets: huskit-daily has exceeded your alert threshold [huskit prod]",
        "Cost anomaly: AWS Lambda $118.50 above expected [huskit prod]",
    ];
    assert_eq!(scenario.messages(), expected);
    // Copies of them are nothing new.
    scenario.deliver("sns.notification.budget-unreadable");
    scenario.deliver("sns.notification.cost-anomaly");
    assert_eq!(scenario.messages(), Vec::<String>::new());
    assert_eq!(scenario.restriction("crawler"), None);
}

#[test]
fn while_aws_budgets_does_not_answer_a_notice_is_announced_and_nothing_changes() {
    let scenario = scenario();
    scenario.spend("412.37");
    scenario.tick();
    scenario.messages();
    scenario.spend("451.08");
    // The SDK tries three times.
    scenario
        .faults(json!([{"operation": "DescribeBudget", "status": 500, "code": "InternalErrorException", "times": 3}]));
    assert_eq!(reasons(&scenario.deliver("sns.notification.budget-90")), ["unverified"]);
    assert_eq!(scenario.restriction("crawler").unwrap()["reached_percent"]["N"], "80");
    assert_eq!(scenario.messages(), ["Budget figure not verified: huskit-monthly 451.08 USD [huskit prod]"]);
    // A tick without an answer changes nothing; it is announced once it lasts for hours.
    scenario
        .faults(json!([{"operation": "DescribeBudget", "status": 500, "code": "InternalErrorException", "times": 3}]));
    let answer = scenario.start(&json!({"action": "reconcile"})).unwrap();
    assert_ne!(reasons(&answer), ["reached"], "{answer}");
    assert_eq!(
        (scenario.restriction("crawler").unwrap()["reached_percent"]["N"].clone(), scenario.messages().len()),
        (json!("80"), 0)
    );
    scenario.faults(json!([]));
    assert_eq!(reasons(&scenario.tick()), ["reached"]);
}
