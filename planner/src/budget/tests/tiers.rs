use super::fixtures::*;
use crate::budget::*;
use crate::capacity::Facts;

#[test]
fn each_tier_adds_to_the_ones_below_it() {
    for (cents, announced, in_force) in [
        (39_999, &[][..], ""),
        (40_000, &["reached 80"][..], "crawler on Spot only"),
        (44_999, &["reached 80"][..], "crawler on Spot only"),
        (45_000, &["reached 90"][..], "crawler on Spot only, scheduled downtime 1 h longer at each end"),
        (47_500, &["reached 95"][..], "crawler scaled to zero"),
        (50_000, &["reached 100"][..], "crawler scaled to zero; web at most 3 tasks"),
    ] {
        let timeline = month().spent(cents).on(25, 12).tick();
        let announced: Vec<String> = announced.iter().map(|label| (*label).to_owned()).collect();
        assert_eq!((timeline.announced.clone(), timeline.in_force().as_str()), (announced, in_force), "{cents}");
    }
}

/// A month with even spend.
fn month() -> Timeline {
    (11..=24).fold(Timeline::calm(), |timeline, day| timeline.spent(day * 1650).on(day, 12).tick()).forget()
}

#[test]
fn tiers_take_effect_one_after_the_other_and_end_with_the_month() {
    let timeline = month().spent(40_100).on(25, 1).tick();
    let restriction = &timeline.restrictions()["crawler"];
    assert_eq!(
        (restriction.reached_percent, restriction.spot_only, restriction.scale_to_zero, restriction.until),
        (80, true, false, at(31, 0))
    );
    let timeline =
        timeline.spent(45_100).on(27, 1).tick().spent(47_600).on(28, 1).tick().spent(50_100).on(29, 1).tick();
    assert_eq!(timeline.announced, ["reached 80", "reached 90", "reached 95", "reached 100"]);
    let last = timeline.clone().hourly_until(30, 23);
    assert_eq!((last.announced.len(), last.restrictions().len()), (4, 2));
    let next = last.hourly_until(31, 1);
    assert_eq!(next.announced.last().unwrap(), "period_ended 100");
    assert_eq!(
        (next.restrictions().len(), next.record.tier, &next.record.previous_period),
        (0, None, &Some(Amount::cents(50_100)))
    );
}

#[test]
fn duplicates_are_not_announced() {
    let timeline = month().spent(40_100).on(25, 1).notified(40_000, 40_050);
    let again = timeline.clone().notified(40_000, 40_050).tick().on(26, 3).notified(40_000, 40_050);
    assert_eq!(again.announced, ["reached 80"]);
    assert_eq!(again.in_force(), "crawler on Spot only");
}

#[test]
fn a_notice_out_of_order_is_judged_by_the_current_figure() {
    let timeline = month().spent(45_100).on(26, 1).notified(45_000, 45_100).notified(40_000, 40_050);
    assert_eq!((timeline.announced.as_slice(), timeline.record.tier), (["reached 90".to_owned()].as_slice(), Some(90)));
}

#[test]
fn a_lower_figure_that_comes_and_goes_ends_nothing() {
    let timeline = month().spent(45_100).on(26, 1).tick().spent(40_100).tick().spent(30_000).on(27, 0).tick();
    assert_eq!((timeline.announced.len(), timeline.record.in_force(timeline.now)), (1, Some(90)));
}

#[test]
fn a_figure_corrected_down_ends_a_tier_when_it_stays_low_for_a_day() {
    let timeline = month().spent(47_600).on(26, 1).tick().forget().spent(41_000).hourly_until(27, 1);
    assert_eq!((timeline.announced.len(), timeline.record.tier), (0, Some(95)));
    let timeline = timeline.hourly_until(27, 2);
    assert_eq!(
        (timeline.announced.as_slice(), timeline.in_force().as_str()),
        (["corrected".to_owned()].as_slice(), "crawler on Spot only")
    );
    // And it is reached again by a figure that is higher again.
    assert_eq!(timeline.spent(47_700).tick().announced[1..], ["reached 95"]);
}

#[test]
fn a_figure_around_a_threshold_moves_no_task_back_and_forth() {
    let mut timeline = month().spent(40_100).on(25, 1).tick().forget();
    for day in 25..30 {
        // A point below the tier is not clearly below it, and a figure that is low for half a day is not either.
        timeline =
            timeline.spent(39_600).hourly_until(day, 12).spent(30_000).hourly_until(day, 23).spent(40_200).tick();
    }
    assert_eq!((timeline.announced.len(), timeline.record.tier), (0, Some(80)));
}

#[test]
fn a_higher_limit_ends_tiers_and_a_lower_one_starts_them() {
    let timeline = month().spent(45_100).on(26, 1).tick().limit(55_000).tick();
    assert_eq!(
        (timeline.announced.as_slice(), timeline.in_force().as_str()),
        (["reached 90", "lowered"].map(String::from).as_slice(), "crawler on Spot only")
    );
    let timeline = timeline.limit(100_000).tick().limit(LIMIT).tick();
    assert_eq!(timeline.announced[2..], ["lowered", "reached 90"]);
}

#[test]
fn a_notice_below_every_tier_is_announced() {
    let timeline = month().spent(30_000).on(25, 1).notified(25_000, 25_100);
    assert_eq!((timeline.announced.as_slice(), timeline.in_force().as_str()), (["no_tier".to_owned()].as_slice(), ""));
}

#[test]
fn a_forecast_starts_no_restriction() {
    let forecast = Notice { kind: NoticeKind::Forecasted, ..notice(50_000, 90_000, at(25, 1)) };
    let timeline =
        month().on(25, 1).given(&Input::Notice(forecast.clone())).unreachable().given(&Input::Notice(forecast));
    assert_eq!(
        (timeline.announced.as_slice(), timeline.restrictions().len()),
        (["forecast", "forecast"].map(String::from).as_slice(), 0)
    );
}

#[test]
fn a_notice_of_the_previous_month_starts_no_restriction() {
    let late = Input::Notice(notice(50_000, 50_500, at(30, 22)));
    for timeline in [month().spent(100).on(31, 2), month().unreachable().on(31, 2)] {
        let timeline = timeline.given(&late);
        assert_eq!(
            (timeline.announced.as_slice(), timeline.restrictions().len()),
            (["late_notice".to_owned()].as_slice(), 0)
        );
    }
}

#[test]
fn while_aws_budgets_does_not_answer_only_the_period_can_end() {
    let timeline = month().spent(40_100).on(25, 1).tick().forget().unreachable();
    let timeline = timeline.on(26, 1).notified(45_000, 45_100).tick();
    assert_eq!(
        (timeline.announced.as_slice(), timeline.in_force().as_str()),
        (["unverified", "unreachable"].map(String::from).as_slice(), "crawler on Spot only")
    );
    let timeline = timeline.forget().on(31, 0).tick();
    assert_eq!(
        (timeline.announced.as_slice(), timeline.restrictions().len()),
        (["period_ended 80", "unreachable"].map(String::from).as_slice(), 0)
    );
}

#[test]
fn one_answer_that_is_missing_is_not_announced_and_a_silence_is_once_a_day() {
    let announced = |timeline: &Timeline| {
        let Plan { decisions, .. } = plan(&timeline.policy, &timeline.record, &timeline.observed, &[], timeline.now);
        decisions[0].action == Action::Announce
    };
    let mut timeline = month().on(25, 0).unreachable();
    let mut said = Vec::new();
    for hour in 1..48 {
        timeline = timeline.on(25, hour);
        said.extend(announced(&timeline).then_some(hour));
        timeline = timeline.tick();
    }
    assert_eq!(said, [3, 27]);
    let again = timeline.spent(100).on(27, 0).tick().unreachable().on(27, 1);
    assert!(!announced(&again), "it has answered since");
}

#[test]
fn of_two_budgets_the_stricter_restriction_applies_and_each_ends_with_its_own_period() {
    let daily = r#"{"name":"daily","tiers":[{"at_percent":50,"services":{"crawler":{"scale_to_zero":true},"web":{"max_tasks":4}}}]}"#;
    let budgets =
        BudgetPolicies::parse(&format!(r#"[{daily},{{"name":"monthly","tiers":{TIERS}}}]"#), &fleet()).unwrap();
    let monthly = month().spent(40_100).on(25, 1).tick();
    let mut daily =
        Timeline { policy: budgets.get("daily").unwrap().clone(), record: Record::default(), ..monthly.clone() };
    daily = daily.spent(26_000).time_unit(TimeUnit::Daily).tick();
    let both = [(&daily.policy, &daily.record), (&monthly.policy, &monthly.record)];
    let all = restrictions(both, daily.now);
    let crawler = &all["crawler"];
    assert_eq!(
        (crawler.reached_percent, crawler.scale_to_zero, crawler.spot_only, crawler.until),
        (80, true, true, at(26, 0))
    );
    // Whether or not anything is decided at midnight.
    let mut facts = Facts { budget: all.get("crawler").cloned(), ..Facts::default() };
    for (hour, scaled_to_zero) in [(23, Some(true)), (24, Some(false)), (6 * 24, None)] {
        let at = at(25, hour);
        assert_eq!(facts.restriction_at(at).map(|own| own.scale_to_zero), scaled_to_zero, "{hour}");
        facts.expire(at);
        assert_eq!(facts.restriction_at(at).map(|own| own.scale_to_zero), scaled_to_zero, "{hour}");
    }
    assert_eq!((all["web"].max_tasks, all["web"].until), (Some(4), at(26, 0)));
    // The first decision after midnight leaves the daily one out.
    let all = restrictions(both, at(26, 0));
    assert_eq!((all.len(), all["crawler"].scale_to_zero, all["crawler"].spot_only), (1, false, true));
}

#[test]
fn a_late_tick_never_restores_a_period_that_has_ended() {
    let timeline = month().spent(40_100).on(25, 1).tick().spent(10).on(31, 0).tick();
    let late = timeline.clone().on(30, 23).tick();
    assert_eq!((late.record.period, late.announced.len()), (timeline.record.period, timeline.announced.len()));
}

#[test]
fn a_service_follows_what_all_budgets_together_restrict() {
    let (fleet, timeline) = (fleet(), Timeline::calm());
    let crawler = fleet.service("crawler").unwrap();
    let about = |timeline: &Timeline, facts: &Facts| {
        ServiceDecision::about(crawler, &fleet, facts, [(&timeline.policy, &timeline.record)], timeline.now)
    };
    let mut facts = Facts::default();
    assert_eq!(about(&timeline, &facts), ServiceDecision::Keep);
    let reached = timeline.clone().spent(41_000).on(25, 12).tick();
    let restrict = about(&reached, &facts);
    assert!(restrict.apply(&mut facts) && facts.budget.as_ref().is_some_and(|restriction| restriction.spot_only));
    assert_eq!(about(&reached, &facts), ServiceDecision::Keep);
    // The website is no concern of this tier.
    let web = fleet.service("web").unwrap();
    let budgets = [(&reached.policy, &reached.record)];
    assert_eq!(ServiceDecision::about(web, &fleet, &Facts::default(), budgets, reached.now), ServiceDecision::Keep);
    let lift = about(&timeline, &facts);
    assert_eq!(lift, ServiceDecision::Lift);
    assert!(lift.apply(&mut facts) && facts.budget.is_none() && !about(&timeline, &facts).apply(&mut facts));
}

#[test]
fn a_tier_that_is_no_longer_reached_is_announced_again_when_it_is() {
    let again = |timeline: &Timeline| {
        let Plan { decisions, .. } = plan(&timeline.policy, &timeline.record, &timeline.observed, &[], timeline.now);
        decisions.iter().map(|own| (own.reason.label(), own.announce_again)).collect::<Vec<_>>()
    };
    let timeline = month().spent(45_100).on(26, 1);
    assert_eq!(again(&timeline), [("reached", false)]);
    let timeline = timeline.tick().limit(100_000);
    assert_eq!(again(&timeline), [("lowered", true)]);
    assert_eq!(again(&timeline.tick()), [("unchanged", false)]);
}
