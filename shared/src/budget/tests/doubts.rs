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
    assert_eq!((world.told.as_slice(), world.cuts().len()), (["doubted times_limit".to_owned()].as_slice(), 0));
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
    assert_eq!((world.told.as_slice(), world.cuts().len()), (["ended 80".to_owned()].as_slice(), 0));
    // Budgets goes on telling November for a while, even a little more of it.
    world = world.spent(42_300).hourly_until(31, 9);
    assert_eq!((world.told.len(), world.record.figure.clone(), world.cuts().len()), (1, None, 0));
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
    // The same figure two days running is no echo of the day before.
    assert_eq!(daily(40_500, 40_500), ["reached 80", "ended 80", "reached 80"]);
}
