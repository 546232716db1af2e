//! A shortage that ECS lists as a service event.

use super::*;

fn minutes(minutes: i64) -> Timestamp {
    noon() + SignedDuration::from_mins(minutes)
}

/// A service on Spot that lacks a task since its deployment at noon, with an event at this minute.
fn lacking(event: i64) -> Play {
    let mut play = Play::new(policy(), Observed { lacks_tasks: true, ..observed(2, 1, 3) });
    play.deployment(0, DeploymentProgress::InProgress);
    play.observed.no_capacity_at = Some(minutes(event));
    play
}

#[test]
fn a_lost_event_is_found_in_the_list_of_service_events() {
    let mut play = lacking(3);
    assert_eq!(set(play.look(5)).strategy, Placement::OnDemand);
    assert_eq!(play.facts.spot.shortage_at, Some(minutes(5)));
}

#[test]
fn a_listed_event_is_no_shortage_when_it_is_old_or_of_an_earlier_deployment_or_nothing_is_missing() {
    for (play, at, why) in [
        (lacking(3), 30, "it is old"),
        (lacking(-2), 5, "the deployment before could not place, this one may"),
        (Play { observed: Observed { lacks_tasks: false, ..lacking(3).observed }, ..lacking(3) }, 5, "all tasks run"),
        (
            Play { observed: Observed { strategy: Placement::Spot { base: 1 }, ..lacking(3).observed }, ..lacking(3) },
            5,
            "it may be the task on demand",
        ),
    ] {
        let mut play = play;
        play.policy.spot = Some(SpotPolicy { mode: SpotMode::Prefer, base: 1 })
            .filter(|_| why.contains("demand"))
            .or(play.policy.spot);
        play.decides(at);
        assert_eq!(play.facts.spot.shortage_at, None, "{why}");
    }
}

#[test]
fn the_event_of_a_shortage_does_not_begin_the_next_hold_down() {
    let mut play = lacking(3);
    play.decides(5);
    let retry = play.facts.spot.retry_at.unwrap();
    play.observed.deployment = None;
    play.observed.no_capacity_at = Some(retry - SignedDuration::from_mins(1));
    play.facts.observe(&play.observed, retry);
    assert!(play.facts.spot.available(retry), "it was known already");
}
