use proptest::prelude::*;

use super::fixtures::*;
use crate::budget::*;

const TRILLION: i64 = 100_000_000_000_000;

fn confirm(by: &str) -> Input {
    Input::Request(Request::Confirm(request::Confirm { by: by.into() }))
}

fn day_20() -> Timeline {
    (11..=20).fold(Timeline::calm(), |timeline, day| timeline.spent(day * 1650).on(day, 12).tick()).forget()
}

#[test]
fn a_trillion_dollars_is_announced_once_a_day_with_what_aws_wrote_and_restricts_nothing() {
    let timeline = day_20().spent(TRILLION).on(20, 20).notified(40_000, TRILLION).notified(50_000, TRILLION);
    let timeline = timeline.hourly_until(22, 12);
    assert_eq!(
        (timeline.announced.as_slice(), timeline.restrictions().len()),
        (["doubted_notice", "doubted_notice", "doubted times_limit"].map(String::from).as_slice(), 0)
    );
    let doubted = timeline.record.doubted.clone().unwrap();
    assert_eq!((doubted.since, doubted.figure.to_string().as_str()), (at(20, 20), "1,000,000,000,000.00 USD"));
    let timeline = timeline.spent(36_300).tick();
    assert_eq!((timeline.announced.last().unwrap().as_str(), timeline.record.doubted), ("accepted", None));
    assert_eq!(timeline.record.figure, Some(Amount::cents(36_300)));
}

#[test]
fn a_doubt_that_begins_with_a_notice_is_one_message_and_a_reminder_is_its_own() {
    let timeline = day_20().spent(TRILLION).on(20, 20).notified(40_000, TRILLION);
    assert_eq!(timeline.announced, ["doubted_notice"]);
    // The same notice once more is not sent again, so it must not replace the reminder.
    let timeline = timeline.forget().on(21, 20).notified(40_000, TRILLION);
    assert_eq!(timeline.announced, ["doubted times_limit", "doubted_notice"]);
}

#[test]
fn restrictions_in_force_stay_in_force_while_a_figure_is_doubted() {
    let timeline = day_20().spent(40_100).on(21, 1).tick().spent(TRILLION).on(22, 1).tick();
    assert_eq!(
        (timeline.announced.as_slice(), timeline.record.in_force(timeline.now)),
        (["reached 80", "doubted times_limit"].map(String::from).as_slice(), Some(80))
    );
}

#[test]
fn ten_times_yesterday_is_doubted() {
    let timeline = Timeline::calm();
    let mut quiet = timeline.clone();
    for day in quiet.record.days.iter_mut() {
        day.figure = day.figure.as_ref().map(|figure| figure.with(figure.hundredths / 4));
    }
    let doubted = quiet.spent(41_000).on(11, 1).tick();
    assert_eq!(doubted.announced, ["doubted times_yesterday"]);
    // Still so when Budgets repeats it a day later: a doubted figure is not compared with.
    assert_eq!(doubted.on(12, 0).tick().announced, ["doubted times_yesterday"]);
}

#[test]
fn a_figure_that_the_tasks_cannot_have_cost_does_not_restrict_them() {
    // 330 dollars yesterday; the tasks cost 11.04 in two days, and a tenth of the limit may come from elsewhere.
    for (cents, announced) in [(49_000, "reached 95"), (49_100, "doubted not_our_tasks")] {
        let timeline = day_20().hourly_until(21, 12).spent(cents).tick();
        assert_eq!(timeline.announced, [announced], "{cents}");
    }
    let mut unknown = day_20();
    unknown.observed.hourly_micros = None;
    assert_eq!(unknown.hourly_until(21, 12).spent(51_000).tick().announced, ["reached 100"]);
}

#[test]
fn the_first_figure_in_the_middle_of_a_month_is_accepted_if_plausible() {
    for (cents, announced) in [(41_200, "reached 80"), (260_000, "doubted times_limit")] {
        let fresh = Timeline { record: Record::default(), ..day_20() };
        assert_eq!(fresh.spent(cents).tick().announced, [announced]);
    }
}

#[test]
fn on_the_first_of_the_month_the_previous_figure_is_ignored() {
    let timeline = day_20().spent(42_000).on(30, 22).tick().forget();
    let mut timeline = timeline.on(31, 0).tick();
    assert_eq!(
        (timeline.announced.as_slice(), timeline.restrictions().len()),
        (["period_ended 80".to_owned()].as_slice(), 0)
    );
    // AWS Budgets returns November's figure for a while, even a slightly higher one.
    timeline = timeline.spent(42_300).hourly_until(31, 9);
    assert_eq!((timeline.announced.len(), timeline.record.figure.clone(), timeline.restrictions().len()), (1, None, 0));
    timeline = timeline.spent(1_200).on(31, 10).tick();
    assert_eq!((timeline.announced.len(), timeline.record.figure), (1, Some(Amount::cents(1_200))));
}

#[test]
fn a_confirmed_figure_counts() {
    let confirm = confirm("anna");
    let timeline = day_20().spent(300_000).on(21, 1).tick().given(&confirm);
    assert_eq!(timeline.announced, ["doubted times_limit", "confirmed", "reached 100"]);
    // And it may grow; many times that is in doubt again only where it would reach a higher tier.
    assert_eq!(timeline.spent(400_000).tick().announced.len(), 3);
    assert_eq!(day_20().given(&confirm).announced, ["nothing_to_do"]);
}

#[test]
fn a_confirmed_figure_of_trillions_is_above_every_tier_and_stays_there() {
    let timeline = day_20().spent(1_000_000_000_000_000).on(21, 1).tick().given(&confirm("anna"));
    assert_eq!(timeline.announced, ["doubted times_limit", "confirmed", "reached 100"]);
    let later = timeline.on(22, 12).tick().on(23, 12).tick();
    assert_eq!(later.announced, ["doubted times_limit", "confirmed", "reached 100"]);
}

#[test]
fn a_daily_budget_compares_with_the_day_before() {
    let daily = |yesterday: i64, today: i64| {
        let timeline = day_20().time_unit(TimeUnit::Daily);
        let timeline = Timeline { record: Record::default(), ..timeline };
        timeline.spent(yesterday).tick().on(21, 10).spent(today).tick().announced
    };
    assert_eq!(daily(4_000, 40_500), ["doubted times_yesterday"]);
    assert_eq!(daily(10_000, 40_500), ["reached 80"]);
    // The same figure as the day before is accepted once AWS Budgets must have computed it again, not at midnight.
    assert_eq!(daily(40_500, 40_500), ["reached 80", "period_ended 80"]);
}

#[test]
fn a_daily_budget_returns_the_previous_day_at_midnight_and_no_longer_at_noon() {
    let timeline =
        Timeline { record: Record::default(), ..day_20().time_unit(TimeUnit::Daily) }.spent(41_000).on(20, 21).tick();
    let timeline = timeline.hourly_until(21, 0);
    assert_eq!(
        (timeline.announced.as_slice(), timeline.restrictions().len()),
        (["reached 80", "period_ended 80"].map(String::from).as_slice(), 0)
    );
    // Late costs of that day make it a little more, or a correction a little less.
    let morning = timeline.clone().spent(41_900).hourly_until(21, 6).spent(40_200).hourly_until(21, 11);
    assert_eq!((morning.announced.len(), morning.restrictions().len(), &morning.record.figure), (2, 0, &None));
    // A new figure counts at once; after it, the previous day's is never returned.
    let fresh = morning.clone().spent(900).hourly_until(21, 12).spent(41_000).tick();
    assert_eq!(fresh.announced[2..], ["reached 80"]);
    // A figure that stays all day is the day's own.
    assert_eq!(morning.hourly_until(21, 12).announced[2..], ["reached 80"]);
}

#[test]
fn a_figure_corrected_down_is_still_recognized_on_the_first_of_the_month() {
    for (last, first) in [(49_000, 49_000), (49_000, 49_300), (50_300, 49_000)] {
        let timeline = day_20().spent(50_300).on(30, 12).tick().spent(last).on(30, 22).tick().forget();
        let timeline = timeline.spent(first).on(31, 0).tick().hourly_until(31, 12);
        assert_eq!(
            (timeline.announced.as_slice(), timeline.restrictions().len()),
            (["period_ended 100".to_owned()].as_slice(), 0),
            "{last} {first}"
        );
        assert_eq!(timeline.record.previous_period, Some(Amount::cents(last)));
    }
}

#[test]
fn an_implausible_figure_is_announced_below_every_tier_and_never_compared_with() {
    let mut small = day_20();
    for day in small.record.days.iter_mut() {
        day.figure = day.figure.as_ref().map(|figure| figure.with(figure.hundredths / 16));
    }
    // 20.62 dollars yesterday: ten times that, and more than a fifth of the limit.
    for (cents, announced) in
        [(20_620, &[][..]), (20_700, &["doubted times_yesterday"][..]), (39_000, &["doubted times_yesterday"])]
    {
        let mut timeline = small.clone().on(21, 1).spent(cents);
        timeline.observed.hourly_micros = None;
        assert_eq!(timeline.tick().announced, announced, "{cents}");
    }
    let timeline = small.spent(39_000).on(21, 1).tick();
    assert_eq!((&timeline.record.figure, timeline.record.tier), (&Some(Amount::cents(33_000)), None));
    assert_eq!(timeline.on(22, 0).tick().announced, ["doubted times_yesterday"]);
}

#[test]
fn below_every_tier_too_an_increase_must_come_from_the_tasks() {
    // 150 dollars yesterday; the tasks cost some five, and a tenth of the limit may come from elsewhere.
    for (cents, announced) in [(25_000, &[][..]), (39_000, &["doubted not_our_tasks"])] {
        assert_eq!(Timeline::calm().spent(cents).on(11, 12).tick().announced, announced, "{cents}");
    }
}

#[test]
fn a_small_increase_is_accepted_whatever_it_is_a_multiple_of() {
    let timeline =
        Timeline { record: Record::default(), ..Timeline::calm() }.on(0, 1).tick().on(1, 12).spent(10).tick();
    let timeline = timeline.on(2, 12).spent(150).tick().on(3, 12).spent(3_000).tick();
    assert_eq!((timeline.announced.as_slice(), &timeline.record.figure), ([].as_slice(), &Some(Amount::cents(3_000))));
}

#[test]
fn a_day_may_cost_its_whole_limit_beside_its_tasks_and_no_more() {
    for (cents, announced) in [(55_000, "reached 100"), (90_000, "doubted not_our_tasks")] {
        let timeline = Timeline { record: Record::default(), ..day_20().time_unit(TimeUnit::Daily) };
        let timeline = timeline.spent(20_000).on(18, 0).tick().on(20, 12).tick().on(21, 12).tick().forget();
        assert_eq!(timeline.spent(cents).on(21, 13).tick().announced, [announced], "{cents}");
    }
}

#[test]
fn a_doubted_budget_is_announced_again_at_each_higher_tier_and_each_day() {
    let timeline = day_20().hourly_until(21, 12).spent(49_100).tick();
    assert_eq!(timeline.announced, ["doubted not_our_tasks"], "95 %");
    let timeline = timeline.spent(49_700).on(21, 14).tick();
    assert_eq!(timeline.announced.len(), 1, "the same tier on the same day");
    let timeline = timeline.spent(51_000).on(21, 20).tick();
    assert_eq!(timeline.announced.len(), 2, "100 %");
    let timeline = timeline.spent(186_000).hourly_until(22, 19);
    assert_eq!(timeline.announced.len(), 2, "no higher tier, not a day");
    let timeline = timeline.hourly_until(22, 20);
    assert_eq!((timeline.announced.len(), timeline.restrictions().len()), (3, 0));
    // What AWS Budgets writes is passed on.
    let noticed = timeline.notified(50_000, 186_000);
    assert_eq!(noticed.announced.last().unwrap(), "doubted_notice");
}

#[test]
fn a_budget_of_the_whole_account_is_not_compared_with_the_cost_of_the_tasks() {
    let mut timeline = day_20().hourly_until(21, 12);
    timeline.policy.counts_tasks_alone = false;
    assert_eq!(timeline.spent(51_000).tick().announced, ["reached 100"]);
}

proptest! {
    #[test]
    fn the_last_figure_of_a_period_is_ignored_in_the_next(
        time_unit in prop_oneof![Just(TimeUnit::Daily), Just(TimeUnit::Monthly)], figures in prop::collection::vec(1_000i64..60_000, 1..8), hours in 1i64..12,
    ) {
        let timeline = Timeline { record: Record::default(), ..Timeline::calm().time_unit(time_unit) };
        let timeline = figures.iter().enumerate().fold(timeline, |timeline, (n, cents)| timeline.spent(*cents).on(30, 12 + n as i64).tick());
        let before = timeline.announced.iter().filter(|announced| announced.starts_with("doubted")).count();
        let timeline = if before == 0 { timeline } else { return Ok(()) };
        let next = timeline.forget().on(31, 0).tick().hourly_until(31, hours);
        prop_assert!(next.announced.iter().all(|announced| announced.starts_with("period_ended")), "{:?}", next.announced);
        prop_assert_eq!((next.restrictions().len(), next.record.figure), (0, None));
    }
}
