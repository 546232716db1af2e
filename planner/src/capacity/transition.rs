//! Follows a service between asleep and awake, so that people hear of the change when it has happened, and when it does
//! not happen. Pure.

use jiff::{SignedDuration, Timestamp};

use super::plan::{Action, Decision, Observed};
use super::record::State;
use crate::model::Strategy;

/// How long either way may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From the decision to sleep to the last task's end.
    pub drain: SignedDuration,
    /// From the decision to wake to the first healthy task.
    pub wake: SignedDuration,
}

/// What is worth telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The last task has ended.
    Asleep,
    /// Tasks still run, for longer than it should take.
    StillRunning {
        /// Since when it should sleep.
        since: Timestamp,
    },
    /// The first task is healthy.
    Awake {
        /// Since when it should be awake.
        since: Timestamp,
    },
    /// No task is healthy, for longer than it should take.
    NotAwake {
        /// Since when it should be awake.
        since: Timestamp,
    },
}

/// Where the service is now, given where it was, and what of that is news.
///
/// What was there before anybody looked is no news.
pub fn advance(
    before: Option<State>,
    asleep: bool,
    (running, healthy): (u32, u32),
    deadlines: Deadlines,
    now: Timestamp,
) -> (State, Option<Transition>) {
    let late = |since: Timestamp, deadlines: SignedDuration| now.duration_since(since) >= deadlines;
    match (before, asleep) {
        (None, true) if running == 0 => (State::Asleep { since: now }, None),
        (None, false) => (State::Awake { since: now }, None),
        (Some(State::Asleep { since }), true) => (State::Asleep { since }, None),
        (Some(State::Awake { since }), false) => (State::Awake { since }, None),

        (Some(State::Draining { .. }), true) if running == 0 => {
            (State::Asleep { since: now }, Some(Transition::Asleep))
        }
        (Some(State::Draining { since, told: false }), true) if late(since, deadlines.drain) => {
            (State::Draining { since, told: true }, Some(Transition::StillRunning { since }))
        }
        (Some(state @ State::Draining { .. }), true) => (state, None),
        (None | Some(State::Awake { .. } | State::Waking { .. }), true) if running == 0 => {
            (State::Asleep { since: now }, Some(Transition::Asleep))
        }
        (None | Some(State::Awake { .. } | State::Waking { .. }), true) => {
            (State::Draining { since: now, told: false }, None)
        }

        (Some(State::Waking { since, .. }), false) if healthy > 0 => {
            (State::Awake { since: now }, Some(Transition::Awake { since }))
        }
        (Some(State::Waking { since, told: false }), false) if late(since, deadlines.wake) => {
            (State::Waking { since, told: true }, Some(Transition::NotAwake { since }))
        }
        (Some(state @ State::Waking { .. }), false) => (state, None),
        (Some(State::Asleep { .. } | State::Draining { .. }), false) if healthy > 0 => {
            (State::Awake { since: now }, Some(Transition::Awake { since: now }))
        }
        (Some(State::Asleep { .. } | State::Draining { .. }), false) => {
            (State::Waking { since: now, told: false }, None)
        }
    }
}

/// How tasks moved between capacity providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderChange {
    /// From Spot to on demand.
    ToOnDemand,
    /// To Spot.
    ToSpot,
}

/// What changed since the placement was last told. What was there before anybody looked is no news.
pub fn provider_change(before: Option<&Strategy>, now: &Strategy) -> Option<ProviderChange> {
    match (before?, now) {
        (Strategy::Spot { .. }, Strategy::OnDemand) => Some(ProviderChange::ToOnDemand),
        (Strategy::OnDemand | Strategy::Other(_), Strategy::Spot { .. }) => Some(ProviderChange::ToSpot),
        (Strategy::Other(_), Strategy::OnDemand) => Some(ProviderChange::ToOnDemand),
        (Strategy::OnDemand, Strategy::OnDemand)
        | (Strategy::Spot { .. }, Strategy::Spot { .. })
        | (_, Strategy::Other(_)) => None,
    }
}

impl Decision {
    /// Should the service sleep once this is done? `None` when nobody here may say.
    pub fn asleep(&self, observed: &Observed) -> Option<bool> {
        match &self.action {
            Action::HandsOff => None,
            Action::Set(capacity) => Some(capacity.bounds.max == 0),
            Action::Keep => Some(observed.bounds.map_or(observed.desired == 0, |bounds| bounds.max == 0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    use super::*;

    const DEADLINES: Deadlines =
        Deadlines { drain: SignedDuration::from_mins(30), wake: SignedDuration::from_mins(15) };

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    /// Plays looks `(minute, asleep, running, healthy)`; returns what was told, with the minute.
    fn told(looks: &[(i64, bool, u32, u32)]) -> Vec<(i64, Transition)> {
        let mut state = None;
        let mut told = Vec::new();
        for (minute, asleep, running, healthy) in looks {
            let (next, transition) = advance(state, *asleep, (*running, *healthy), DEADLINES, at(*minute));
            state = Some(next);
            told.extend(transition.map(|transition| (*minute, transition)));
        }
        told
    }

    #[test]
    fn a_night_is_told_when_the_last_task_ended_and_the_morning_when_the_first_is_healthy() {
        let looks = [
            (0, false, 1, 1),
            (5, true, 1, 1),
            (10, true, 0, 0),
            (15, true, 0, 0),
            (20, false, 0, 0),
            (25, false, 1, 0),
            (30, false, 1, 1),
            (35, false, 1, 1),
        ];
        assert_eq!(told(&looks), [(10, Transition::Asleep), (30, Transition::Awake { since: at(20) })]);
    }

    #[test]
    fn what_takes_too_long_is_told_once_and_its_end_all_the_same() {
        let looks = [(0, false, 1, 1), (5, true, 1, 1), (35, true, 1, 1), (40, true, 1, 1), (45, true, 0, 0)];
        assert_eq!(told(&looks), [(35, Transition::StillRunning { since: at(5) }), (45, Transition::Asleep)]);
        let looks = [(0, true, 0, 0), (5, false, 0, 0), (20, false, 1, 0), (25, false, 1, 0), (30, false, 1, 1)];
        assert_eq!(
            told(&looks),
            [(20, Transition::NotAwake { since: at(5) }), (30, Transition::Awake { since: at(5) })]
        );
    }

    #[test]
    fn what_was_there_before_anybody_looked_is_no_news() {
        assert_eq!(told(&[(0, true, 0, 0), (5, true, 0, 0)]), []);
        assert_eq!(told(&[(0, false, 0, 0), (5, false, 1, 1)]), []);
        assert_eq!(provider_change(None, &Strategy::OnDemand), None);
    }

    #[test]
    fn moves_are_told_by_where_the_tasks_were_last_told_to_be() {
        let spot = Strategy::Spot { base: 0 };
        assert_eq!(provider_change(Some(&spot), &Strategy::OnDemand), Some(ProviderChange::ToOnDemand));
        assert_eq!(provider_change(Some(&Strategy::OnDemand), &spot), Some(ProviderChange::ToSpot));
        assert_eq!(provider_change(Some(&spot), &spot), None);
    }

    proptest! {
        #[test]
        fn the_state_is_what_is_wanted_and_the_same_look_again_is_no_news(
            looks in prop::collection::vec((1i64..20, any::<bool>(), 0u32..3, 0u32..3), 1..60)
        ) {
            let (mut state, mut minute) = (None, 0);
            for (gap, asleep, running, healthy) in looks {
                minute += gap;
                let seen = (running, healthy.min(running));
                let (next, _) = advance(state, asleep, seen, DEADLINES, at(minute));
                let sleeps = matches!(next, State::Asleep { .. } | State::Draining { .. });
                prop_assert_eq!(sleeps, asleep);
                prop_assert_eq!(advance(Some(next), asleep, seen, DEADLINES, at(minute)), (next, None));
                state = Some(next);
            }
        }
    }
}
