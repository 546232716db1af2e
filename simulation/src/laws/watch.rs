//! What the laws remember of a run, and how one of them is broken.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

use serde_json::Value;

use super::remembered::{Announcements, Asleep, Effects, Held, Letters, Orders, Sends};
use crate::engine::Engine;
use crate::people::{Act, Plan};
use crate::weather::Weather;

/// A law that was broken.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Its name.
    pub law: &'static str,
    /// When.
    pub at: Timestamp,
    /// How.
    pub how: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.law, self.how)
    }
}

/// What laws remember of a run, and how often each was met.
#[derive(Debug, Default)]
pub struct Watch {
    /// How often each law had something to look at.
    pub met: BTreeMap<&'static str, u64>,
    pub(super) images: Images,
    pub(super) messages: Messages,
    pub(super) calls: Calls,
    pub(super) progress: Progress,
    pub(super) gates: Gates,
    pub(super) held: Held,
    pub(super) effects: Effects,
    pub(super) orders: Orders,
    pub(super) letters: Letters,
    pub(super) announcements: Announcements,
    pub(super) asleep: Asleep,
    /// What open invocations have sent, by their numbers.
    pub(super) waiting: BTreeMap<u64, Sends>,
    /// Every item of the ledger by its keys, as it was written last.
    pub(super) items: BTreeMap<(String, String), Rc<Value>>,
}

impl Watch {
    /// For one run.
    pub fn new(plan: &Plan) -> Watch {
        let (messages, progress) = (Messages::new(plan), Progress::new(plan));
        Watch { messages, progress, ..Watch::default() }
    }

    pub(super) fn meets(&mut self, law: &'static str) {
        *self.met.entry(law).or_default() += 1;
    }
}

pub(super) fn broken(engine: &Engine, law: &'static str, how: impl Into<String>) -> Broken {
    Broken { law, at: engine.now(), how: how.into() }
}

/// What is remembered of calls.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) by_invocation: BTreeMap<u64, usize>,
    /// By invocation: who asks for it, where it is a request.
    pub(super) causes: BTreeMap<u64, String>,
    /// Deployments that functions started, by service: when, by which invocation, and what for.
    pub(super) deployments: BTreeMap<String, Vec<(Timestamp, u64, String)>>,
    /// When ECS refused a move, by service and strategy.
    pub(super) refused: BTreeMap<String, Vec<Timestamp>>,
}

/// What is remembered of images.
#[derive(Debug, Default)]
pub(super) struct Images {
    /// Service and digest of good images in quarantine.
    pub(super) blamed: BTreeSet<(String, String)>,
    /// Services that err for another reason than their image, or whose alarm a person sets.
    pub(super) errs: BTreeSet<String>,
    /// Rollbacks that people asked for: service and the request's id, or its number where it has none.
    pub(super) rollbacks: BTreeSet<(String, String)>,
    /// Requests that were answered.
    pub(super) requests: usize,
}

/// What is remembered of gates.
#[derive(Debug, Default)]
pub(super) struct Gates {
    /// Service and digest of images that people asked for although a gate refuses them.
    pub(super) asked: BTreeSet<(String, String)>,
}

/// What is remembered of messages.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// How often each announcement was sent, by its id.
    pub(super) sent: BTreeMap<String, usize>,
    /// Does ECS refuse updates, or the ledger everything, at some time? What fails then is given up in the end.
    pub(super) refused: bool,
    /// Has the weather been good all the time?
    pub(super) calm: bool,
    /// Until when there is a reason for an alarm of a service, by its name; an empty name stands for all services.
    pub(super) trouble: BTreeMap<String, Timestamp>,
}

impl Messages {
    pub(super) fn new(plan: &Plan) -> Messages {
        let refused = |(_, act): &(SignedDuration, Act)| {
            matches!(
                act,
                Act::UpdatesRefused { .. }
                    | Act::Deny { .. }
                    | Act::LedgerDown { .. }
                    | Act::RegistryDown { .. }
                    | Act::BudgetsDown { .. }
            )
        };
        let refused = plan.acts.iter().any(refused);
        Messages { sent: BTreeMap::new(), refused, calm: plan.weather == Weather::CALM, trouble: BTreeMap::new() }
    }

    pub(super) fn is_calm(&self) -> bool {
        self.calm
    }
}

/// An alarm that is in ALARM.
#[derive(Clone, Copy, Debug)]
pub(super) struct InAlarm {
    pub(super) since: Timestamp,
    /// Since when its service runs, if that is later.
    pub(super) awake: Timestamp,
}

/// What is remembered of what must happen in time.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) calm: bool,
    /// When the run begins: nothing was to be done before.
    pub(super) start: Timestamp,
    pub(super) installed: bool,
    /// Has anything happened yet?
    pub(super) began: bool,
    /// Services that scheduled downtime has scaled to zero before anything happened.
    pub(super) slept: BTreeSet<String>,
    /// When a good image of a service must serve.
    pub(super) due: BTreeMap<String, Timestamp>,
    /// Alarms of the documents that are in ALARM, since when.
    pub(super) in_alarm: BTreeMap<String, InAlarm>,
    /// When alarms left ALARM or were deleted.
    pub(super) left_alarm: BTreeMap<String, Timestamp>,
    /// When a message about something was sent, by subject.
    pub(super) sent: Vec<(Timestamp, String)>,
    /// Is everything a dry run?
    pub(super) dry_run: bool,
    /// Has a freeze been requested, or the environment failed? Rollouts may wait then.
    pub(super) frozen: bool,
    /// Until when a person has woken a service, by its name.
    pub(super) woken: BTreeMap<String, Timestamp>,
    /// Until when a person has a hand in the capacity of a service.
    pub(super) by_hand: Option<Timestamp>,
    /// Does the topic refuse messages at some time? Then none can be sent.
    pub(super) refuses: bool,
}

impl Progress {
    pub(super) fn new(plan: &Plan) -> Progress {
        let refuses = plan.acts.iter().any(|(_, act)| act.refuses_messages());
        let calm = plan.weather == Weather::CALM && !plan.setup.dry_run;
        let (installed, dry_run) = (plan.setup.installed, plan.setup.dry_run);
        Progress { calm, start: plan.start, installed, dry_run, refuses, ..Progress::default() }
    }
}
