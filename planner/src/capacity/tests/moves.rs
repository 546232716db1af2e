//! Moves between capacity providers: forced deployments, each with a deadline, an outcome and a hold-down.

use super::*;

const SPOT: Placement = Placement::Spot { base: 0 };
const DAY: i64 = 24 * 60;

/// Runs on demand at noon, without scheduled downtime; Spot is preferred.
fn on_demand() -> Play {
    let policy = CapacityPolicy { sleep: None, ..policy() };
    Play::new(policy, Observed { strategy: Placement::OnDemand, ..observed(1, 1, 3) })
}

#[test]
fn a_move_that_ecs_rolls_back_each_time_forces_few_deployments_a_day_and_is_announced_once_each() {
    let mut play = on_demand();
    for minute in (0..DAY).step_by(5) {
        play.look(minute);
        // Its circuit breaker puts the service back within minutes, and the event is lost.
        if play.forced.last().is_some_and(|forced| minute == forced + 5) {
            play.observed.strategy = Placement::OnDemand;
        }
    }
    assert!((4..=6).contains(&play.forced.len()), "{:?}", play.forced);
    assert_eq!(play.failed.len(), play.forced.len());
    let pauses: Vec<i64> = play.forced.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.windows(2).all(|pair| pair[1] > pair[0]), "the hold-down doubles: {pauses:?}");
}

#[test]
fn an_accepted_move_that_was_undone_before_anyone_saw_it_has_failed_and_is_not_requested_again_at_once() {
    let mut play = on_demand();
    play.decides(0);
    play.facts.accept_move();
    for minute in 1..=10 {
        play.decides(minute);
    }
    assert_eq!((play.forced.as_slice(), play.failed.as_slice()), (&[0][..], &[(5, MoveFailure::RolledBack)][..]));
    // Its image may have been at fault.
    play.facts.provider_move.as_mut().unwrap().to = Placement::OnDemand;
    play.facts.spot = play.facts.spot.after(SpotEvent::NoCapacity, 1, noon());
    play.observed = Observed { strategy: SPOT, ..play.observed };
    play.decides(11);
    assert_eq!(play.forced, [0], "the same images fail again");
    play.observed.images = "sha256:2".into();
    play.decides(12);
    assert_eq!(play.forced, [0, 12], "others do not wait for that");
    play.facts.accept_move();
    for minute in 13..60 {
        play.observed.images = format!("sha256:{}", minute % 2);
        play.decides(minute);
    }
    assert_eq!(play.forced, [0, 12], "where others failed as well, all wait");
}

#[test]
fn a_write_that_ecs_does_not_show_yet_is_not_made_again() {
    let mut play = on_demand();
    for minute in 0..5 {
        play.decides(minute);
    }
    assert_eq!(play.forced, [0], "reads may be five minutes old");
    for minute in 5..60 {
        play.decides(minute);
    }
    assert_eq!((play.forced.len(), play.failed.as_slice()), (3, &[(15, MoveFailure::NeverSeen)][..]));
}

#[test]
fn a_move_that_was_refused_and_is_not_requested_again_has_failed_at_its_deadline() {
    let on_demand = Observed { strategy: Placement::OnDemand, ..observed(1, 1, 3) };
    let refused = Move::begin(None, &on_demand, &SPOT, noon());
    assert_eq!(refused.judge(&on_demand, noon() + SignedDuration::from_mins(29)), None);
    let failed = refused.judge(&on_demand, noon() + SignedDuration::from_mins(30));
    assert!(matches!(failed, Some(MoveOutcome::Failed { why: MoveFailure::NeverSeen, .. })), "{failed:?}");
}

#[test]
fn a_move_is_complete_when_its_own_deployment_is() {
    let mut play = on_demand();
    play.deployment(-600, DeploymentProgress::Completed);
    play.look(0);
    play.deployment(-600, DeploymentProgress::Completed);
    play.look(6);
    assert!(play.facts.provider_move.as_ref().unwrap().in_progress(), "that was the deployment before it");
    play.deployment(0, DeploymentProgress::Completed);
    play.look(10);
    let at = noon() + SignedDuration::from_mins(10);
    assert_eq!(play.facts.provider_move.as_ref().unwrap().outcome, MoveOutcome::Completed { at });
    let record = Record { facts: play.facts, ..Record::default() };
    let moved = Activity { kind: ActivityKind::Moved { to: SPOT }, since: noon(), until: at };
    assert_eq!(record.activities(), [moved]);
}

#[test]
fn a_strategy_that_an_engineer_changes_after_a_move_is_corrected_at_the_next_look() {
    let mut play = Play::new(CapacityPolicy { sleep: None, ..policy() }, observed(1, 1, 3));
    play.deployment(-60, DeploymentProgress::Completed);
    play.facts.spot = play.facts.spot.after(SpotEvent::NoCapacity, 1, noon());
    play.look(0);
    play.deployment(0, DeploymentProgress::Completed);
    play.look(1);
    play.observed.strategy = SPOT;
    play.look(2);
    assert_eq!((&play.observed.strategy, play.failed.as_slice()), (&Placement::OnDemand, &[][..]));
}

#[test]
fn a_move_to_spot_that_is_not_complete_at_its_deadline_goes_back_to_on_demand_and_waits() {
    let mut play = on_demand();
    play.look(0);
    play.look(25);
    assert_eq!((play.forced.as_slice(), &play.observed.strategy), (&[0][..], &SPOT));
    play.look(30);
    assert_eq!(play.failed, [(30, MoveFailure::Overdue)]);
    assert_eq!((play.forced.as_slice(), &play.observed.strategy), (&[0, 30][..], &Placement::OnDemand));
    play.deployment(30, DeploymentProgress::Completed);
    for minute in 31..90 {
        play.look(minute);
    }
    assert_eq!(play.forced, [0, 30]);
    play.look(90);
    assert_eq!(play.forced, [0, 30, 90], "the Spot hold-down is over");
}

#[test]
fn a_shortage_during_a_move_to_spot_is_one_failure_with_one_message() {
    let mut play = on_demand();
    play.look(0);
    let short = noon() + SignedDuration::from_mins(2);
    play.facts.spot = play.facts.spot.after(SpotEvent::NoCapacity, 1, short);
    play.look(2);
    assert_eq!((&play.observed.strategy, play.failed.as_slice()), (&Placement::OnDemand, &[][..]));
    assert_eq!(play.facts.spot.hold_down_minutes, 60, "counted once");
}

#[test]
fn a_fallback_to_on_demand_that_fails_is_not_forced_at_every_tick() {
    let mut play = Play::new(CapacityPolicy { sleep: None, ..policy() }, observed(1, 1, 3));
    for minute in (0..DAY).step_by(5) {
        let now = noon() + SignedDuration::from_mins(minute);
        play.facts.spot = play.facts.spot.after(SpotEvent::NoCapacity, 1, now);
        play.look(minute);
        if play.forced.last().is_some_and(|forced| minute == forced + 5) {
            play.observed.strategy = SPOT;
        }
    }
    assert!((5..=9).contains(&play.forced.len()), "{:?}", play.forced);
}

#[test]
fn a_refused_move_is_held_down_and_doubled() {
    let mut play = on_demand();
    let refuse = |play: &mut Play, minute: i64| {
        play.decides(minute);
        let now = noon() + SignedDuration::from_mins(minute);
        play.facts.refuse_move("AccessDeniedException".into(), now).is_some()
    };
    assert!(refuse(&mut play, 0));
    let announced = (5..DAY).step_by(5).filter(|minute| refuse(&mut play, *minute)).count();
    assert!((3..=5).contains(&announced), "{announced}");
}

#[test]
fn a_rollout_whose_tasks_spot_cannot_place_moves_to_on_demand_and_no_other_rollout_is_disturbed() {
    let short = SpotState::default().after(SpotEvent::NoCapacity, 1, noon());
    let facts = |spot: &SpotState| Facts { spot: spot.clone(), ..Facts::default() };
    let rolling = |lacks_tasks: bool, rolls_back: bool| Observed {
        rollout_in_flight: true,
        lacks_tasks,
        rolls_back,
        ..observed(2, 1, 3)
    };
    let decide = |facts: &Facts, observed: &Observed| plan(&policy(), facts, observed, noon());
    assert_eq!(set(decide(&facts(&short), &rolling(true, false))).strategy, Placement::OnDemand);
    assert_eq!(decide(&facts(&short), &rolling(false, false)).action, Action::Keep, "all its tasks run");
    assert_eq!(decide(&facts(&short), &rolling(true, true)).action, Action::Keep, "ECS rolls back");
    assert_eq!(decide(&facts(&SpotState::default()), &rolling(true, false)).action, Action::Keep, "Spot is not short");
    let back = Observed { strategy: Placement::OnDemand, ..rolling(true, false) };
    assert_eq!(decide(&facts(&SpotState::default()), &back).action, Action::Keep, "a return waits for its end");
}

#[test]
fn a_healthy_on_demand_service_stays_while_spot_is_short_whatever_asks_for_spot() {
    for (mode, spot_only) in [(SpotMode::Only, false), (SpotMode::Prefer, true), (SpotMode::Only, true)] {
        let mut play = on_demand();
        play.policy.spot = Some(SpotPolicy { mode, base: 0 });
        play.facts.budget = spot_only.then(|| BudgetRestriction { spot_only, ..restriction() });
        play.facts.spot = SpotState::default().after(SpotEvent::NoCapacity, 1, noon());
        for minute in (0..60).step_by(5) {
            play.look(minute);
            assert_eq!(play.observed.strategy, Placement::OnDemand, "{mode:?} {spot_only} at minute {minute}");
        }
        play.look(60);
        assert_eq!(play.observed.strategy, SPOT, "{mode:?} {spot_only}: the hold-down is over");
    }
}

#[test]
fn a_return_to_spot_that_stops_the_only_task_first_waits_for_the_end_of_scheduled_downtime() {
    let stops_first = Observed { strategy: Placement::OnDemand, stops_tasks_first: true, ..observed(1, 1, 3) };
    let decide = |policy: &CapacityPolicy, observed: &Observed, now| plan(policy, &Facts::default(), observed, now);
    assert_eq!(decide(&policy(), &stops_first, noon()).action, Action::Keep, "it sleeps tonight");
    let asleep = Observed { asleep: true, strategy: Placement::OnDemand, stops_tasks_first: true, ..observed(0, 0, 0) };
    assert_eq!(set(decide(&policy(), &asleep, noon())).strategy, SPOT, "it wakes on Spot");
    let woken = manual(OverrideKind::Wake);
    assert_eq!(set(plan(&policy(), &woken, &asleep, midnight())).strategy, SPOT);
    let range = Observed { bounds: Some(Bounds { min: 1, max: 3, scaling: Scaling::Active }), ..stops_first.clone() };
    assert_eq!(plan(&policy(), &woken, &range, midnight()).action, Action::Keep, "it sleeps again after the override");
    let starts_first = Observed { stops_tasks_first: false, ..stops_first.clone() };
    assert_eq!(set(decide(&policy(), &starts_first, noon())).strategy, SPOT, "no gap, no wait");
    let never_sleeps = CapacityPolicy { sleep: None, ..policy() };
    assert_eq!(set(decide(&never_sleeps, &stops_first, noon())).strategy, SPOT, "there is no better moment");
    let short = Facts { spot: SpotState::default().after(SpotEvent::NoCapacity, 1, noon()), ..Facts::default() };
    let on_spot = Observed { strategy: SPOT, ..stops_first };
    assert_eq!(set(plan(&policy(), &short, &on_spot, noon())).strategy, Placement::OnDemand, "a fallback never waits");
}
