use proptest::prelude::*;

use super::fixtures::*;
use crate::budget::*;

const TRILLION: i64 = 100_000_000_000_000;

fn day_20() -> World {
    (11..=20).fold(World::calm(), |world, day| world.spent(day * 1650).on(day, 12).look()).forget()
}

#[test]
fn a_trillion_dollars_is_announced_once_and_nothing_is_cut_until_it_is_corrected() {
    let world = day_20().spent(TRILLION).on(20, 20).told_actual(40_000, TRILLION).told_actual(50_000, TRILLION);
    let world = world.hourly_until(22, 12);
    assert_eq!((world.told.as_slice(), world.restrictions().len()), (["doubted times_limit".to_owned()].as_slice(), 0));
    let doubted = world.record.doubted.clone().unwrap();
    assert_eq!((doubted.since, doubted.figure.to_string().as_str()), (at(20, 20), "1,000,000,000,000.00 USD"));
    let world = world.spent(36_300).look();
    assert_eq!((world.told.last().unwrap().as_str(), world.record.doubted), ("cleared", None));
    assert_eq!(world.record.figure, Some(Amount::cents(36_300)));
}

#[test]
fn what_was_cut_before_a_figure_that_cannot_be_true_stays_cut() {
    let world = day_20().spent(40_100).on(21, 1).look().spent(TRILLION).on(22, 1).look();
    assert_eq!(
        (world.told.as_slice(), world.record.in_force(world.now)),
        (["reached 80", "doubted times_limit"].map(String::from).as_slice(), Some(80))
    );
}

#[test]
fn ten_times_yesterday_cannot_be_true() {
    let world = World::calm();
    let mut quiet = world.clone();
    for day in &mut quiet.record.days {
        day.figure = day.figure.as_ref().map(|figure| figure.with(figure.hundredths / 4));
    }
    let doubted = quiet.spent(41_000).on(11, 1).look();
    assert_eq!(doubted.told, ["doubted times_yesterday"]);
    // Still so when Budgets repeats it a day later: what is not believed is nobody's yesterday.
    assert_eq!(doubted.on(12, 13).look().told, ["doubted times_yesterday"]);
}

#[test]
fn what_the_tasks_cannot_have_cost_is_not_cut_from_them() {
    // 330 dollars yesterday; the tasks cost 11.04 in two days, and a tenth of the limit may come from elsewhere.
    for (cents, told) in [(49_000, "reached 95"), (49_100, "doubted not_our_tasks")] {
        let world = day_20().hourly_until(21, 12).spent(cents).look();
        assert_eq!(world.told, [told], "{cents}");
    }
    let mut unknown = day_20();
    unknown.seen.hourly_micros = None;
    assert_eq!(unknown.hourly_until(21, 12).spent(51_000).look().told, ["reached 100"]);
}

#[test]
fn a_first_look_in_the_middle_of_a_month_believes_what_can_be_true() {
    for (cents, told) in [(41_200, "reached 80"), (260_000, "doubted times_limit")] {
        let fresh = World { record: Record::default(), ..day_20() };
        assert_eq!(fresh.spent(cents).look().told, [told]);
    }
}

#[test]
fn on_the_first_of_the_month_the_figure_of_the_month_before_is_no_news() {
    let world = day_20().spent(42_000).on(30, 22).look().forget();
    let mut world = world.on(31, 0).look();
    assert_eq!((world.told.as_slice(), world.restrictions().len()), (["ended 80".to_owned()].as_slice(), 0));
    // Budgets goes on telling November for a while, even a little more of it.
    world = world.spent(42_300).hourly_until(31, 9);
    assert_eq!((world.told.len(), world.record.figure.clone(), world.restrictions().len()), (1, None, 0));
    world = world.spent(1_200).on(31, 10).look();
    assert_eq!((world.told.len(), world.record.figure), (1, Some(Amount::cents(1_200))));
}

#[test]
fn a_person_may_say_that_a_figure_is_right() {
    let confirm = Ask::Confirm { by: "anna".into() };
    let world = day_20().spent(300_000).on(21, 1).look().asked(&confirm);
    assert_eq!(world.told, ["doubted times_limit", "confirmed", "reached 100"]);
    // And it may grow; many times that is in doubt again only where it would reach a higher tier.
    assert_eq!(world.spent(400_000).look().told.len(), 3);
    assert_eq!(day_20().asked(&confirm).told, ["nothing_to_do"]);
}

#[test]
fn a_daily_budget_compares_with_the_day_before() {
    let daily = |yesterday: i64, today: i64| {
        let world = day_20().every(Every::Day);
        let world = World { record: Record::default(), ..world };
        world.spent(yesterday).look().on(21, 10).spent(today).look().told
    };
    assert_eq!(daily(4_000, 40_500), ["doubted times_yesterday"]);
    assert_eq!(daily(10_000, 40_500), ["reached 80"]);
    // An even day is believed when Budgets must have computed it anew, not at midnight.
    assert_eq!(daily(40_500, 40_500), ["reached 80", "ended 80"]);
}

#[test]
fn at_midnight_a_daily_budget_still_tells_the_day_before_and_at_noon_no_longer() {
    let world = World { record: Record::default(), ..day_20().every(Every::Day) }.spent(41_000).on(20, 21).look();
    let world = world.hourly_until(21, 0);
    assert_eq!(
        (world.told.as_slice(), world.restrictions().len()),
        (["reached 80", "ended 80"].map(String::from).as_slice(), 0)
    );
    // Late costs of that day make it a little more, or a correction a little less.
    let morning = world.clone().spent(41_900).hourly_until(21, 6).spent(40_200).hourly_until(21, 11);
    assert_eq!((morning.told.len(), morning.restrictions().len(), &morning.record.figure), (2, 0, &None));
    // What is new begins at once, and then the day before is never heard again.
    let fresh = morning.clone().spent(900).hourly_until(21, 12).spent(41_000).look();
    assert_eq!(fresh.told[2..], ["reached 80"]);
    // A figure that stays all day is the day's own.
    assert_eq!(morning.hourly_until(21, 12).told[2..], ["reached 80"]);
}

#[test]
fn a_figure_that_was_corrected_down_is_still_known_on_the_first_of_the_month() {
    for (last, first) in [(49_000, 49_000), (49_000, 49_300), (50_300, 49_000)] {
        let world = day_20().spent(50_300).on(30, 12).look().spent(last).on(30, 22).look().forget();
        let world = world.spent(first).on(31, 0).look().hourly_until(31, 12);
        assert_eq!(
            (world.told.as_slice(), world.restrictions().len()),
            (["ended 100".to_owned()].as_slice(), 0),
            "{last} {first}"
        );
        assert_eq!(world.record.former, Some(Amount::cents(last)));
    }
}

#[test]
fn what_cannot_be_true_is_told_below_every_tier_and_measures_nothing() {
    let mut small = day_20();
    for day in &mut small.record.days {
        day.figure = day.figure.as_ref().map(|figure| figure.with(figure.hundredths / 16));
    }
    // 20.62 dollars yesterday: ten times that, and more than a fifth of the limit.
    for (cents, told) in
        [(20_620, &[][..]), (20_700, &["doubted times_yesterday"][..]), (39_000, &["doubted times_yesterday"])]
    {
        let mut world = small.clone().on(21, 1).spent(cents);
        world.seen.hourly_micros = None;
        assert_eq!(world.look().told, told, "{cents}");
    }
    let world = small.spent(39_000).on(21, 1).look();
    assert_eq!((&world.record.figure, world.record.tier), (&Some(Amount::cents(33_000)), None));
    assert_eq!(world.on(22, 1).look().told, ["doubted times_yesterday"]);
}

#[test]
fn below_a_tier_too_a_leap_must_come_from_the_tasks() {
    // 150 dollars yesterday; the tasks cost some five, and a tenth of the limit may come from elsewhere.
    for (cents, told) in [(25_000, &[][..]), (39_000, &["doubted not_our_tasks"])] {
        assert_eq!(World::calm().spent(cents).on(11, 12).look().told, told, "{cents}");
    }
}

#[test]
fn a_small_leap_calls_nobody_whatever_it_is_a_multiple_of() {
    let world = World { record: Record::default(), ..World::calm() }.on(0, 1).look().on(1, 12).spent(10).look();
    let world = world.on(2, 12).spent(150).look().on(3, 12).spent(3_000).look();
    assert_eq!((world.told.as_slice(), &world.record.figure), ([].as_slice(), &Some(Amount::cents(3_000))));
}

#[test]
fn a_day_may_cost_its_whole_limit_beside_its_tasks_and_no_more() {
    for (cents, told) in [(55_000, "reached 100"), (90_000, "doubted not_our_tasks")] {
        let world = World { record: Record::default(), ..day_20().every(Every::Day) };
        let world = world.spent(20_000).on(18, 0).look().on(20, 12).look().on(21, 12).look().forget();
        assert_eq!(world.spent(cents).on(21, 13).look().told, [told], "{cents}");
    }
}

proptest! {
    #[test]
    fn what_the_former_period_was_told_last_is_never_news_in_the_next(
        every in prop_oneof![Just(Every::Day), Just(Every::Month)], figures in prop::collection::vec(1_000i64..60_000, 1..8), hours in 1i64..12,
    ) {
        let world = World { record: Record::default(), ..World::calm().every(every) };
        let world = figures.iter().enumerate().fold(world, |world, (n, cents)| world.spent(*cents).on(30, 12 + n as i64).look());
        let before = world.told.iter().filter(|told| told.starts_with("doubted")).count();
        let world = if before == 0 { world } else { return Ok(()) };
        let next = world.forget().on(31, 0).look().hourly_until(31, hours);
        prop_assert!(next.told.iter().all(|told| told.starts_with("ended")), "{:?}", next.told);
        prop_assert_eq!((next.restrictions().len(), next.record.figure), (0, None));
    }
}
