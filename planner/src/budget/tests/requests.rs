use super::fixtures::*;
use crate::budget::*;

fn tier_80() -> World {
    (11..=24)
        .fold(World::calm(), |world, day| world.spent(day * 1650).on(day, 12).look())
        .spent(40_100)
        .on(25, 1)
        .look()
        .forget()
}

fn release() -> Ask {
    Ask::Release { by: "anna".into(), why: Some("launch week".into()) }
}

fn hold(day: i64, hour: i64) -> Ask {
    Ask::Hold { by: "ben".into(), why: None, until: at(day, hour) }
}

#[test]
fn a_release_ends_what_is_in_force_and_a_higher_tier_begins_alone() {
    let world = tier_80().asked(&release()).look().told_actual(40_000, 40_100).hourly_until(26, 1);
    assert_eq!((world.told.as_slice(), world.in_force().as_str()), (["released".to_owned()].as_slice(), ""));
    let world = world.spent(45_100).look();
    assert_eq!(world.told, ["released", "reached 90"]);
    assert_eq!(world.in_force(), "crawler sleeps 60 minutes longer at each end of the night");
    // The next month knows of no release.
    assert_eq!(world.spent(10).on(31, 1).look().record.released, None);
}

#[test]
fn a_release_of_nothing_says_so() {
    assert_eq!(World::calm().asked(&release()).told, ["nothing_to_do"]);
    assert_eq!(tier_80().asked(&release()).asked(&release()).told, ["released", "nothing_to_do"]);
}

#[test]
fn a_hold_keeps_every_tier_off_and_the_tick_after_it_brings_them_back() {
    let world = tier_80().asked(&hold(27, 6)).spent(45_100).on(26, 1).look();
    assert_eq!(
        (world.told.as_slice(), world.restrictions().len()),
        (["held", "reached 90, held"].map(String::from).as_slice(), 0)
    );
    let world = world.hourly_until(27, 5);
    assert_eq!((world.told.len(), world.restrictions().len()), (2, 0));
    let world = world.hourly_until(27, 7);
    assert_eq!((world.told.last().unwrap().as_str(), world.restrictions().len()), ("hold_ended", 1));
}

#[test]
fn a_hold_that_outlives_the_month_ends_without_a_word() {
    let world = tier_80().asked(&hold(32, 6)).spent(100).on(31, 1).look().hourly_until(32, 8);
    assert_eq!((world.told.as_slice(), world.record.hold), (["held".to_owned()].as_slice(), None));
}

#[test]
fn resume_ends_a_release_and_a_hold() {
    for ask in [release(), hold(29, 1)] {
        let world = tier_80().asked(&ask).asked(&Ask::Resume { by: "cleo".into() });
        assert_eq!((world.told[1].as_str(), world.in_force().as_str()), ("resumed", "crawler runs on Spot only"));
    }
    assert_eq!(tier_80().asked(&Ask::Resume { by: "cleo".into() }).told, ["nothing_to_do"]);
}

#[test]
fn requests_work_while_budgets_cannot_be_asked() {
    let world = tier_80().unreachable().asked(&release());
    assert_eq!(
        (world.told.as_slice(), world.restrictions().len()),
        (["released", "unreachable"].map(String::from).as_slice(), 0)
    );
}

#[test]
fn each_reason_is_a_sentence_of_its_own() {
    let world = tier_80();
    let reasons = plan(&world.policy, &world.record, &world.seen, &release(), world.now).reasons;
    assert_eq!(reasons[0].to_string(), "anna ended the tiers up to 80 % for this period: launch week");
    let reasons = plan(&world.policy, &world.record, &world.seen, &Ask::Nothing, world.now).reasons;
    assert_eq!(reasons[0].to_string(), "80 % of the limit is spent, the tier of 80 % is in force");
}
