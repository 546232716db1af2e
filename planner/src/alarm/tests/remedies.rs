//! Which remedy is due, and why none.

use super::fixtures::*;
use crate::alarm::*;

fn mins(world: &World) -> Vec<(i64, u32)> {
    let min = |(minute, step): &(i64, Step)| match step {
        Step::Boost { boost, .. } => Some((*minute, boost.min)),
        Step::Restart | Step::Rollback { .. } => None,
    };
    world.asked.iter().filter_map(min).collect()
}

#[test]
fn more_tasks_are_asked_for_once_prolonged_while_it_rings_and_let_go_after() {
    let world = World::with(scale(Tasks::More(1))).rings(0).runs(3).ticks(5, 40);
    assert_eq!(mins(&world), [(0, 3), (15, 3), (30, 3)], "the number never grows by itself");
    assert_eq!(world.record.boost.unwrap().until, at(60));
    let world = world.ends(41).ticks(45, 200);
    assert_eq!(mins(&world).len(), 3);
    assert_eq!(world.seen.capacity.facts.boost(at(59)).unwrap().expiry.at, at(60), "it ends by itself");
}

#[test]
fn a_count_is_a_count_and_the_bounds_hold() {
    let cases: [(World, Option<u32>, &str); 8] = [
        (World::with(scale(Tasks::More(2))), Some(4), "due"),
        (World::with(scale(Tasks::To(5))), Some(5), "due"),
        (World::with(scale(Tasks::To(2))), None, "enough"),
        (World::with(scale(Tasks::More(9))), Some(6), "due"),
        (World::with(scale(Tasks::More(1))).runs(6), None, "at_most"),
        (World::with(scale(Tasks::More(1))).max_tasks(2), None, "held_by_budget"),
        (World::with(scale(Tasks::More(3))).max_tasks(4), Some(4), "due"),
        (World::with(scale(Tasks::More(1))).held(60), None, "hands_off"),
    ];
    for (n, (world, expected, why)) in cases.into_iter().enumerate() {
        let world = world.rings(1);
        assert_eq!(mins(&world).first().map(|(_, min)| *min), expected, "{n}");
        assert_eq!(world.why.label(), why, "{n}");
        assert_eq!(world.why.needs_a_person(), expected.is_none(), "{n}");
    }
}

#[test]
fn the_daily_limit_holds_and_then_a_person_is_needed() {
    let hour = |world: World, hour: i64| world.rings(hour * 60).ends(hour * 60 + 5).looks(hour * 60 + 40);
    let world = (0..4).fold(World::with(scale(Tasks::More(1))), hour);
    assert_eq!(mins(&world), [(0, 3), (60, 3)]);
    let world = world.rings(260);
    assert_eq!(world.why, Why::LimitReached { daily: 2 });
    assert!(world.why.needs_a_person() && world.why.to_string().contains("2 times in 24 hours"));
    let tomorrow = world.ends(270).rings(24 * 60 + 1);
    assert_eq!(mins(&tomorrow).len(), 3, "a day later one is free again");
}

#[test]
fn rings_that_follow_each_other_keep_their_tasks_no_longer_than_the_limit_allows() {
    let often = |world: World, n: i64| world.rings(n * 20).ends(n * 20 + 10).looks(n * 20 + 15);
    let world = (0..30).fold(World::with(scale(Tasks::More(1))).runs(3), often);
    let fresh = world.asked.iter().filter(|(_, step)| matches!(step, Step::Boost { extends: false, .. })).count();
    assert_eq!((fresh, world.record.boost.unwrap().until <= at(100)), (2, true), "{:?}", world.record.boost);
}

#[test]
fn what_was_told_and_is_explained_by_now_is_not_treated() {
    let world = World::with(scale(Tasks::More(1))).rings(0).asleep().ticks(5, 120);
    assert_eq!((mins(&world), world.why), (vec![(0, 3)], Why::Explained));
}

#[test]
fn a_boost_does_not_last_for_ever() {
    let world = World::with(scale(Tasks::More(1))).baseline(2, 6).rings(0).runs(3).ticks(5, 11 * 60);
    let last = world.record.boost.unwrap();
    assert!(last.until <= at(8 * 60 + 30), "{last:?}");
    assert!(mins(&world).iter().all(|(minute, min)| *minute <= 8 * 60 + 30 && *min == 3));
    assert_eq!(world.why, Why::TooLong { since: at(0) });
    let again = world.ends(11 * 60 + 1).rings(11 * 60 + 30);
    assert_eq!(mins(&again).last(), Some(&(690, 4)), "another ring is another matter");
}

#[test]
fn a_restart_is_asked_for_once_per_cool_down() {
    let restart = Remedy::Restart(Restart { cool_down_minutes: 60, daily: 2 });
    let world = World::with(restart).rings(0).ticks(5, 55);
    assert_eq!(world.asked, [(0, Step::Restart)]);
    assert_eq!(world.why, Why::CoolingDown { at: at(0), until: at(60) });
    let world = world.ticks(60, 300);
    assert_eq!(world.asked, [(0, Step::Restart), (60, Step::Restart)]);
    assert_eq!(world.why, Why::LimitReached { daily: 2 });
    let rolling = World::with(Remedy::Restart(Restart::default())).rolling(0).rings(1);
    assert_eq!((rolling.asked.len(), rolling.why.clone()), (0, Why::RolloutOnItsWay));
    assert_eq!(rolling.released(3, 4).looks(5).asked, [(5, Step::Restart)], "when that is done");
}

#[test]
fn a_rollback_is_asked_for_soon_after_a_rollout_once() {
    let world = World::with(Remedy::Rollback(Rollback::default())).released(3, 0).rings(6);
    let (_, step) = &world.asked[0];
    let Step::Rollback { deployment, release, back_to } = step else { panic!("{step:?}") };
    assert_eq!((deployment.as_str(), release.as_str()), ("ecs-svc/0", "v3 (030303030303)"));
    assert_eq!(back_to, "v2 (020202020202)");
    let world = world.looks(10);
    assert_eq!((world.asked.len(), world.why.clone()), (1, Why::AskedFor { at: at(6) }));
    // What is gone back to is not gone back from, and not a second time in a day.
    let back = world.quarantined(3).released(2, 12).ends(13).rings(15);
    assert_eq!((back.asked.len(), back.why.clone()), (1, Why::AlreadyBack));
    let next = back.ends(16).released(4, 20).rings(21);
    assert_eq!((next.asked.len(), next.why), (1, Why::LimitReached { daily: 1 }));
}

#[test]
fn a_rollback_that_would_not_help_is_not_asked_for() {
    let rollback = || World::with(Remedy::Rollback(Rollback::default()));
    let mut none = rollback().released(3, 0);
    none.seen.rollout.releases.truncate(1);
    let cases = [
        (rollback().rings(1), "no_recent_rollout"),
        (rollback().released(3, 0).rings(30), "no_recent_rollout"),
        (rollback().rings(-20).released(3, 0).looks(1), "rang_before"),
        // A fix that was pushed while it rang is not undone.
        (rollback().rings(-6).released(3, 0).looks(1), "rang_before"),
        (rollback().rolling(0).rings(1), "rollout_on_its_way"),
        (none.rings(1), "nothing_verified"),
        (rollback().quarantined(1).quarantined(2).released(3, 0).rings(1), "nothing_verified"),
        (rollback().released(3, 0).held(60).rings(1), "hands_off"),
    ];
    for (n, (world, why)) in cases.into_iter().enumerate() {
        assert_eq!((world.asked.len(), world.why.label()), (0, why), "{n}");
    }
}

#[test]
fn nothing_is_asked_for_while_the_plan_explains_the_ring() {
    let world = World::with(scale(Tasks::More(1))).asleep().rings(780).ticks(785, 900);
    assert_eq!((world.asked.len(), world.why), (0, Why::Explained));
}

#[test]
fn what_comes_and_goes_is_treated_too_within_the_limit() {
    let world = World::with(scale(Tasks::More(1)));
    let world = (0..6).fold(world, |world, n| world.rings(n * 8).ends(n * 8 + 3));
    assert_eq!(world.record.state, State::Flapping { since: at(0) });
    assert_eq!(mins(&world).iter().filter(|(minute, _)| *minute == 0).count(), 1);
    assert!(mins(&world).iter().all(|(_, min)| *min == 3), "{:?}", mins(&world));
}
