//! Tasks that are replaced or taken away although the release is good: no one is paged within the grace period, and the
//! release is not rolled back.

use super::fixtures::*;
use crate::alarm::*;
use crate::capacity::SpotEvent;
use crate::rollout::Phase;

/// A good release of minute 0 is disturbed in minute 14.
fn disturbed(by: &str) -> Timeline {
    let mut timeline = Timeline::with(RemedyPolicy::Rollback(RollbackPolicy::default())).released(3, 0);
    let spot = &mut timeline.observed.capacity.facts.spot;
    match by {
        "moved" => *spot = spot.after(SpotEvent::NoCapacity, 2, at(14)),
        "interrupted" => *spot = spot.after(SpotEvent::Interrupted { task: "task/1".into() }, 2, at(14)),
        "restarted" => {
            timeline.observed.rollout.restart = Some(restart(14, None));
        }
        other => panic!("{other}"),
    }
    timeline
}

#[test]
fn a_move_an_interruption_and_a_restart_explain_an_alarm_for_the_grace_period_and_no_longer() {
    for by in ["moved", "interrupted", "restarted"] {
        let timeline = disturbed(by).graced(10).enters_alarm(18);
        assert_eq!((timeline.announced.len(), timeline.plan().decision.reason.label()), (0, by));
        assert_eq!(timeline.clone().reconciles(23).announced, [], "{by}");
        assert_eq!(timeline.clone().recovers(20).ticks(25, 60).announced, [], "{by}");
        assert_eq!(timeline.reconciles(24).announced, [(24, Action::AnnounceAlarm)], "{by}");
        assert_eq!(disturbed(by).enters_alarm(18).announced.len(), 1, "{by}: without a grace period it is announced");
    }
}

#[test]
fn a_good_release_is_not_rolled_back_for_a_move_an_interruption_or_a_restart() {
    for by in ["moved", "interrupted", "restarted"] {
        // Also where no grace period is configured.
        let timeline = disturbed(by).enters_alarm(18).reconciles(28);
        assert_eq!((timeline.requested.len(), timeline.remedy_reason.label()), (0, by));
        assert!(!timeline.remedy_reason.needs_manual_action(), "{by}");
        // What lasts longer may be the release after all.
        assert_eq!(timeline.reconciles(29).requested.len(), 1, "{by}");
    }
}

#[test]
fn the_return_to_spot_after_the_hold_down_is_a_move_too() {
    let mut timeline = disturbed("moved").graced(10);
    let back = timeline.observed.capacity.facts.spot.retry_at.unwrap();
    let minute = back.duration_since(at(0)).as_mins();
    timeline = timeline.enters_alarm(minute + 8);
    assert_eq!(timeline.plan().decision.reason.label(), "moved");
    assert_eq!(timeline.reconciles(minute + 15).announced, [(minute + 15, Action::AnnounceAlarm)]);
}

#[test]
fn a_mute_rule_of_the_night_does_not_silence_a_service_that_a_person_woke() {
    let mut muted = change(AlarmState::Alarm, at(13 * 60));
    muted.suppression = Some(Suppression { by: Suppression::by_rule("night"), until: Some(at(20 * 60)) });
    let night = |rules: &[&str]| {
        let mut timeline = Timeline::with(RemedyPolicy::None);
        timeline.policy.downtime_mutes = rules.iter().map(|rule| (*rule).to_owned()).collect();
        timeline
    };
    let woken = |timeline: Timeline| {
        let mut timeline = timeline;
        let expiry = crate::capacity::Expiry { at: at(20 * 60), by: "anna".into() };
        let kind = crate::capacity::OverrideKind::Wake;
        timeline.observed.capacity.facts.manual_override =
            Some(crate::capacity::Override { kind, expiry, reason: None });
        timeline.receives(muted.clone(), 13 * 60)
    };
    assert_eq!(woken(night(&["night"])).announced, [(13 * 60, Action::AnnounceAlarm)]);
    assert_eq!(woken(night(&[])).announced, [], "a mute rule of an engineer is one");
    let asleep = night(&["night"]).asleep().receives(muted.clone(), 13 * 60);
    assert_eq!((asleep.announced.len(), asleep.plan().decision.reason.label()), (0, "scaled_to_zero"));
}

#[test]
fn a_deployment_explains_an_alarm_also_while_the_next_pre_deploy_task_runs() {
    let mut timeline = Timeline::with(RemedyPolicy::None).graced(15).rolling(0);
    assert!(timeline.clone().enters_alarm(3).announced.is_empty());
    let rollout = timeline.observed.rollout.rollout.take().unwrap();
    let next = crate::rollout::Rollout {
        images: images(4),
        phase: Phase::PreDeployTask {
            revision: "rev-4".into(),
            task: "task".into(),
            since: at(2),
            initial_tasks: None,
        },
        superseded: Some(Box::new(rollout.clone())),
        started_at: at(2),
        ..rollout
    };
    timeline.observed.rollout.rollout = Some(next);
    assert_eq!(timeline.enters_alarm(3).announced, []);
}

#[test]
fn a_restart_that_ecs_refuses_explains_no_alarm() {
    let mut timeline = Timeline::with(RemedyPolicy::None).graced(15);
    // Claimed anew every five minutes, and refused each time.
    timeline.observed.rollout.restart =
        Some(crate::rollout::Restart { deployment: None, resumed: 3, ..restart(2, None) });
    let announced = timeline.enters_alarm(3).announced;
    assert_eq!(announced.len(), 1, "it explains nothing");
}
