use super::fixtures::*;
use crate::budget::*;

#[test]
fn each_tier_adds_to_the_ones_below_it_the_cheapest_comfort_first() {
    for (cents, told, in_force) in [
        (39_999, &[][..], ""),
        (40_000, &["reached 80"][..], "crawler runs on Spot only"),
        (44_999, &["reached 80"][..], "crawler runs on Spot only"),
        (45_000, &["reached 90"][..], "crawler runs on Spot only, sleeps 60 minutes longer at each end of the night"),
        (47_500, &["reached 95"][..], "crawler sleeps"),
        (50_000, &["reached 100"][..], "crawler sleeps; web runs at most 3 tasks"),
    ] {
        let world = month().spent(cents).on(25, 12).look();
        let told: Vec<String> = told.iter().map(|told| (*told).to_owned()).collect();
        assert_eq!((world.told.clone(), world.in_force().as_str()), (told, in_force), "{cents}");
    }
}

/// A month that is spent evenly until it is spent.
fn month() -> World {
    (11..=24).fold(World::calm(), |world, day| world.spent(day * 1650).on(day, 12).look()).forget()
}

#[test]
fn tiers_come_one_after_the_other_and_end_with_the_month_by_themselves() {
    let world = month().spent(40_100).on(25, 1).look();
    let restriction = &world.restrictions()["crawler"];
    assert_eq!(
        (restriction.reached_percent, restriction.spot_only, restriction.scale_to_zero, restriction.until),
        (80, true, false, at(31, 0))
    );
    let world = world.spent(45_100).on(27, 1).look().spent(47_600).on(28, 1).look().spent(50_100).on(29, 1).look();
    assert_eq!(world.told, ["reached 80", "reached 90", "reached 95", "reached 100"]);
    let last = world.clone().hourly_until(30, 23);
    assert_eq!((last.told.len(), last.restrictions().len()), (4, 2));
    let next = last.hourly_until(31, 1);
    assert_eq!(next.told.last().unwrap(), "ended 100");
    assert_eq!(
        (next.restrictions().len(), next.record.tier, &next.record.former),
        (0, None, &Some(Amount::cents(50_100)))
    );
}

#[test]
fn duplicates_say_nothing_new() {
    let world = month().spent(40_100).on(25, 1).told_actual(40_000, 40_050);
    let again = world.clone().told_actual(40_000, 40_050).look().on(26, 3).told_actual(40_000, 40_050);
    assert_eq!(again.told, ["reached 80"]);
    assert_eq!(again.in_force(), "crawler runs on Spot only");
}

#[test]
fn a_message_out_of_order_is_answered_by_what_budgets_says_now() {
    let world = month().spent(45_100).on(26, 1).told_actual(45_000, 45_100).told_actual(40_000, 40_050);
    assert_eq!((world.told.as_slice(), world.record.tier), (["reached 90".to_owned()].as_slice(), Some(90)));
}

#[test]
fn a_lower_figure_that_comes_late_ends_nothing() {
    let world = month().spent(45_100).on(26, 1).look().spent(40_100).look().spent(30_000).on(27, 1).look();
    assert_eq!((world.told.len(), world.record.in_force(world.now)), (1, Some(90)));
}

#[test]
fn a_higher_limit_ends_what_is_no_longer_reached_and_a_lower_one_begins_what_is() {
    let world = month().spent(45_100).on(26, 1).look().limit(55_000).look();
    assert_eq!(
        (world.told.as_slice(), world.in_force().as_str()),
        (["reached 90", "lowered"].map(String::from).as_slice(), "crawler runs on Spot only")
    );
    let world = world.limit(100_000).look().limit(LIMIT).look();
    assert_eq!(world.told[2..], ["lowered", "reached 90"]);
}

#[test]
fn a_message_about_no_tier_is_passed_on_once_it_is_no_tier() {
    let world = month().spent(30_000).on(25, 1).told_actual(25_000, 25_100);
    assert_eq!((world.told.as_slice(), world.in_force().as_str()), (["noted".to_owned()].as_slice(), ""));
}

#[test]
fn a_forecast_takes_nothing_away() {
    let forecast = Notice { kind: NoticeKind::Forecasted, ..notice(50_000, 90_000, at(25, 1)) };
    let world = month().on(25, 1).asked(&Ask::Notice(forecast.clone())).unreachable().asked(&Ask::Notice(forecast));
    assert_eq!(
        (world.told.as_slice(), world.restrictions().len()),
        (["forecast", "forecast"].map(String::from).as_slice(), 0)
    );
}

#[test]
fn a_message_of_the_month_before_cuts_nothing_in_the_new_one() {
    let late = Ask::Notice(notice(50_000, 50_500, at(30, 22)));
    for world in [month().spent(100).on(31, 2), month().unreachable().on(31, 2)] {
        let world = world.asked(&late);
        assert_eq!((world.told.as_slice(), world.restrictions().len()), (["late".to_owned()].as_slice(), 0));
    }
}

#[test]
fn while_budgets_cannot_be_asked_nothing_changes_and_nothing_ends_but_the_period() {
    let world = month().spent(40_100).on(25, 1).look().forget().unreachable();
    let world = world.on(26, 1).told_actual(45_000, 45_100).look();
    assert_eq!(
        (world.told.as_slice(), world.in_force().as_str()),
        (["unverified", "unreachable"].map(String::from).as_slice(), "crawler runs on Spot only")
    );
    let world = world.forget().on(31, 0).look();
    assert_eq!(
        (world.told.as_slice(), world.restrictions().len()),
        (["ended 80", "unreachable"].map(String::from).as_slice(), 0)
    );
}

#[test]
fn two_budgets_take_the_harder_of_both_until_the_last_of_them_ends() {
    let daily = r#"{"name":"daily","tiers":[{"at_percent":50,"services":{"crawler":{"scale_to_zero":true},"web":{"max_tasks":4}}}]}"#;
    let budgets =
        BudgetPolicies::parse(&format!(r#"[{daily},{{"name":"monthly","tiers":{TIERS}}}]"#), &fleet()).unwrap();
    let monthly = month().spent(40_100).on(25, 1).look();
    let mut daily =
        World { policy: budgets.get("daily").unwrap().clone(), record: Record::default(), ..monthly.clone() };
    daily = daily.spent(26_000).every(Every::Day).look();
    let both = [(&daily.policy, &daily.record), (&monthly.policy, &monthly.record)];
    let all = restrictions(both, daily.now);
    let crawler = &all["crawler"];
    assert_eq!(
        (crawler.reached_percent, crawler.scale_to_zero, crawler.spot_only, crawler.until),
        (80, true, true, at(31, 0))
    );
    assert_eq!((all["web"].max_tasks, all["web"].until), (Some(4), at(26, 0)));
    // The first look after midnight leaves the daily one out.
    let all = restrictions(both, at(26, 0));
    assert_eq!((all.len(), all["crawler"].scale_to_zero, all["crawler"].spot_only), (1, false, true));
}

#[test]
fn a_late_tick_never_goes_back_to_a_period_that_is_over() {
    let world = month().spent(40_100).on(25, 1).look().spent(10).on(31, 0).look();
    let late = world.clone().on(30, 23).look();
    assert_eq!((late.record.period, late.told.len()), (world.record.period, world.told.len()));
}
