//! What is announced about an alarm, and when.

use super::fixtures::*;
use crate::alarm::*;

fn running() -> Timeline {
    Timeline::with(RemedyPolicy::None)
}

#[test]
fn an_alarm_is_announced_at_once_and_closed_when_it_recovers() {
    let timeline = running().enters_alarm(1).ticks(5, 20).recovers(22).ticks(25, 90);
    assert_eq!(timeline.announced, [(1, Action::AnnounceAlarm), (22, Action::AnnounceRecovered)]);
    assert_eq!(timeline.plan().decision.reason, Reason::Ok);
}

#[test]
fn the_same_alarm_state_reported_again_is_folded() {
    let mut again = change(AlarmState::Alarm, at(4));
    again.previous = Some(AlarmState::Alarm);
    let timeline = running().enters_alarm(1).enters_alarm(1).receives(again, 4);
    assert_eq!(timeline.announced, [(1, Action::AnnounceAlarm)]);
    assert_eq!(timeline.plan().decision.reason, Reason::AlreadyAnnounced { since: at(1) });
    assert_eq!(timeline.record.alarm_starts, [at(1)]);
}

#[test]
fn an_alarm_that_recovered_before_its_event_arrived_is_not_announced() {
    let timeline = running().recovers(9).receives(change(AlarmState::Alarm, at(3)), 10);
    assert_eq!(timeline.announced, []);
    assert_eq!(timeline.record.alarm_starts, [at(3)], "but it counts");
}

#[test]
fn a_lost_ok_event_causes_no_second_announcement() {
    let timeline = running().enters_alarm(1).enters_alarm(9).recovers(12);
    assert_eq!(timeline.announced, [(1, Action::AnnounceAlarm), (12, Action::AnnounceRecovered)]);
}

#[test]
fn a_flapping_alarm_is_announced_once_and_again_when_it_is_stable() {
    let timeline = running().alternates([1, 11, 21, 31, 41]);
    let announced = [1, 11, 21]
        .into_iter()
        .flat_map(|minute| [(minute, Action::AnnounceAlarm), (minute + 1, Action::AnnounceRecovered)]);
    let mut announced: Vec<_> = announced.chain([(31, Action::AnnounceFlapping)]).collect();
    assert_eq!(timeline.announced, announced);
    let timeline = timeline.ticks(45, 70);
    assert_eq!(timeline.announced, announced, "28 minutes are not stable yet");
    let timeline = timeline.reconciles(72);
    announced.push((72, Action::AnnounceStable));
    assert_eq!(timeline.announced, announced);
    let timeline = timeline.enters_alarm(74);
    announced.push((74, Action::AnnounceAlarm));
    assert_eq!(timeline.announced, announced, "earlier starts are not counted again");
}

#[test]
fn an_alarm_that_stays_in_alarm_after_flapping_is_announced_again() {
    let timeline = running().alternates([1, 11, 21]).enters_alarm(31);
    assert_eq!(timeline.announced.last(), Some(&(31, Action::AnnounceFlapping)));
    let timeline = timeline.ticks(35, 60).reconciles(61);
    assert_eq!(timeline.announced.last(), Some(&(61, Action::AnnounceAlarm)));
    assert_eq!(timeline.record.announced, AnnouncedState::Alarm { since: at(31) });
    assert_eq!(timeline.recovers(65).announced.last(), Some(&(65, Action::AnnounceRecovered)));
}

#[test]
fn the_end_of_flapping_says_how_often_and_in_what_time() {
    let timeline = running().alternates([1, 11, 21, 31]);
    let reason = Reason::StillFlapping { since: at(1) };
    assert_eq!(timeline.plan().decision.reason, reason);
    let mut settled = running();
    settled.record = timeline.record.clone();
    let settled = settled.reconciles(62);
    assert_eq!(settled.announced, [(62, Action::AnnounceStable)]);
    assert_eq!(settled.record.flapping_ended, Some(at(62)));
}

#[test]
fn scheduled_downtime_explains_an_alarm_until_the_service_should_run() {
    let night = 13 * 60;
    let timeline = running().asleep().enters_alarm(night).ticks(night + 5, night + 60);
    assert_eq!(timeline.announced, []);
    assert_eq!(timeline.plan().decision.reason.label(), "scaled_to_zero");
    assert_eq!(timeline.plan().remedy.reason, RemedyReason::Explained);
    let over = timeline.clone().recovers(night + 61);
    assert_eq!((over.announced.len(), over.record.announced), (0, AnnouncedState::Nothing));
    // In the morning it is still in ALARM, and no task runs.
    let mut morning = timeline.runs(2);
    morning.observed.capacity.state = Some(crate::capacity::State::Running { since: at(20 * 60) });
    let morning = morning.reconciles(20 * 60 + 1);
    assert_eq!(morning.announced, [(20 * 60 + 1, Action::AnnounceAlarm)]);
    let expected = matches!(morning.record.announced, AnnouncedState::Alarm { since } if since == at(night));
    assert!(expected, "{:?}", morning.record.announced);
}

#[test]
fn a_service_that_another_caller_scales_to_zero_under_a_hold_explains_no_alarm() {
    let alarms = |state| {
        let mut timeline = running().held(60).runs(0);
        timeline.observed.capacity.state = Some(state);
        timeline.enters_alarm(1).ticks(5, 20).announced
    };
    assert_eq!(alarms(crate::capacity::State::Running { since: at(-60) }), [(1, Action::AnnounceAlarm)]);
    assert_eq!(alarms(crate::capacity::State::ScaledToZero { since: at(-60) }), []);
    // One that another caller starts then, and whose tasks do not, explains none either.
    let mut starts = running().held(60).runs(0);
    starts.observed.desired = 1;
    starts.observed.capacity.state = Some(crate::capacity::State::ScaledToZero { since: at(-60) });
    assert_eq!(starts.enters_alarm(1).announced, [(1, Action::AnnounceAlarm)]);
}

#[test]
fn starting_explains_an_alarm_until_the_late_start_is_announced() {
    let mut timeline = running().runs(2);
    timeline.observed.capacity.state =
        Some(crate::capacity::State::Starting { since: at(0), until: at(15), announced: false });
    let timeline = timeline.enters_alarm(1);
    assert_eq!((timeline.announced.len(), timeline.plan().decision.reason.label()), (0, "starting"));
    let mut late = timeline;
    late.observed.capacity.state =
        Some(crate::capacity::State::Starting { since: at(0), until: at(15), announced: true });
    assert_eq!(late.reconciles(16).announced, [(16, Action::AnnounceAlarm)]);
}

#[test]
fn starting_explains_no_alarm_long_after_the_deadline_of_a_start_that_is_not_followed() {
    let mut timeline = running().runs(0);
    timeline.observed.capacity.state =
        Some(crate::capacity::State::Starting { since: at(0), until: at(15), announced: false });
    let timeline = timeline.enters_alarm(1).ticks(5, 20);
    assert_eq!(timeline.announced, []);
    assert_eq!(timeline.ticks(25, 30).announced, [(25, Action::AnnounceAlarm)]);
}

#[test]
fn a_service_that_was_never_started_explains_its_alarms() {
    let mut timeline = running().runs(0);
    timeline.observed.rollout.releases.clear();
    timeline.observed.capacity.state = None;
    let timeline = timeline.enters_alarm(1).ticks(5, 60);
    assert_eq!((timeline.announced.len(), timeline.plan().decision.reason.label()), (0, "not_started"));
    // An invocation that ended after it had scaled the service to zero has recorded no state: it was started nevertheless.
    let mut interrupted = timeline;
    let bounds = crate::capacity::Bounds { min: 1, max: 3, scaling: crate::capacity::Scaling::Active };
    interrupted.observed.capacity.facts.range.written = Some((bounds, at(0)));
    assert_ne!(interrupted.plan().decision.reason.label(), "not_started");
}

#[test]
fn a_rollout_explains_for_the_grace_period_and_no_longer() {
    let timeline = running().graced(10).rolling(0).enters_alarm(2);
    assert_eq!((timeline.announced.len(), timeline.plan().decision.reason.label()), (0, "rollout"));
    assert_eq!(timeline.clone().reconciles(9).announced, []);
    assert_eq!(timeline.clone().reconciles(10).announced, [(10, Action::AnnounceAlarm)]);
    assert_eq!(timeline.plan().remedy.reason, RemedyReason::Explained);
    let verified = timeline.released(3, 5).reconciles(14);
    assert_eq!(verified.announced, [], "counted from its end");
    assert_eq!(verified.reconciles(15).announced, [(15, Action::AnnounceAlarm)]);
    assert_eq!(
        running().rolling(0).enters_alarm(2).announced,
        [(2, Action::AnnounceAlarm)],
        "without a grace period it is announced"
    );
}

#[test]
fn a_stack_update_explains_while_it_lasts_and_a_while_after() {
    let update = |mut timeline: Timeline, minute: i64, in_progress: bool| {
        timeline.record.record_stack_update(StackUpdate { at: at(minute), in_progress });
        timeline
    };
    let timeline = update(running().graced(10), 0, true).enters_alarm(2);
    assert_eq!((timeline.announced.len(), timeline.plan().decision.reason.label()), (0, "stack_update"));
    let done = update(timeline.clone(), 20, false);
    assert_eq!(done.clone().reconciles(29).announced, []);
    assert_eq!(done.reconciles(30).announced, [(30, Action::AnnounceAlarm)]);
    assert_eq!(timeline.reconciles(60).announced, [(60, Action::AnnounceAlarm)], "the event of its end was lost");
}

#[test]
fn a_muted_alarm_is_announced_when_the_mute_ends_and_it_is_still_in_alarm() {
    let mut muted = change(AlarmState::Alarm, at(1));
    muted.suppression = Some(Suppression { by: "rule deploys".into(), until: Some(at(30)) });
    let timeline = running().receives(muted.clone(), 1);
    assert_eq!((timeline.announced.len(), timeline.plan().decision.reason.label()), (0, "muted"));
    assert_eq!(timeline.reconciles(30).announced, [(30, Action::AnnounceAlarm)]);
    muted.suppression = Some(Suppression { by: "WaitPeriod".into(), until: None });
    assert_eq!(running().receives(muted, 1).ticks(5, 600).announced, []);
}

#[test]
fn no_data_is_announced_only_where_the_policy_says_so_and_closes_nothing() {
    let no_data =
        |minute| StateChange { previous: Some(AlarmState::Ok), ..change(AlarmState::InsufficientData, at(minute)) };
    assert_eq!(running().receives(no_data(1), 1).announced, []);
    let mut wants = running();
    wants.policy.insufficient_data = InsufficientDataPolicy::Announce;
    let timeline = wants.clone().receives(no_data(1), 1).reconciles(5).recovers(9);
    assert_eq!(timeline.announced, [(1, Action::AnnounceNoData), (9, Action::AnnounceDataBack)]);
    assert_eq!(
        wants.asleep().receives(no_data(780), 780).announced,
        [],
        "a service that is scaled to zero has no data"
    );
    let open = running().enters_alarm(1).receives(change(AlarmState::InsufficientData, at(3)), 3);
    assert_eq!(open.announced, [(1, Action::AnnounceAlarm)]);
    assert_eq!(open.recovers(9).announced, [(1, Action::AnnounceAlarm), (9, Action::AnnounceRecovered)]);
}

#[test]
fn a_rollout_that_has_not_updated_the_service_explains_no_alarm() {
    let mut timeline = running().graced(10).rolling(0);
    let rollout = timeline.observed.rollout.rollout.as_mut().unwrap();
    rollout.phase = crate::rollout::Phase::Claimed { initial_tasks: None };
    assert_eq!(timeline.clone().enters_alarm(2).announced, [(2, Action::AnnounceAlarm)]);
    // Its grace begins with the update: a pre-deploy task may take as long as that.
    let rollout = timeline.observed.rollout.rollout.as_mut().unwrap();
    let (revision, deployment) = ("rev-3".into(), "ecs-svc/3".into());
    rollout.phase = crate::rollout::Phase::Deploying { revision, deployment, since: at(9) };
    let alarmed = timeline.enters_alarm(12).ticks(13, 18);
    assert_eq!(alarmed.announced, []);
    assert_eq!(alarmed.ticks(19, 20).announced, [(20, Action::AnnounceAlarm)]);
}
