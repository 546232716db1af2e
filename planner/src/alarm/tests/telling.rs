//! What is told of an alarm, and when.

use super::fixtures::*;
use crate::alarm::*;

fn calm() -> World {
    World::with(Remedy::None)
}

#[test]
fn a_ring_is_announced_at_once_and_closed_with_its_length() {
    let world = calm().rings(1).ticks(5, 20).ends(22).ticks(25, 90);
    assert_eq!(world.told, [(1, Action::Announce), (22, Action::Resolve)]);
    assert_eq!(world.plan().decision.reason, Reason::Quiet);
}

#[test]
fn the_same_ring_told_again_is_folded() {
    let mut again = sighting(Value::Alarm, at(4));
    again.previous = Some(Value::Alarm);
    let world = calm().rings(1).rings(1).hears(again, 4);
    assert_eq!(world.told, [(1, Action::Announce)]);
    assert_eq!(world.plan().decision.reason, Reason::Known { since: at(1) });
    assert_eq!(world.record.rings, [at(1)]);
}

#[test]
fn what_is_over_before_it_is_heard_of_is_not_announced() {
    let world = calm().ends(9).hears(sighting(Value::Alarm, at(3)), 10);
    assert_eq!(world.told, []);
    assert_eq!(world.record.rings, [at(3)], "but it counts");
}

#[test]
fn an_end_that_was_never_heard_of_makes_no_second_announcement() {
    let world = calm().rings(1).rings(9).ends(12);
    assert_eq!(world.told, [(1, Action::Announce), (12, Action::Resolve)]);
}

#[test]
fn what_comes_and_goes_is_muted_until_it_is_quiet_and_then_summed_up() {
    let world = calm().rings(1).ends(2).rings(11).ends(12).rings(21).ends(22).rings(31).ends(32).rings(41).ends(42);
    let told = [1, 11, 21].into_iter().flat_map(|minute| [(minute, Action::Announce), (minute + 1, Action::Resolve)]);
    let mut told: Vec<_> = told.chain([(31, Action::Mute)]).collect();
    assert_eq!(world.told, told);
    let world = world.ticks(45, 70);
    assert_eq!(world.told, told, "28 minutes are not quiet yet");
    let world = world.looks(72);
    told.push((72, Action::SumUp));
    assert_eq!(world.told, told);
    let world = world.rings(74);
    told.push((74, Action::Announce));
    assert_eq!(world.told, told, "rings that were summed up are not counted again");
}

#[test]
fn an_alarm_that_stays_after_it_came_and_went_is_announced_again() {
    let world = calm().rings(1).ends(2).rings(11).ends(12).rings(21).ends(22).rings(31);
    assert_eq!(world.told.last(), Some(&(31, Action::Mute)));
    let world = world.ticks(35, 60).looks(61);
    assert_eq!(world.told.last(), Some(&(61, Action::Announce)));
    assert_eq!(world.record.state, State::Announced { since: at(31) });
    assert_eq!(world.ends(65).told.last(), Some(&(65, Action::Resolve)));
}

#[test]
fn the_sum_says_how_often_and_in_what_time() {
    let world = calm().rings(1).ends(2).rings(11).ends(12).rings(21).ends(22).rings(31).ends(32);
    let reason = Reason::StillFlaps { since: at(1) };
    assert_eq!(world.plan().decision.reason, reason);
    let mut settled = calm();
    settled.record = world.record.clone();
    let settled = settled.looks(62);
    assert_eq!(settled.told, [(62, Action::SumUp)]);
    assert_eq!(settled.record.settled, Some(at(62)));
}

#[test]
fn a_service_that_sleeps_rings_for_nobody_and_is_announced_when_it_should_be_awake() {
    let night = 13 * 60;
    let world = calm().asleep().rings(night).ticks(night + 5, night + 60);
    assert_eq!(world.told, []);
    assert_eq!(world.plan().decision.reason.label(), "asleep");
    assert_eq!(world.plan().treatment.why, Why::Explained);
    let over = world.clone().ends(night + 61);
    assert_eq!((over.told.len(), over.record.state), (0, State::Quiet));
    // In the morning it is still there, and nothing runs.
    let mut morning = world.runs(2);
    morning.seen.capacity.state = Some(crate::capacity::State::Running { since: at(20 * 60) });
    let morning = morning.looks(20 * 60 + 1);
    assert_eq!(morning.told, [(20 * 60 + 1, Action::Announce)]);
    let expected = matches!(morning.record.state, State::Announced { since } if since == at(night));
    assert!(expected, "{:?}", morning.record.state);
}

#[test]
fn waking_explains_until_it_is_told_that_it_takes_too_long() {
    let mut world = calm().runs(2);
    world.seen.capacity.state = Some(crate::capacity::State::Starting { since: at(0), announced: false });
    let world = world.rings(1);
    assert_eq!((world.told.len(), world.plan().decision.reason.label()), (0, "waking"));
    let mut late = world;
    late.seen.capacity.state = Some(crate::capacity::State::Starting { since: at(0), announced: true });
    assert_eq!(late.looks(16).told, [(16, Action::Announce)]);
}

#[test]
fn a_service_that_never_ran_rings_for_nobody() {
    let mut world = calm().runs(0);
    world.seen.rollout.releases.clear();
    world.seen.capacity.state = None;
    let world = world.rings(1).ticks(5, 60);
    assert_eq!((world.told.len(), world.plan().decision.reason.label()), (0, "not_started"));
}

#[test]
fn a_rollout_explains_for_the_grace_period_and_no_longer() {
    let world = calm().graced(10).rolling(0).rings(2);
    assert_eq!((world.told.len(), world.plan().decision.reason.label()), (0, "rollout"));
    assert_eq!(world.clone().looks(9).told, []);
    assert_eq!(world.clone().looks(10).told, [(10, Action::Announce)]);
    assert_eq!(world.plan().treatment.why, Why::Explained);
    let verified = world.released(3, 5).looks(14);
    assert_eq!(verified.told, [], "counted from its end");
    assert_eq!(verified.looks(15).told, [(15, Action::Announce)]);
    assert_eq!(calm().rolling(0).rings(2).told, [(2, Action::Announce)], "without grace it is news");
}

#[test]
fn a_stack_update_explains_while_it_lasts_and_a_while_after() {
    let update = |mut world: World, minute: i64, on_its_way: bool| {
        world.record.hear_update(Updating { at: at(minute), on_its_way });
        world
    };
    let world = update(calm().graced(10), 0, true).rings(2);
    assert_eq!((world.told.len(), world.plan().decision.reason.label()), (0, "stack_update"));
    let done = update(world.clone(), 20, false);
    assert_eq!(done.clone().looks(29).told, []);
    assert_eq!(done.looks(30).told, [(30, Action::Announce)]);
    assert_eq!(world.looks(60).told, [(60, Action::Announce)], "its end was never heard of");
}

#[test]
fn what_is_muted_is_announced_when_the_mute_ends_and_it_still_rings() {
    let mut muted = sighting(Value::Alarm, at(1));
    muted.suppressed = Some(Suppressed { by: "rule deploys".into(), until: Some(at(30)) });
    let world = calm().hears(muted.clone(), 1);
    assert_eq!((world.told.len(), world.plan().decision.reason.label()), (0, "muted"));
    assert_eq!(world.looks(30).told, [(30, Action::Announce)]);
    muted.suppressed = Some(Suppressed { by: "WaitPeriod".into(), until: None });
    assert_eq!(calm().hears(muted, 1).ticks(5, 600).told, []);
}

#[test]
fn no_data_is_news_only_where_the_fleet_says_so_and_closes_nothing() {
    let blind = |minute| Sighting { previous: Some(Value::Ok), ..sighting(Value::InsufficientData, at(minute)) };
    assert_eq!(calm().hears(blind(1), 1).told, []);
    let mut wants = calm();
    wants.policy.insufficient_data = Gap::News;
    let world = wants.clone().hears(blind(1), 1).looks(5).ends(9);
    assert_eq!(world.told, [(1, Action::Miss), (9, Action::Find)]);
    assert_eq!(wants.asleep().hears(blind(780), 780).told, [], "a service that sleeps reports nothing");
    let open = calm().rings(1).hears(sighting(Value::InsufficientData, at(3)), 3);
    assert_eq!(open.told, [(1, Action::Announce)]);
    assert_eq!(open.ends(9).told, [(1, Action::Announce), (9, Action::Resolve)]);
}
