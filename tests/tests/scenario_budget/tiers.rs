//! Tiers: in order, out of order, twice, false, and over.

use serde_json::json;

use super::*;

#[test]
fn a_message_through_the_topic_becomes_a_fact_of_the_service_and_one_message_to_people() {
    let world = world();
    world.spend("412.37");
    world.publish("sns.notification.budget-80");
    let messages = world.wait_for_messages();
    assert_eq!(messages, ["82 % of huskit-monthly is spent: crawler runs on Spot only [huskit prod]"]);
    let restriction = world.restriction("crawler").expect("a fact");
    assert_eq!((&restriction["spot_only"]["BOOL"], &restriction["reached_percent"]["N"]), (&json!(true), &json!("80")));
    assert_eq!(world.restriction("website-agent"), None);
}

#[test]
fn tiers_begin_one_after_the_other_and_copies_say_nothing_new() {
    let world = world();
    for (spent, event, reason) in [
        ("412.37", "sns.notification.budget-80", "reached"),
        ("412.37", "sns.notification.budget-80", "unchanged"),
        ("451.08", "sns.notification.budget-90", "reached"),
        ("476.90", "sns.notification.budget-95", "reached"),
        ("503.20", "sns.notification.budget-100", "reached"),
        ("503.20", "sns.notification.budget-90", "unchanged"),
    ] {
        world.spend(spent);
        assert_eq!(reasons(&world.deliver(event)), [reason], "{event}");
    }
    assert_eq!(world.restriction("crawler").unwrap()["scale_to_zero"]["BOOL"], true);
    assert_eq!(world.restriction("website-agent").unwrap()["max_tasks"]["N"], "3");
    assert_eq!(world.messages().len(), 4);
}

#[test]
fn out_of_order_they_come_to_the_same() {
    let world = world();
    world.spend("503.20");
    for event in ["budget-100", "budget-80", "budget-95", "budget-90", "budget-joined-lines", "budget-json"] {
        world.deliver(&format!("sns.notification.{event}"));
    }
    assert_eq!(world.restriction("crawler").unwrap()["reached_percent"]["N"], "100");
    assert_eq!(world.restriction("website-agent").unwrap()["max_tasks"]["N"], "3");
    let told = ["100 % of huskit-monthly is spent: crawler sleeps; website-agent runs at most 3 tasks [huskit prod]"];
    assert_eq!(world.messages(), told);
}

#[test]
fn a_lost_message_is_healed_by_the_tick() {
    let world = world();
    world.spend("451.08");
    assert_eq!(reasons(&world.tick()), ["reached"]);
    assert_eq!(reasons(&world.tick()), ["unchanged"]);
    assert_eq!(world.restriction("crawler").unwrap()["longer_downtime_minutes"]["N"], "60");
}

#[test]
fn a_trillion_dollars_takes_nothing_away() {
    let world = world();
    world.spend("1000183965812.54");
    world.publish("sns.notification.budget-trillion");
    let messages = world.wait_for_messages();
    assert_eq!(messages, ["huskit-monthly: 1,000,183,965,812.54 USD is not believed [huskit prod]"]);
    assert_eq!((world.restriction("crawler"), world.restriction("website-agent")), (None, None));
    // It stays wrong for hours, and nobody is told again.
    assert_eq!(reasons(&world.tick()), ["unchanged"]);
    world.spend("380.00");
    assert_eq!(reasons(&world.tick()), ["cleared"]);
    assert_eq!(world.messages(), ["huskit-monthly: the figure is believed again [huskit prod]"]);
}

#[test]
fn on_the_first_of_the_month_everything_is_given_back() {
    let world = world();
    world.spend("503.20");
    assert_eq!(reasons(&world.tick()), ["reached"]);
    world.messages();
    // Budgets goes on telling the month that is over.
    assert_eq!(reasons(&world.tick_next_month()), ["period_ended"]);
    assert_eq!((world.restriction("crawler"), world.restriction("website-agent")), (None, None));
    assert_eq!(world.messages(), ["huskit-monthly begins anew [huskit prod]"]);
    assert_eq!(reasons(&world.tick_next_month()), ["unchanged"]);
}

#[test]
fn a_forecast_and_what_nobody_can_read_go_to_people() {
    let world = world();
    assert_eq!(reasons(&world.deliver("sns.notification.budget-forecasted")), ["forecast"]);
    assert_eq!(reasons(&world.deliver("sns.notification.budget-unreadable")), ["unreadable"]);
    assert_eq!(reasons(&world.deliver("sns.notification.budget-daily")), ["not_held"]);
    assert_eq!(reasons(&world.deliver("sns.notification.cost-anomaly")), ["anomaly"]);
    let expected = [
        "huskit-monthly: forecast of 588.10 USD [huskit prod]",
        "AWS Budgets: huskit-monthly was updated [huskit prod]",
        "AWS Budgets: huskit-daily has exceeded your alert threshold [huskit prod]",
        "cost anomaly: $118.50 more for AWS Lambda [huskit prod]",
    ];
    assert_eq!(world.messages(), expected);
    // Copies of them are nothing new.
    world.deliver("sns.notification.budget-unreadable");
    world.deliver("sns.notification.cost-anomaly");
    assert_eq!(world.messages(), Vec::<String>::new());
    assert_eq!(world.restriction("crawler"), None);
}

#[test]
fn while_budgets_cannot_be_asked_a_message_is_told_and_nothing_changes() {
    let world = world();
    world.spend("412.37");
    world.tick();
    world.messages();
    world.spend("451.08");
    // The SDK tries three times.
    world.faults(json!([{"operation": "DescribeBudget", "status": 500, "code": "InternalErrorException", "times": 3}]));
    assert_eq!(reasons(&world.deliver("sns.notification.budget-90")), ["unverified"]);
    assert_eq!(world.restriction("crawler").unwrap()["reached_percent"]["N"], "80");
    assert_eq!(world.messages(), ["huskit-monthly: 451.08 USD is spent, not verified [huskit prod]"]);
    // A tick that cannot see fails, so that an alarm rings.
    world.faults(json!([{"operation": "DescribeBudget", "status": 500, "code": "InternalErrorException", "times": 3}]));
    assert!(world.ask(&json!({"action": "reconcile"})).is_err());
    world.faults(json!([]));
    assert_eq!(reasons(&world.tick()), ["reached"]);
}
