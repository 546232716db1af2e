//! Which remedy is due, and why none.

use super::fixtures::*;
use crate::alarm::*;
use crate::rollout::RestartResult;

fn mins(timeline: &Timeline) -> Vec<(i64, u32)> {
    let min = |(minute, action): &(i64, RemedyAction)| match action {
        RemedyAction::Scale(ScaleAction { boost, .. }) => Some((*minute, boost.min)),
        RemedyAction::Restart(_) | RemedyAction::Rollback(_) => None,
    };
    timeline.requested.iter().filter_map(min).collect()
}

fn restart_after(cool_down_minutes: u32) -> RemedyAction {
    RemedyAction::Restart(RestartAction { cool_down_minutes })
}

#[test]
fn a_boost_is_requested_once_extended_while_in_alarm_and_expires_after() {
    let timeline = Timeline::with(scale(ScaleTarget::Add(1))).enters_alarm(0).runs(3).ticks(5, 40);
    assert_eq!(mins(&timeline), [(0, 3), (15, 3), (30, 3)], "the number never grows");
    assert_eq!(timeline.record.remedies.boost.unwrap().until, at(60));
    let timeline = timeline.recovers(41).ticks(45, 200);
    assert_eq!(mins(&timeline).len(), 3);
    assert_eq!(timeline.observed.capacity.facts.boost(at(59)).unwrap().expiry.at, at(60), "it expires");
}

#[test]
fn a_count_is_a_count_and_the_bounds_hold() {
    let cases: [(Timeline, Option<u32>, &str); 8] = [
        (Timeline::with(scale(ScaleTarget::Add(2))), Some(4), "due"),
        (Timeline::with(scale(ScaleTarget::Count(5))), Some(5), "due"),
        (Timeline::with(scale(ScaleTarget::Count(2))), None, "enough_tasks"),
        (Timeline::with(scale(ScaleTarget::Add(9))), Some(6), "due"),
        (Timeline::with(scale(ScaleTarget::Add(1))).runs(6), None, "at_max_tasks"),
        (Timeline::with(scale(ScaleTarget::Add(1))).max_tasks(2), None, "at_budget_max_tasks"),
        (Timeline::with(scale(ScaleTarget::Add(3))).max_tasks(4), Some(4), "due"),
        (Timeline::with(scale(ScaleTarget::Add(1))).held(60), None, "on_hold"),
    ];
    for (n, (timeline, expected, why)) in cases.into_iter().enumerate() {
        let timeline = timeline.enters_alarm(1);
        assert_eq!(mins(&timeline).first().map(|(_, min)| *min), expected, "{n}");
        assert_eq!(timeline.remedy_reason.label(), why, "{n}");
        assert_eq!(timeline.remedy_reason.needs_manual_action(), expected.is_none(), "{n}");
    }
}

#[test]
fn at_the_daily_limit_manual_action_is_needed() {
    let hour = |timeline: Timeline, hour: i64| {
        timeline.enters_alarm(hour * 60).recovers(hour * 60 + 5).reconciles(hour * 60 + 40)
    };
    let timeline = (0..4).fold(Timeline::with(scale(ScaleTarget::Add(1))), hour);
    assert_eq!(mins(&timeline), [(0, 3), (60, 3)]);
    let timeline = timeline.enters_alarm(260);
    assert_eq!(timeline.remedy_reason, RemedyReason::DailyLimit { daily: 2 });
    assert!(
        timeline.remedy_reason.needs_manual_action()
            && timeline.remedy_reason.to_string().contains("daily limit reached (2 requests in 24 hours)")
    );
    let tomorrow = timeline.recovers(270).enters_alarm(24 * 60 + 1);
    assert_eq!(mins(&tomorrow).len(), 3, "a day later one is free again");
}

#[test]
fn alarms_that_follow_each_other_keep_their_tasks_no_longer_than_the_limit_allows() {
    let often =
        |timeline: Timeline, n: i64| timeline.enters_alarm(n * 20).recovers(n * 20 + 10).reconciles(n * 20 + 15);
    let timeline = (0..30).fold(Timeline::with(scale(ScaleTarget::Add(1))).runs(3), often);
    let fresh = timeline
        .requested
        .iter()
        .filter(|(_, action)| matches!(action, RemedyAction::Scale(ScaleAction { extends: false, .. })))
        .count();
    assert_eq!(
        (fresh, timeline.record.remedies.boost.unwrap().until <= at(100)),
        (2, true),
        "{:?}",
        timeline.record.remedies.boost
    );
}

#[test]
fn an_announced_alarm_that_is_explained_by_now_gets_no_remedy() {
    let timeline = Timeline::with(scale(ScaleTarget::Add(1))).enters_alarm(0).asleep().ticks(5, 120);
    assert_eq!((mins(&timeline), timeline.remedy_reason), (vec![(0, 3)], RemedyReason::Explained));
}

#[test]
fn a_boost_ends_after_eight_hours() {
    let timeline = Timeline::with(scale(ScaleTarget::Add(1))).baseline(2, 6).enters_alarm(0).runs(3).ticks(5, 11 * 60);
    let last = timeline.record.remedies.boost.unwrap();
    assert!(last.until <= at(8 * 60 + 30), "{last:?}");
    assert!(mins(&timeline).iter().all(|(minute, min)| *minute <= 8 * 60 + 30 && *min == 3));
    assert_eq!(timeline.remedy_reason, RemedyReason::Scale(ScaleReason::BoostedTooLong { since: at(0) }));
    let again = timeline.recovers(11 * 60 + 1).enters_alarm(11 * 60 + 30);
    assert_eq!(mins(&again).last(), Some(&(690, 4)), "the next ALARM state counts anew");
}

#[test]
fn a_restart_is_requested_once_per_cool_down() {
    let policy = RemedyPolicy::Restart(RestartPolicy { cool_down_minutes: 60, daily: 2 });
    let timeline = Timeline::with(policy).enters_alarm(0).ticks(5, 55);
    assert_eq!(timeline.requested, [(0, restart_after(60))]);
    assert_eq!(timeline.remedy_reason, RemedyReason::Restart(RestartReason::CoolingDown { at: at(0), until: at(60) }));
    let timeline = timeline.ticks(60, 300);
    assert_eq!(timeline.requested, [(0, restart_after(60)), (60, restart_after(60))]);
    assert_eq!(timeline.remedy_reason, RemedyReason::DailyLimit { daily: 2 });
    let rolling = Timeline::with(RemedyPolicy::Restart(RestartPolicy::default())).rolling(0).enters_alarm(1);
    assert_eq!(
        (rolling.requested.len(), rolling.remedy_reason.clone()),
        (0, RemedyReason::Restart(RestartReason::RolloutInProgress))
    );
    assert_eq!(rolling.released(3, 4).reconciles(5).requested, [(5, restart_after(60))], "when the rollout has ended");
}

#[test]
fn a_restart_that_was_never_carried_out_is_decided_anew_and_none_comes_during_another() {
    let policy = || RemedyPolicy::Restart(RestartPolicy { cool_down_minutes: 60, daily: 3 });
    let mut lost = Timeline::with(policy());
    lost.delivers = false;
    let lost = lost.enters_alarm(0).ticks(5, 10);
    assert_eq!(lost.requested, [(0, restart_after(60))], "it may still come");
    let mut again = lost.reconciles(15);
    assert_eq!(again.requested.len(), 2, "it is refused from now on, and the service is in ALARM");
    again.observed.rollout.restart = Some(restart(16, None));
    let again = again.ticks(20, 120);
    assert_eq!(again.requested.len(), 2);
    let by = "alarm memory".to_owned();
    assert_eq!(again.remedy_reason, RemedyReason::Restart(RestartReason::RestartInProgress { by }));
    let mut by_a_person = Timeline::with(policy());
    by_a_person.observed.rollout.restart = Some(restart(0, Some(RestartResult::Replaced)));
    let cooling = RemedyReason::Restart(RestartReason::CoolingDown { at: at(0), until: at(60) });
    let by_a_person = by_a_person.enters_alarm(30);
    assert_eq!((by_a_person.requested.len(), by_a_person.remedy_reason), (0, cooling));
}

#[test]
fn a_release_is_not_rolled_back_for_another_rollout_that_failed_since() {
    let mut timeline = Timeline::with(RemedyPolicy::Rollback(RollbackPolicy::default())).released(3, 0).quarantined(4);
    let alarms = |timeline: Timeline| timeline.enters_alarm(6);
    assert_eq!(alarms(timeline.clone()).requested.len(), 1, "it failed before the release");
    timeline.observed.rollout.quarantine[0].at = at(3);
    let alarmed = alarms(timeline);
    let reason = RemedyReason::Rollback(RollbackReason::AnotherFailed { at: at(3) });
    assert_eq!((alarmed.requested.len(), alarmed.remedy_reason), (0, reason));
}

/// A scheduled action by hand lets scaling take a task away, and too few are healthy.
#[test]
fn a_release_is_not_rolled_back_for_scaling_bounds_that_another_caller_changed_since() {
    let mut timeline = Timeline::with(RemedyPolicy::Rollback(RollbackPolicy::default())).released(3, 2);
    timeline.observed.capacity.facts.range.changed_by_others = vec![at(1)];
    assert_eq!(timeline.clone().enters_alarm(6).requested.len(), 1, "before the release");
    timeline.observed.capacity.facts.range.changed_by_others.push(at(4));
    let alarmed = timeline.enters_alarm(6);
    let reason = RemedyReason::Rollback(RollbackReason::BoundsChanged { at: at(4) });
    assert_eq!((alarmed.requested.len(), alarmed.remedy_reason), (0, reason));
}

#[test]
fn a_rollback_is_requested_once_soon_after_a_rollout() {
    let timeline = Timeline::with(RemedyPolicy::Rollback(RollbackPolicy::default())).released(3, 0).enters_alarm(6);
    let (_, action) = &timeline.requested[0];
    let RemedyAction::Rollback(RollbackAction { deployment, from, to }) = action else { panic!("{action:?}") };
    assert_eq!((deployment.as_str(), from.as_str()), ("ecs-svc/0", "v3 (030303030303)"));
    assert_eq!(to, "v2 (020202020202)");
    let timeline = timeline.reconciles(10);
    assert_eq!(
        (timeline.requested.len(), timeline.remedy_reason.clone()),
        (1, RemedyReason::Rollback(RollbackReason::AlreadyRequested { at: at(6) }))
    );
    // A rollback is not rolled back, and there is no second one within 24 hours.
    let back = timeline.quarantined(3).released(2, 12).recovers(13).enters_alarm(15);
    assert_eq!(
        (back.requested.len(), back.remedy_reason.clone()),
        (1, RemedyReason::Rollback(RollbackReason::AlreadyRolledBack))
    );
    let next = back.recovers(16).released(4, 20).enters_alarm(21);
    assert_eq!((next.requested.len(), next.remedy_reason), (1, RemedyReason::DailyLimit { daily: 1 }));
}

#[test]
fn a_rollback_that_would_not_help_is_not_requested() {
    let rollback = || Timeline::with(RemedyPolicy::Rollback(RollbackPolicy::default()));
    let mut none = rollback().released(3, 0);
    none.observed.rollout.releases.truncate(1);
    let cases = [
        (rollback().enters_alarm(1), "no_recent_rollout"),
        (rollback().released(3, 0).enters_alarm(30), "no_recent_rollout"),
        (rollback().enters_alarm(-20).released(3, 0).reconciles(1), "in_alarm_before_rollout"),
        // A fix that was pushed while it was in ALARM is not undone.
        (rollback().enters_alarm(-6).released(3, 0).reconciles(1), "in_alarm_before_rollout"),
        (rollback().rolling(0).enters_alarm(1), "rollout_in_progress"),
        (none.enters_alarm(1), "no_verified_release"),
        (rollback().quarantined(1).quarantined(2).released(3, 0).enters_alarm(1), "no_verified_release"),
        (rollback().released(3, 0).held(60).enters_alarm(1), "on_hold"),
    ];
    for (n, (timeline, why)) in cases.into_iter().enumerate() {
        assert_eq!((timeline.requested.len(), timeline.remedy_reason.label()), (0, why), "{n}");
    }
}

#[test]
fn nothing_is_requested_while_the_alarm_is_explained() {
    let timeline = Timeline::with(scale(ScaleTarget::Add(1))).asleep().enters_alarm(780).ticks(785, 900);
    assert_eq!((timeline.requested.len(), timeline.remedy_reason), (0, RemedyReason::Explained));
}

#[test]
fn a_flapping_alarm_gets_its_remedy_too_within_the_limit() {
    let timeline = Timeline::with(scale(ScaleTarget::Add(1)));
    let timeline = (0..6).fold(timeline, |timeline, n| timeline.enters_alarm(n * 8).recovers(n * 8 + 3));
    assert_eq!(timeline.record.announced, AnnouncedState::Flapping { since: at(0) });
    assert_eq!(mins(&timeline).iter().filter(|(minute, _)| *minute == 0).count(), 1);
    assert!(mins(&timeline).iter().all(|(_, min)| *min == 3), "{:?}", mins(&timeline));
}

#[test]
fn while_another_invocation_requests_the_remedy_nothing_is_decided() {
    let timeline = Timeline::with(scale(ScaleTarget::Add(1))).enters_alarm(0);
    let action = timeline.requested[0].1.clone();
    let plan_at = |pending: Option<PendingRemedy>, seconds: i64| {
        let record = Record { pending, ..timeline.record.clone() };
        let service = timeline.fleet.service("web").unwrap();
        let service = ObservedService { policy: service, observed: &timeline.observed };
        plan(&timeline.policy, Some(&service), &record, at(20) + jiff::SignedDuration::from_secs(seconds))
    };
    let pending = || Some(PendingRemedy { action: action.clone(), at: at(20) });
    for (pending, seconds, waits) in
        [(pending(), 1, true), (pending(), 89, true), (pending(), 90, false), (pending(), 0, false), (None, 1, false)]
    {
        let plan = plan_at(pending, seconds);
        assert_eq!(plan.decision.reason.label() == "claimed_elsewhere", waits, "{seconds}: {}", plan.decision.reason);
        assert_eq!(plan.remedy.action.is_none(), waits, "{seconds}: {}", plan.remedy.reason);
        assert_eq!(plan.announced, timeline.record.announced);
    }
}

#[test]
fn a_service_that_could_not_be_observed_gets_no_remedy_and_is_announced() {
    let mut timeline = Timeline::with(scale(ScaleTarget::Add(1)));
    timeline.observed.error = Some("slow down".into());
    let timeline = timeline.enters_alarm(0);
    assert_eq!(timeline.announced, [(0, Action::AnnounceAlarm)]);
    assert_eq!((timeline.requested.len(), timeline.remedy_reason.label()), (0, "not_observed"));
    assert!(timeline.remedy_reason.to_string().contains("slow down") && !timeline.remedy_reason.needs_manual_action());
}

#[test]
fn a_claim_that_was_left_behind_counts_as_requested_and_a_failed_one_does_not() {
    let (earlier, now) = (restart_after(30), restart_after(60));
    let left = Record { pending: Some(PendingRemedy { action: earlier.clone(), at: at(10) }), ..Record::default() };
    let ended = |result: ClaimResult<'_>| {
        let mut record = left.clone();
        record.end_claim(result, at(20));
        assert_eq!(record.pending, None);
        record.remedies
    };
    let remembered = |action: &RemedyAction, minute: i64| {
        let mut record = Record::default();
        record.record_remedy(action, at(minute));
        record.remedies
    };
    assert_eq!(ended(ClaimResult::None), remembered(&earlier, 10));
    assert_eq!(ended(ClaimResult::Failed), Record::default().remedies);
    assert_eq!(ended(ClaimResult::Requested(&now)), remembered(&now, 20));
}
