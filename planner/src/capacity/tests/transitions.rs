//! Which transitions are announced, and when.

use proptest::prelude::{any, prop, prop_assert_eq, proptest};

use crate::capacity::*;
use crate::model::Strategy;
use jiff::{SignedDuration, Timestamp};

const DEADLINES: Deadlines = Deadlines { drain: SignedDuration::from_mins(30), start: SignedDuration::from_mins(15) };

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

fn target(zero: bool) -> Target {
    if zero { Target::ScaledToZero } else { Target::Running }
}

/// Plays observations `(minute, scaled to zero, running, healthy)`; returns the transitions, each with its minute.
fn announced(observations: &[(i64, bool, u32, u32)]) -> Vec<(i64, Transition)> {
    let mut state = None;
    let mut announced = Vec::new();
    for (minute, zero, running, healthy) in observations {
        let (next, transition) =
            advance(state, target(*zero), TaskCounts { running: *running, healthy: *healthy }, DEADLINES, at(*minute));
        state = Some(next);
        announced.extend(transition.map(|transition| (*minute, transition)));
    }
    announced
}

#[test]
fn announces_zero_when_the_last_task_has_stopped_and_running_when_the_first_is_healthy() {
    let observations = [
        (0, false, 1, 1),
        (5, true, 1, 1),
        (10, true, 0, 0),
        (15, true, 0, 0),
        (20, false, 0, 0),
        (25, false, 1, 0),
        (30, false, 1, 1),
        (35, false, 1, 1),
    ];
    assert_eq!(
        announced(&observations),
        [(10, Transition::ScaledToZero), (30, Transition::RunningAgain { since: at(20) })]
    );
}

#[test]
fn a_transition_that_takes_too_long_is_announced_once_and_so_is_its_end() {
    let observations = [(0, false, 1, 1), (5, true, 1, 1), (35, true, 1, 1), (40, true, 1, 1), (45, true, 0, 0)];
    assert_eq!(
        announced(&observations),
        [(35, Transition::DrainOverdue { since: at(5) }), (45, Transition::ScaledToZero)]
    );
    let observations = [(0, true, 0, 0), (5, false, 0, 0), (20, false, 1, 0), (25, false, 1, 0), (30, false, 1, 1)];
    assert_eq!(
        announced(&observations),
        [(20, Transition::StartOverdue { since: at(5) }), (30, Transition::RunningAgain { since: at(5) })]
    );
}

#[test]
fn the_first_observation_announces_nothing() {
    assert_eq!(announced(&[(0, true, 0, 0), (5, true, 0, 0)]), []);
    assert_eq!(announced(&[(0, false, 0, 0), (5, false, 1, 1)]), []);
    assert_eq!(provider_change(None, &Strategy::OnDemand), None);
}

#[test]
fn a_provider_change_is_announced_against_the_strategy_last_announced() {
    let spot = Strategy::Spot { base: 0 };
    assert_eq!(provider_change(Some(&spot), &Strategy::OnDemand), Some(ProviderChange::ToOnDemand));
    assert_eq!(provider_change(Some(&Strategy::OnDemand), &spot), Some(ProviderChange::ToSpot));
    assert_eq!(provider_change(Some(&spot), &spot), None);
}

proptest! {
    #[test]
    fn the_state_follows_the_target_and_the_same_observation_again_announces_nothing(
        observations in prop::collection::vec((1i64..20, any::<bool>(), 0u32..3, 0u32..3), 1..60)
    ) {
        let (mut state, mut minute) = (None, 0);
        for (gap, zero, running, healthy) in observations {
            minute += gap;
            let tasks = TaskCounts { running, healthy: healthy.min(running) };
            let (next, _) = advance(state, target(zero), tasks, DEADLINES, at(minute));
            let stopping = matches!(next, State::ScaledToZero { .. } | State::Draining { .. });
            prop_assert_eq!(stopping, zero);
            prop_assert_eq!(advance(Some(next), target(zero), tasks, DEADLINES, at(minute)), (next, None));
            state = Some(next);
        }
    }
}
