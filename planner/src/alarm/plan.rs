//! The state machine of one alarm: what is known of it against what people were told.

use jiff::Timestamp;

use super::explain::explain;
use super::policy::{AlarmPolicy, Gap};
use super::reason::Reason;
use super::remedy::{Treatment, Why, treat};
use super::sighting::Value;
use super::state::{Record, State};
use crate::capacity::{self, Expiry, Facts};
use crate::fleet::ServicePolicy;
use crate::rollout;

/// The service that an alarm is about.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// What is wanted of it.
    pub policy: &'a ServicePolicy,
    /// What was seen of it.
    pub seen: &'a Seen,
}

/// What was seen of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Number of tasks it should run.
    pub desired: u32,
    /// Number of tasks it runs.
    pub running: u32,
    /// What is remembered of its capacity.
    pub capacity: capacity::Record,
    /// What is remembered of its images.
    pub rollout: rollout::Record,
}

/// What to tell, what to remember of that, and what to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What to tell, and why.
    pub decision: Decision,
    /// What people are told then.
    pub state: State,
    /// The remedy, and why.
    pub treatment: Treatment,
}

/// What to tell, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to tell.
    pub action: Action,
    /// Why.
    pub reason: Reason,
}

/// What to tell of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Keep,
    /// Nothing, and write down why.
    Record,
    /// That it rings.
    Announce,
    /// That it comes and goes, and that nothing more is told until it is quiet.
    Mute,
    /// How often it came and went.
    SumUp,
    /// That it is over, and how long it lasted.
    Resolve,
    /// That it gets no data.
    Miss,
    /// That it gets data again.
    Find,
}

impl Action {
    /// Stable name for logs, metrics and responses.
    pub fn label(self) -> &'static str {
        match self {
            Action::Keep => "keep",
            Action::Record => "record",
            Action::Announce => "announce",
            Action::Mute => "mute",
            Action::SumUp => "sum_up",
            Action::Resolve => "resolve",
            Action::Miss => "miss",
            Action::Find => "find",
        }
    }
}

/// Decides what is told of one alarm now, and which remedy is due.
pub fn plan(policy: &AlarmPolicy, watched: Option<&Watched<'_>>, record: &Record, now: Timestamp) -> Plan {
    let (action, reason, state) = tell(policy, watched, record, now);
    // What was told before may be explained by now: a service that was put to sleep needs no more tasks.
    let treatment = match record.ringing_since() {
        None => Treatment::none(Why::NotRinging),
        Some(_) if explain(policy, watched, record, now).is_some() => Treatment::none(Why::Explained),
        Some(since) => treat(policy, watched, record, since, now),
    };
    Plan { decision: Decision { action, reason }, state, treatment }
}

fn tell(
    policy: &AlarmPolicy,
    watched: Option<&Watched<'_>>,
    record: &Record,
    now: Timestamp,
) -> (Action, Reason, State) {
    let Some(sighting) = &record.sighting else { return (Action::Keep, Reason::Unheard, State::Quiet) };
    let state = record.state.clone();
    match (sighting.value, state) {
        (Value::Alarm, state) => rings(policy, watched, record, state, record.ringing_since().unwrap_or(now), now),
        (_, State::Flapping { since }) => match sighting.at + policy.flapping.quiet() <= now {
            true => {
                let rings = record.rings.iter().filter(|ring| **ring >= since).count();
                (Action::SumUp, Reason::Settled { since, until: sighting.at, rings }, State::Quiet)
            }
            false => (Action::Keep, Reason::StillFlaps { since }, State::Flapping { since }),
        },
        (_, State::Explained { by, .. }) => (Action::Record, Reason::ExplainedOver { by }, State::Quiet),
        (Value::Ok, State::Announced { since }) => {
            (Action::Resolve, Reason::Over { since, until: sighting.at }, State::Quiet)
        }
        (Value::Ok, State::Blind { since }) => (Action::Find, Reason::Sees { since }, State::Quiet),
        (Value::Ok, State::Quiet) => (Action::Keep, Reason::Quiet, State::Quiet),
        (Value::InsufficientData, State::Quiet) if policy.insufficient_data == Gap::News => {
            match explain(policy, watched, record, now) {
                Some(by) => (Action::Keep, Reason::Explained { by }, State::Quiet),
                None => (Action::Miss, Reason::Blind { since: sighting.at }, State::Blind { since: sighting.at }),
            }
        }
        // Without data nobody knows whether it is over.
        (Value::InsufficientData, State::Announced { since }) => {
            (Action::Keep, Reason::NoData, State::Announced { since })
        }
        (Value::InsufficientData, state) => (Action::Keep, Reason::NoData, state),
    }
}

/// It rings since `since`.
fn rings(
    policy: &AlarmPolicy,
    watched: Option<&Watched<'_>>,
    record: &Record,
    state: State,
    since: Timestamp,
    now: Timestamp,
) -> (Action, Reason, State) {
    match state {
        State::Flapping { since: first } if since + policy.flapping.quiet() <= now => {
            (Action::Announce, Reason::Steady { since, first }, State::Announced { since })
        }
        State::Flapping { since: first } => {
            (Action::Keep, Reason::StillFlaps { since: first }, State::Flapping { since: first })
        }
        State::Announced { since: told } if told >= since => {
            (Action::Keep, Reason::Known { since: told }, State::Announced { since: told })
        }
        state => {
            let times = record.rings_within(policy.flapping.within(), now).count();
            if let (true, Some(first)) = (
                u32::try_from(times).unwrap_or(u32::MAX) >= policy.flapping.times,
                record.rings_within(policy.flapping.within(), now).min(),
            ) {
                // Explained rings are nobody's news, however often they come.
                if let Some(by) = explain(policy, watched, record, now) {
                    return explained(state, since, by);
                }
                let minutes = u32::try_from(now.duration_since(first).as_mins().max(1)).unwrap_or(u32::MAX);
                return (Action::Mute, Reason::Flaps { rings: times, minutes }, State::Flapping { since: first });
            }
            match (state, explain(policy, watched, record, now)) {
                // That it was over in between was not heard of: to people it is one ring.
                (State::Announced { since: told }, _) => {
                    (Action::Keep, Reason::Known { since: told }, State::Announced { since: told })
                }
                (state, Some(by)) => explained(state, since, by),
                (State::Explained { by: was, .. }, None) => {
                    (Action::Announce, Reason::Unexplained { since, was }, State::Announced { since })
                }
                (State::Quiet | State::Blind { .. } | State::Flapping { .. }, None) => {
                    (Action::Announce, Reason::Rings { since }, State::Announced { since })
                }
            }
        }
    }
}

fn explained(before: State, since: Timestamp, by: super::Explanation) -> (Action, Reason, State) {
    let known = matches!(&before, State::Explained { by: known, .. } if *known == by);
    let action = if known { Action::Keep } else { Action::Record };
    (action, Reason::Explained { by: by.clone() }, State::Explained { since, by })
}

impl Watched<'_> {
    /// Everything that is wanted of the service's capacity, the freeze included.
    pub(super) fn facts(&self) -> Facts {
        let frozen = self.seen.rollout.frozen.as_ref();
        let frozen = frozen.map(|freeze| Expiry { at: freeze.until, by: freeze.by.clone() });
        Facts { frozen, ..self.seen.capacity.facts.clone() }
    }
}
