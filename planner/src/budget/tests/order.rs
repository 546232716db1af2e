//! In whatever order notices arrive, and however often: the same tier is in force in the end.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::fixtures::*;
use crate::budget::*;

/// Plausible increase in cents for each day of a month.
fn days() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(500i64..3_500, 20)
}

fn total(days: &[i64], day: usize) -> i64 {
    15_000 + days[..day].iter().sum::<i64>()
}

/// The notices of a month: one for each threshold, sent when the figure passed it.
fn messages(days: &[i64]) -> Vec<Notice> {
    let thresholds = [25_000, 40_000, 45_000, 47_500, 50_000];
    let passed = |threshold: i64| {
        let day = (1..=days.len()).find(|day| total(days, *day) > threshold)?;
        Some(notice(threshold, total(days, day), at(10 + day as i64, 12)))
    };
    thresholds.into_iter().filter_map(passed).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn the_same_notices_in_any_order_lead_to_the_same_record(
        days in days(), order in Just((0..15usize).collect::<Vec<_>>()).prop_shuffle(), forecast in any::<bool>(),
    ) {
        // All of them come on the last day, each up to three times.
        let end = (1..=19).fold(Timeline::calm(), |timeline, day| timeline.spent(total(&days, day)).on(10 + day as i64, 12).tick());
        let end = end.spent(total(&days, 20)).on(30, 13);
        let mut notices: Vec<Notice> = messages(&days);
        if forecast {
            notices.push(Notice { kind: NoticeKind::Forecasted, ..notice(50_000, 70_000, at(20, 1)) });
        }
        let deliver = |timeline: Timeline, notice: &Notice| timeline.given(&Input::Notice(notice.clone()));
        let straight = notices.iter().fold(end.clone(), deliver);
        let shuffled = order.iter().filter_map(|n| notices.get(n % 5)).fold(end.clone(), deliver);
        let ticked = end.tick();
        prop_assert_eq!(&straight.record, &ticked.record);
        if !notices.is_empty() {
            prop_assert_eq!(&shuffled.record, &ticked.record);
        }
    }

    #[test]
    fn late_lost_or_duplicate_notices_change_nothing_that_lasts(
        days in days(), delays in prop::collection::vec(prop::option::of(0i64..120), 10), unreachable in prop::collection::vec(any::<bool>(), 20),
    ) {
        let notices = messages(&days);
        let arrivals: Vec<(usize, Notice)> = delays.iter().enumerate().filter_map(|(n, delay)| {
            let notice = notices.get(n % 5)?.clone();
            Some((usize::try_from((notice.at + SignedDuration::from_hours((*delay)?)).duration_since(at(10, 0)).as_hours()).unwrap(), notice))
        }).collect();
        let play = |with: bool| {
            (1..=20 * 24 - 1).fold(Timeline::calm(), |timeline, hour| {
                let day = hour / 24;
                let timeline = timeline.spent(total(&days, day.min(20))).on(10, hour as i64);
                let timeline = if with && unreachable[day.min(19)] && hour % 24 < 20 { timeline.unreachable() } else { timeline };
                let timeline = timeline.tick();
                arrivals.iter().filter(|(at, _)| with && *at == hour).fold(timeline, |timeline, (_, notice)| timeline.given(&Input::Notice(notice.clone())))
            })
        };
        let (with, without) = (play(true), play(false));
        prop_assert_eq!(with.restrictions(), without.restrictions());
        prop_assert_eq!(with.record, without.record);
    }

    #[test]
    fn within_a_day_only_an_engineer_or_a_higher_limit_ends_a_tier(
        figures in prop::collection::vec(prop_oneof![0i64..60_000, Just(9_000_000_000_000i64)], 1..24), reachable in prop::collection::vec(any::<bool>(), 40),
    ) {
        let mut timeline = Timeline::calm();
        let mut highest = None;
        for (n, figure) in figures.iter().enumerate() {
            timeline = timeline.on(11, n as i64).spent(*figure);
            timeline = if reachable[n] { timeline.tick() } else { timeline.unreachable().notified(40_000, *figure) };
            prop_assert!(timeline.record.tier >= highest);
            prop_assert!(timeline.record.percent() <= 120);
            highest = timeline.record.tier;
            // Deciding again at once announces nothing new, except that AWS Budgets does not answer.
            let again = timeline.clone().forget().tick();
            prop_assert!(again.announced.iter().all(|label| label == "unreachable"), "{:?}", again.announced);
            let but_for_silence = |record: &Record| Record { silence: None, ..record.clone() };
            prop_assert_eq!(but_for_silence(&again.record), but_for_silence(&timeline.record));
        }
    }
}
