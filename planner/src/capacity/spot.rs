//! Whether Spot is worth trying: a state machine with a hold-down that doubles.
//!
//! Weights of a capacity provider strategy do not fail over: a service on FARGATE_SPOT runs fewer tasks while Spot has no
//! capacity. A shortage therefore moves the whole service to on-demand, once, and back after a hold-down.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The hold-down after the first shortage; each further one doubles it.
const FIRST_HOLD_DOWN: SignedDuration = SignedDuration::from_mins(60);
/// Doubling stops here, so that Spot is tried twice a day.
const LONGEST_HOLD_DOWN: SignedDuration = SignedDuration::from_hours(12);
/// After so long without a shortage the hold-down starts from the first again.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// So many interruptions within [`BURST`] are a shortage, of a large service a quarter of its tasks; a single one is
/// normal for Spot.
const INTERRUPTIONS: u32 = 3;
const BURST: SignedDuration = SignedDuration::from_mins(30);
/// At most so many returns to Spot a day: each is a full replacement of tasks.
const RETURNS_A_DAY: usize = 4;

/// How Spot has behaved for one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpotState {
    /// The hold-down ends then: Spot is not tried before.
    pub retry_at: Option<Timestamp>,
    /// Did the last hold-down begin with a shortage, rather than with a move that failed for another reason?
    pub no_capacity: bool,
    /// Length of the last hold-down, in minutes.
    pub hold_down_minutes: u32,
    /// When Spot last had a shortage.
    pub shortage_at: Option<Timestamp>,
    /// Tasks that were interrupted in the last half hour, by ARN; a repeated event counts once.
    pub interruptions: BTreeMap<String, Timestamp>,
    /// When Spot last interrupted a task.
    pub interrupted_at: Option<Timestamp>,
    /// Ends of hold-downs of the last day.
    pub returns: Vec<Timestamp>,
}

/// An event about Spot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpotEvent {
    /// ECS could not place a task *on FARGATE_SPOT*. The same event for FARGATE is no shortage of Spot.
    NoCapacity,
    /// A task got its two-minute interruption notice.
    Interrupted {
        /// ARN of the task.
        task: String,
    },
}

impl SpotState {
    /// May a service run on Spot at `now`?
    pub fn available(&self, now: Timestamp) -> bool {
        self.retry_at.is_none_or(|at| at <= now)
    }

    /// The state after `event` of a service of so many tasks. The same event again during a hold-down changes nothing.
    pub fn after(&self, event: SpotEvent, tasks: u32, now: Timestamp) -> SpotState {
        let mut next = self.lately(now);
        if let SpotEvent::Interrupted { task } = &event
            && !self.interruptions.contains_key(task)
        {
            next.interrupted_at = Some(now);
        }
        if !self.available(now) {
            return next;
        }
        if let SpotEvent::Interrupted { task } = event {
            next.interruptions.entry(task).or_insert(now);
            if next.interruptions.len() < INTERRUPTIONS.max(tasks.div_ceil(4)) as usize {
                return next;
            }
        }
        SpotState { no_capacity: true, ..next.held_down(now) }
    }

    /// The state after a move of the tasks to Spot has failed, for whatever reason.
    pub(super) fn after_failed_move(&self, now: Timestamp) -> SpotState {
        let next = self.lately(now);
        if self.available(now) { SpotState { no_capacity: false, ..next.held_down(now) } } else { next }
    }

    /// Without what is forgotten at `now`.
    fn lately(&self, now: Timestamp) -> SpotState {
        let mut next = self.clone();
        next.interruptions.retain(|_, at| *at + BURST > now);
        next.returns.retain(|at| *at + FORGET_AFTER > now);
        next
    }

    /// A hold-down begins at `now`.
    fn held_down(mut self, now: Timestamp) -> SpotState {
        let quiet = self.shortage_at.is_none_or(|at| at + FORGET_AFTER <= now);
        let hold = match quiet {
            true => FIRST_HOLD_DOWN,
            false => SignedDuration::from_mins(i64::from(self.hold_down_minutes) * 2)
                .clamp(FIRST_HOLD_DOWN, LONGEST_HOLD_DOWN),
        };
        // Out of returns for the day: wait until the oldest of them is a day old.
        let spent = self.returns.len() >= RETURNS_A_DAY;
        let day_over = self.returns.first().filter(|_| spent).map(|first| *first + FORGET_AFTER);
        let retry_at = day_over.map_or(now + hold, |day_over| day_over.max(now + hold));
        self.retry_at = Some(retry_at);
        self.hold_down_minutes = hold.as_mins().try_into().unwrap_or(u32::MAX);
        self.shortage_at = Some(now);
        self.interruptions.clear();
        self.returns.push(retry_at);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn the_hold_down_doubles_up_to_twelve_hours_and_a_quiet_day_resets_it() {
        let mut state = SpotState::default();
        let mut now = at(0);
        let mut holds = Vec::new();
        for _ in 0..4 {
            state = state.after(SpotEvent::NoCapacity, 1, now);
            holds.push(state.hold_down_minutes);
            now = state.retry_at.unwrap();
            assert!(state.available(now) && !state.available(now - SignedDuration::from_secs(1)));
        }
        assert_eq!(holds, [60, 120, 240, 480]);
        state = state.after(SpotEvent::NoCapacity, 1, now);
        assert_eq!(state.hold_down_minutes, 720);
        let quiet = state.retry_at.unwrap() + FORGET_AFTER;
        assert_eq!(state.after(SpotEvent::NoCapacity, 1, quiet).hold_down_minutes, 60);
    }

    fn interrupted(task: &str) -> SpotEvent {
        SpotEvent::Interrupted { task: task.into() }
    }

    #[test]
    fn one_interruption_changes_nothing_and_three_in_half_an_hour_do() {
        let one = SpotState::default().after(interrupted("a"), 1, at(0));
        assert!(one.available(at(0)));
        let spread = one.after(interrupted("b"), 1, at(20)).after(interrupted("c"), 1, at(40));
        assert!(spread.available(at(40)), "the first was forgotten");
        let burst = one.after(interrupted("b"), 1, at(10)).after(interrupted("c"), 1, at(20));
        assert!(!burst.available(at(20)));
    }

    #[test]
    fn of_fifty_tasks_three_interruptions_are_normal_and_a_quarter_is_a_shortage() {
        let after = |n: u32| {
            (0..n).fold(SpotState::default(), |state, task| state.after(interrupted(&task.to_string()), 50, at(1)))
        };
        assert!(after(3).available(at(1)) && after(12).available(at(1)));
        assert!(!after(13).available(at(1)));
        assert_eq!(after(3).interrupted_at, Some(at(1)));
    }

    #[test]
    fn one_interruption_reported_ten_times_is_one_interruption() {
        let state = (0..10).fold(SpotState::default(), |state, minute| state.after(interrupted("a"), 1, at(minute)));
        assert!(state.available(at(10)) && state.interruptions.len() == 1);
    }

    #[test]
    fn one_shortage_reported_ten_times_is_one_shortage() {
        let once = SpotState::default().after(SpotEvent::NoCapacity, 1, at(0));
        let mut state = once.clone();
        for minute in 1..10 {
            state = state.after(SpotEvent::NoCapacity, 1, at(minute));
        }
        assert_eq!(state, once);
    }

    #[test]
    fn returns_are_few_a_day() {
        let (mut state, mut now, mut day) = (SpotState::default(), at(0), Vec::new());
        while now < at(24 * 60) {
            state = state.after(SpotEvent::NoCapacity, 1, now);
            now = state.retry_at.unwrap();
            day.push(now);
        }
        assert!(day.len() <= RETURNS_A_DAY + 1, "{day:?}");
    }
}
