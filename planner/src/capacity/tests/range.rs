//! Desired count and bounds: boosts without a scalable target, a minimum of 0, and bounds that are left to others.

use super::*;

fn bounds(min: u32, max: u32) -> Bounds {
    Bounds { min, max, scaling: Scaling::Active }
}

fn boost(play: &mut Play, min: u32, minutes: i64) {
    let expiry = Expiry { at: noon() + SignedDuration::from_mins(minutes), by: "cpu".into() };
    play.facts.boosts.insert("cpu".into(), Boost { min, expiry });
}

/// A service without a scalable target, without scheduled downtime.
fn unscaled(desired: u32) -> Play {
    let policy = CapacityPolicy { sleep: None, ..policy() };
    Play::new(policy, Observed { bounds: None, ..observed(desired, 1, 3) })
}

#[test]
fn a_boost_of_a_service_without_scalable_target_is_lowered_when_it_ends() {
    let mut play = unscaled(1);
    boost(&mut play, 2, 30);
    play.look(0);
    boost(&mut play, 3, 60);
    play.look(10);
    assert_eq!(play.observed.desired, 3);
    play.look(60);
    assert_eq!((play.observed.desired, play.facts.range.raised), (1, None));
}

#[test]
fn a_boost_that_could_not_be_lowered_when_it_ended_is_lowered_later() {
    let mut play = unscaled(1);
    boost(&mut play, 2, 30);
    play.look(0);
    play.decides(30);
    assert_eq!(play.observed.desired, 2, "ECS refuses the update");
    play.look(35);
    assert_eq!((play.observed.desired, play.facts.range.raised), (1, None));
    play.observed.desired = 2;
    play.look(40);
    assert_eq!(play.observed.desired, 2, "an engineer has set it");
}

#[test]
fn only_what_a_boost_has_raised_is_lowered() {
    let mut play = unscaled(2);
    boost(&mut play, 2, 30);
    play.look(0);
    play.look(30);
    assert_eq!(play.observed.desired, 2, "the boost has raised nothing");
    boost(&mut play, 3, 60);
    play.look(31);
    play.observed.desired = 2;
    play.look(61);
    boost(&mut play, 1, 90);
    play.observed.desired = 3;
    play.look(91);
    assert_eq!(play.observed.desired, 3, "an engineer has set it");
}

#[test]
fn a_service_with_a_minimum_of_zero_wakes_with_one_task_and_may_be_scaled_in_again() {
    let mut play = Play::new(CapacityPolicy { baseline: baseline(0, 3), ..policy() }, observed(0, 0, 0));
    play.observed.asleep = true;
    play.look(0);
    assert_eq!((play.observed.desired, play.observed.bounds), (1, Some(bounds(0, 3))));
    play.observed = Observed { asleep: false, desired: 0, ..play.observed };
    assert_eq!(play.look(5).action, Action::Keep, "its own scaling has scaled it in");
    let by_anna = Override { kind: OverrideKind::Wake, expiry: until(2), reason: None };
    play.facts.manual_override = Some(by_anna);
    play.look(10);
    assert_eq!((play.observed.desired, play.observed.bounds), (1, Some(bounds(1, 3))), "to wake is to run a task");
}

fn left() -> Play {
    let policy = CapacityPolicy { baseline: Baseline { bounds: BoundsPolicy::Leave, ..baseline(1, 3) }, ..policy() };
    Play::new(policy, observed(4, 2, 8))
}

#[test]
fn bounds_that_are_left_are_not_touched() {
    let mut play = left();
    for minute in (0..480).step_by(5) {
        // Scheduled scaling of the user.
        play.observed.bounds = Some(if minute < 240 { bounds(2, 8) } else { bounds(0, 20) });
        assert_eq!(play.look(minute).action, Action::Keep, "{minute}");
    }
}

#[test]
fn downtime_restrictions_and_boosts_put_the_bounds_back_that_they_found() {
    let mut play = left();
    play.look(0);
    let night = 10 * 60;
    play.look(night);
    assert_eq!(play.observed.bounds, Some(Bounds::SCALED_TO_ZERO));
    play.observed.asleep = true;
    play.facts.budget = Some(BudgetRestriction { max_tasks: Some(4), until: until(12).at, ..restriction() });
    play.look(night + 8 * 60);
    play.observed.asleep = false;
    assert_eq!((play.observed.desired, play.observed.bounds), (2, Some(bounds(2, 4))));
    boost(&mut play, 3, night + 9 * 60);
    play.look(night + 8 * 60 + 5);
    assert_eq!(play.observed.bounds, Some(bounds(3, 4)));
    play.look(23 * 60 + 5);
    assert_eq!((play.observed.bounds, play.facts.range.replaced), (Some(bounds(2, 8)), None));
    // A read of a moment before does not make the baseline of them.
    play.observed.bounds = Some(Bounds::SCALED_TO_ZERO);
    assert_eq!(set(play.decides(23 * 60 + 6)).bounds, bounds(2, 8));
}

#[test]
fn bounds_that_another_caller_changes_again_and_again_are_announced_once() {
    let mut play = Play::new(CapacityPolicy { sleep: None, ..policy() }, observed(1, 1, 3));
    let mut announced = Vec::new();
    for minute in (0..4 * 24 * 60).step_by(5) {
        // A scheduled action in the morning, and one in the evening.
        match minute % (24 * 60) {
            480 => play.observed.bounds = Some(bounds(2, 8)),
            1200 => play.observed.bounds = Some(bounds(1, 8)),
            _ => {}
        }
        let now = noon() + SignedDuration::from_mins(minute);
        let decision = plan(&play.policy, &play.facts, &play.observed, now);
        if play.facts.remember(&play.policy, &decision, &play.observed, now) {
            announced.push(minute);
        }
        play.observed = applied(&play.observed, &decision);
    }
    assert_eq!(announced, [1440 + 1200], "the first is written once; three more within two days are a conflict");
}

#[test]
fn one_stack_update_is_no_conflict_and_neither_is_a_stale_read() {
    let mut play = Play::new(CapacityPolicy { sleep: None, ..policy() }, observed(1, 2, 8));
    for minute in 0..4 {
        play.decides(minute);
    }
    assert_eq!(play.facts.range.changed_by_others, []);
}

#[test]
fn a_range_that_cannot_be_read_hinders_no_fallback_and_lowers_no_count() {
    let policy = CapacityPolicy { sleep: None, ..policy() };
    let unread = Observed { bounds: None, bounds_unknown: true, ..observed(7, 1, 3) };
    let facts = Facts { spot: SpotState::default().after(SpotEvent::NoCapacity, 1, noon()), ..Facts::default() };
    let capacity = set(plan(&policy, &facts, &unread, noon()));
    assert_eq!((capacity.strategy, capacity.desired), (Placement::OnDemand, 7));
}

#[test]
fn one_read_of_the_bounds_that_fails_does_not_make_a_boost_permanent() {
    let mut play = unscaled(1);
    boost(&mut play, 3, 30);
    play.look(0);
    assert_eq!(play.observed.desired, 3);
    // DescribeScalableTargets is throttled, while a second alarm raises and a Spot fallback moves the tasks.
    play.facts.spot = SpotState::default().after(SpotEvent::NoCapacity, 3, noon());
    play.observed.bounds_unknown = true;
    play.look(5);
    play.observed.bounds_unknown = false;
    play.look(31);
    assert_eq!(play.observed.desired, 1);
}

#[test]
fn a_budget_that_lowers_the_maximum_during_a_boost_does_not_make_it_permanent() {
    let mut play = unscaled(1);
    boost(&mut play, 3, 60);
    play.look(0);
    play.facts.budget = Some(BudgetRestriction { max_tasks: Some(2), ..restriction() });
    play.look(5);
    assert_eq!(play.observed.desired, 2);
    play.look(65);
    assert_eq!(play.observed.desired, 1);
}

#[test]
fn a_stale_read_at_the_end_of_a_boost_does_not_make_it_permanent() {
    let mut play = unscaled(1);
    boost(&mut play, 2, 1);
    play.look(0);
    assert_eq!(play.observed.desired, 2);
    // ECS shows the count of before the boost once more, at a look after the boost has ended.
    let real = play.observed.clone();
    play.observed.desired = 1;
    play.decides(1);
    play.observed = real;
    play.look(6);
    assert_eq!(play.observed.desired, 1);
}

#[test]
fn a_read_of_the_bounds_that_fails_when_a_boost_begins_does_not_make_it_permanent() {
    let mut play = unscaled(1);
    boost(&mut play, 3, 30);
    play.observed.bounds_unknown = true;
    play.look(0);
    assert_eq!(play.observed.desired, 3);
    play.observed.bounds_unknown = false;
    play.look(5);
    play.look(31);
    assert_eq!(play.observed.desired, 1);
}
