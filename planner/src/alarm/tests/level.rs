//! What CloudWatch returns when it is asked makes up for events that were lost, and for alarms that were deleted.

use super::fixtures::*;
use crate::alarm::*;

/// CloudWatch returns this state since `minute`.
fn returned(state: AlarmState, minute: i64) -> AlarmLookup {
    let change = StateChange { previous: None, ..change(state, at(minute)) };
    AlarmLookup::Found(Box::new(AlarmReading { change, has_data: true }))
}

fn restarting() -> Timeline {
    Timeline::with(RemedyPolicy::Restart(RestartPolicy::default()))
}

fn labels(timeline: &Timeline) -> (&'static str, &'static str) {
    (timeline.plan().decision.reason.label(), timeline.remedy_reason.label())
}

#[test]
fn a_lost_recovery_is_noticed_by_the_next_tick_and_restarts_nothing_more() {
    let week = 7 * 24 * 60;
    let timeline = restarting().enters_alarm(0).looks(&returned(AlarmState::Ok, 2), 5).ticks(10, week);
    assert_eq!(timeline.announced, [(0, Action::AnnounceAlarm), (5, Action::AnnounceRecovered)]);
    assert_eq!(timeline.requested.len(), 1);
}

#[test]
fn a_lost_alarm_event_is_made_up_for_once_the_event_must_have_come() {
    let timeline = restarting().looks(&returned(AlarmState::Alarm, 4), 5);
    assert_eq!(timeline.announced, [], "its event may be on its way, and says more");
    let timeline = timeline.looks(&returned(AlarmState::Alarm, 4), 10);
    assert_eq!(timeline.announced, [(10, Action::AnnounceAlarm)]);
    assert_eq!(timeline.plan().decision.reason, Reason::AlreadyAnnounced { since: at(4) });
    // The event after all, its time with other digits.
    let late = change(AlarmState::Alarm, at(4) + jiff::SignedDuration::from_millis(431));
    let timeline = timeline.receives(late, 11);
    assert_eq!((timeline.announced.len(), timeline.record.alarm_starts.len()), (1, 1));
}

#[test]
fn a_stale_answer_takes_nothing_back() {
    let timeline = restarting().enters_alarm(10).looks(&returned(AlarmState::Ok, 1), 15);
    assert_eq!(timeline.announced, [(10, Action::AnnounceAlarm)]);
    let failed = timeline.looks(&AlarmLookup::Failed, 20);
    assert_eq!((failed.announced.len(), failed.record.evidence), (1, Evidence::None));
}

/// Set to ALARM by hand, evaluated in the same second.
#[test]
fn of_two_changes_at_the_same_time_the_one_that_stays_was_the_last() {
    let both = restarting().enters_alarm(10).receives(change(AlarmState::Ok, at(10)), 10);
    assert_eq!(both.record.alarm_state(), Some(AlarmState::Alarm));
    let timeline = both.looks(&returned(AlarmState::Ok, 10), 15).ticks(20, 24 * 60);
    assert_eq!(timeline.announced, [(10, Action::AnnounceAlarm), (15, Action::AnnounceRecovered)]);
    assert_eq!(timeline.requested.len(), 1);
}

#[test]
fn an_alarm_deleted_while_in_alarm_ends_with_a_message_and_no_remedy() {
    let timeline = restarting().enters_alarm(0);
    let timeline = timeline.looks(&AlarmLookup::Missing, 60);
    assert_eq!(
        (timeline.announced.len(), labels(&timeline)),
        (1, ("already_announced", "not_found")),
        "once may be stale"
    );
    let timeline = (1..2000).fold(timeline, |timeline, n| timeline.looks(&AlarmLookup::Missing, 60 + n * 5));
    assert_eq!(timeline.announced, [(0, Action::AnnounceAlarm), (65, Action::AnnounceMissing)]);
    assert_eq!((timeline.requested.len(), labels(&timeline)), (1, ("missing", "not_found")));
}

#[test]
fn an_alarm_of_the_document_that_does_not_exist_is_announced_once() {
    let timeline = restarting().looks(&AlarmLookup::Missing, 0).looks(&returned(AlarmState::Ok, 1), 5);
    assert_eq!(timeline.announced, [], "just created");
    let timeline = timeline.looks(&AlarmLookup::Missing, 10).looks(&AlarmLookup::Missing, 15);
    let timeline = timeline.looks(&AlarmLookup::Missing, 20);
    assert_eq!(timeline.announced, [(15, Action::AnnounceMissing)]);
    let timeline = timeline.looks(&returned(AlarmState::InsufficientData, 21), 22);
    assert_eq!((timeline.announced.len(), timeline.record.announced.clone()), (1, AnnouncedState::Nothing));
    assert_eq!(timeline.enters_alarm(30).announced.last(), Some(&(30, Action::AnnounceAlarm)));
}

#[test]
fn an_alarm_that_changes_its_state_exists_whatever_cloudwatch_returns() {
    let timeline = restarting().looks(&AlarmLookup::Missing, 0).enters_alarm(1).looks(&AlarmLookup::Missing, 4);
    assert_eq!(timeline.announced, [(1, Action::AnnounceAlarm)]);
    let gone = timeline.looks(&AlarmLookup::Missing, 9);
    assert_eq!(gone.announced.last(), Some(&(9, Action::AnnounceMissing)));
    let back = gone.enters_alarm(20).looks(&AlarmLookup::Missing, 20);
    assert_eq!(back.announced.last(), Some(&(20, Action::AnnounceAlarm)));
}

#[test]
fn an_alarm_that_is_back_in_ok_is_not_announced_as_in_alarm() {
    let timeline = restarting().enters_alarm(0).looks(&AlarmLookup::Missing, 5).looks(&AlarmLookup::Missing, 10);
    let timeline = timeline.looks(&returned(AlarmState::InsufficientData, 14), 15);
    assert_eq!(timeline.announced, [(0, Action::AnnounceAlarm), (10, Action::AnnounceMissing)]);
    assert_eq!(timeline.requested.len(), 1);
}

#[test]
fn absence_while_the_stack_is_being_updated_is_no_evidence() {
    let mut timeline = restarting();
    timeline.record.record_stack_update(StackUpdate { at: at(0), in_progress: true });
    let timeline = timeline.looks(&AlarmLookup::Missing, 1).looks(&AlarmLookup::Missing, 6);
    assert_eq!(timeline.announced, []);
    let mut ended = timeline;
    ended.record.record_stack_update(StackUpdate { at: at(9), in_progress: false });
    assert_eq!(ended.looks(&AlarmLookup::Missing, 11).announced, [(11, Action::AnnounceMissing)]);
}

#[test]
fn a_rollback_needs_an_alarm_state_that_cloudwatch_confirms_with_data() {
    let timeline = |lookup: AlarmLookup| {
        let mut timeline = Timeline::with(RemedyPolicy::Rollback(RollbackPolicy::default())).released(3, 0);
        timeline.record.record_state_change(change(AlarmState::Alarm, at(5)));
        timeline.looks(&lookup, 6)
    };
    let AlarmLookup::Found(reading) = returned(AlarmState::Alarm, 5) else { panic!() };
    let by_hand = AlarmLookup::Found(Box::new(AlarmReading { has_data: false, ..*reading.clone() }));
    for (lookup, requested, why) in [
        (AlarmLookup::Found(reading), 1, "due"),
        (by_hand, 0, "set_by_hand"),
        (AlarmLookup::Failed, 0, "not_confirmed"),
        (returned(AlarmState::Ok, 0), 0, "not_confirmed"),
    ] {
        let timeline = timeline(lookup);
        assert_eq!((timeline.requested.len(), timeline.remedy_reason.label()), (requested, why));
        assert_eq!(timeline.announced, [(6, Action::AnnounceAlarm)], "{why}: it is announced");
    }
    // The next tick confirms it.
    let later = timeline(AlarmLookup::Failed).looks(&returned(AlarmState::Alarm, 5), 10);
    assert_eq!(later.requested.len(), 1);
}
