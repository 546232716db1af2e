//! What the ledger remembers of one alarm.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::explain::Explanation;
use super::plan::Plan;
use super::reason::Reason;
use super::remedy::Step;
use super::sighting::{Sighting, Value};

/// How many rings are remembered; the oldest goes first.
const RINGS: usize = 32;
/// How many remedies are remembered; the oldest goes first.
const TAKEN: usize = 24;
/// The span of the daily limit: any 24 hours, so that midnight makes no difference.
pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How long a stack update may go without an end before it explains nothing any more.
const LONGEST_UPDATE: SignedDuration = SignedDuration::from_hours(1);

/// Everything that is remembered of one alarm; one item of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The newest state change that was heard of.
    pub sighting: Option<Sighting>,
    /// When it began to ring, newest first.
    pub rings: Vec<Timestamp>,
    /// What people were told.
    pub state: State,
    /// When it was last said that it does not come and go any more; rings before that are not counted again.
    pub settled: Option<Timestamp>,
    /// A remedy that an invocation has in its hands.
    pub pending: Option<Pending>,
    /// Remedies that were asked for, newest first.
    pub taken: Vec<Taken>,
    /// More tasks that were asked for because it rings.
    pub boost: Option<Boosted>,
    /// The last update of the stack that has the services.
    pub updating: Option<Updating>,
}

/// What people were told of an alarm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing that is still true.
    #[default]
    Quiet,
    /// Nothing: the plan explains why it rings.
    Explained {
        /// Since when it rings.
        since: Timestamp,
        /// What explains it.
        by: Explanation,
    },
    /// That it rings.
    Announced {
        /// Since when it rings.
        since: Timestamp,
    },
    /// That it comes and goes, and that nothing more is told until it is quiet.
    Flapping {
        /// When the first of these rings began.
        since: Timestamp,
    },
    /// That it gets no data.
    Blind {
        /// Since when.
        since: Timestamp,
    },
}

/// A remedy that an invocation has in its hands; after the lease another may take it over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// What is to be asked for.
    pub step: Step,
    /// When it was claimed.
    pub at: Timestamp,
}

/// A remedy that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// When.
    pub at: Timestamp,
    /// What: the label of the step.
    pub what: String,
    /// The deployment it was about.
    #[serde(default)]
    pub deployment: Option<String>,
}

/// More tasks that were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boosted {
    /// Least number of tasks.
    pub min: u32,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// An update of the stack that has the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Updating {
    /// When its state last changed.
    pub at: Timestamp,
    /// Is it still on its way?
    pub on_its_way: bool,
}

/// What a state change brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The alarm is known to be in another state now.
    News,
    /// It was known, or something newer is.
    Known,
}

impl Record {
    /// Takes a state change in, in whatever order and however often they come.
    pub fn hear(&mut self, sighting: Sighting) -> Heard {
        let rings = sighting.value == Value::Alarm && sighting.previous != Some(Value::Alarm);
        if rings && !self.rings.contains(&sighting.at) {
            self.rings.push(sighting.at);
            self.rings.sort_unstable_by(|one, other| other.cmp(one));
            self.rings.truncate(RINGS);
        }
        let newer = |known: &Sighting| (sighting.at, sighting.value) > (known.at, known.value);
        match &self.sighting {
            Some(known) if !newer(known) => Heard::Known,
            known => {
                let same = known.as_ref().is_some_and(|known| known.value == sighting.value);
                self.sighting = Some(sighting);
                if same { Heard::Known } else { Heard::News }
            }
        }
    }

    /// Takes in how an update of the stack goes.
    pub fn hear_update(&mut self, update: Updating) -> Heard {
        match self.updating {
            Some(known) if known.at >= update.at => Heard::Known,
            _ => {
                self.updating = Some(update);
                Heard::News
            }
        }
    }

    /// The state of the alarm, if anything was heard of it.
    pub fn value(&self) -> Option<Value> {
        self.sighting.as_ref().map(|sighting| sighting.value)
    }

    /// Since when it rings, while it does.
    pub fn ringing_since(&self) -> Option<Timestamp> {
        let sighting = self.sighting.as_ref().filter(|sighting| sighting.value == Value::Alarm)?;
        // A ring whose beginning was not heard of began no later than it was heard.
        Some(self.rings.first().copied().filter(|ring| *ring <= sighting.at).unwrap_or(sighting.at))
    }

    /// Rings that began within `span` before `now`.
    pub fn rings_within(&self, span: SignedDuration, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let settled = self.settled;
        self.rings.iter().copied().filter(move |ring| *ring + span > now && settled.is_none_or(|at| *ring > at))
    }

    /// Remedies of this kind within a day before `now`.
    pub fn taken_today(&self, what: &str, now: Timestamp) -> usize {
        self.taken.iter().filter(|taken| taken.what == what && taken.at + DAY > now).count()
    }

    /// When the last remedy of this kind was asked for.
    pub fn last_taken(&self, what: &str) -> Option<&Taken> {
        self.taken.iter().find(|taken| taken.what == what)
    }

    /// Remembers what people are told now.
    pub fn told(&mut self, plan: &Plan, now: Timestamp) {
        self.state = plan.state.clone();
        if matches!(plan.decision.reason, Reason::Settled { .. } | Reason::Steady { .. }) {
            self.settled = Some(now);
        }
    }

    /// Remembers that a step was asked for.
    pub fn took(&mut self, step: &Step, now: Timestamp) {
        self.pending = None;
        match step {
            Step::Boost { boost, extends } => {
                let since = self.boost.filter(|_| *extends).map_or(now, |known| known.since);
                self.boost = Some(Boosted { min: boost.min, since, until: boost.expiry.at });
                if *extends {
                    return;
                }
            }
            Step::Restart | Step::Rollback { .. } => {}
        }
        let deployment = match step {
            Step::Rollback { deployment, .. } => Some(deployment.clone()),
            Step::Boost { .. } | Step::Restart => None,
        };
        self.taken.insert(0, Taken { at: now, what: step.label().to_owned(), deployment });
        self.taken.truncate(TAKEN);
    }

    /// The stack update that may explain noise until `grace` after it ended.
    pub(super) fn update_within(&self, grace: SignedDuration, now: Timestamp) -> Option<Updating> {
        let longest = |update: &Updating| if update.on_its_way { LONGEST_UPDATE.max(grace) } else { grace };
        self.updating.filter(|update| update.at + longest(update) > now)
    }
}
