//! State changes in any order and more than once: the record is the same in the end.

use proptest::prelude::*;

use super::fixtures::*;
use crate::alarm::*;

/// A day of an alarm: gaps in minutes, ALARM and OK in turn.
fn day() -> impl Strategy<Value = Vec<StateChange>> {
    prop::collection::vec(1i64..90, 2..16).prop_map(|gaps| {
        let mut minute = 0;
        let change = |(n, gap): (usize, &i64)| {
            minute += gap;
            let value = if n % 2 == 0 { AlarmState::Alarm } else { AlarmState::Ok };
            change(value, at(minute))
        };
        gaps.iter().enumerate().map(change).collect()
    })
}

fn minute(change: &StateChange) -> i64 {
    change.at.duration_since(at(0)).as_mins()
}

fn remedy() -> impl Strategy<Value = RemedyPolicy> {
    prop_oneof![
        Just(RemedyPolicy::None),
        Just(scale(ScaleTarget::Add(1))),
        Just(scale(ScaleTarget::Count(5))),
        Just(RemedyPolicy::Restart(RestartPolicy::default())),
        Just(RemedyPolicy::Rollback(RollbackPolicy::default())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_same_changes_in_any_order_and_doubled_leave_the_same_record(
        day in day(), order in Just((0..32usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut straight = Record::default();
        for change in &day {
            straight.record_state_change(change.clone());
        }
        let mut shuffled = Record::default();
        // Each arrives twice; the shuffle decides when.
        for n in order {
            if let Some(change) = day.get(n % 16) {
                shuffled.record_state_change(change.clone());
            }
        }
        prop_assert_eq!(&shuffled, &straight);
    }

    #[test]
    fn late_and_doubled_changes_never_leave_an_announcement_open_or_closed_wrongly(
        day in day(), order in Just((0..32usize).collect::<Vec<_>>()).prop_shuffle(), remedy in remedy(),
    ) {
        let last = day.last().unwrap().clone();
        let mut timeline = Timeline::with(remedy);
        for n in order {
            if let Some(change) = day.get(n % 16) {
                timeline = timeline.receives(change.clone(), minute(change));
            }
        }
        let timeline = timeline.ticks(minute(&last), minute(&last) + 60);
        let open = !matches!(timeline.record.announced, AnnouncedState::Nothing);
        prop_assert_eq!(open, last.state == AlarmState::Alarm, "{:?}", timeline.record.announced);
    }

    #[test]
    fn reconciling_again_at_once_announces_and_requests_nothing(day in day(), remedy in remedy(), grace in 0u32..40) {
        let mut timeline = Timeline::with(remedy).graced(grace).released(3, 5);
        for change in &day {
            timeline = timeline.receives(change.clone(), minute(change));
            let (announced, requested) = (timeline.announced.len(), timeline.requested.len());
            timeline = timeline.reconciles(minute(change));
            prop_assert_eq!((timeline.announced.len(), timeline.requested.len()), (announced, requested));
            prop_assert!(!timeline.plan().decision.reason.to_string().is_empty());
            prop_assert!(!timeline.remedy_reason.to_string().is_empty());
        }
    }

    #[test]
    fn every_announcement_is_closed_before_the_next(day in day()) {
        let timeline = day.iter().fold(Timeline::with(RemedyPolicy::None), |timeline, change| timeline.receives(change.clone(), minute(change)).ticks(minute(change), minute(change)));
        let mut open = false;
        for (_, action) in &timeline.announced {
            match action {
                Action::AnnounceAlarm => { prop_assert!(!open); open = true }
                Action::AnnounceRecovered | Action::AnnounceStable => { prop_assert!(open); open = false }
                Action::AnnounceFlapping => open = true,
                Action::Keep | Action::Record | Action::AnnounceMissing | Action::AnnounceNoData | Action::AnnounceDataBack => prop_assert!(false),
            }
        }
    }

    #[test]
    fn remedies_stay_within_their_daily_limit_and_bounds(day in day(), remedy in remedy(), desired in 1u32..8, max_tasks in 1u32..8) {
        let mut timeline = Timeline::with(remedy.clone()).runs(desired).max_tasks(max_tasks).released(3, 5);
        let mut from = 0;
        for change in &day {
            timeline = timeline.ticks(from, minute(change)).receives(change.clone(), minute(change));
            from = minute(change);
        }
        let fresh = timeline.requested.iter().filter(|(_, action)| !matches!(action, RemedyAction::Scale(ScaleAction { extends: true, .. })));
        let daily = match remedy { RemedyPolicy::None => 0, RemedyPolicy::Scale(_) => 2, RemedyPolicy::Restart(_) => 3, RemedyPolicy::Rollback(_) => 1 };
        prop_assert!(fresh.count() <= daily);
        for (_, action) in &timeline.requested {
            if let RemedyAction::Scale(ScaleAction { boost, .. }) = action {
                prop_assert!(boost.min <= 6 && boost.min <= max_tasks.max(2) && boost.min > desired);
            }
        }
    }
}
