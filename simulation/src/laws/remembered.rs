//! What the laws remember from one event to the next.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

/// What is remembered of messages that must come.
#[derive(Debug, Default)]
pub(super) struct Announcements {
    pub(super) due: Vec<Due>,
    /// When a message was sent last, by the beginning of its subject.
    pub(super) sent: Vec<(Timestamp, String)>,
    /// Services that the capacity function has scaled to zero.
    pub(super) zero: BTreeSet<String>,
    /// Until when the topic has refused messages.
    pub(super) refused: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct Due {
    /// `rollout`, `capacity` and so on: what takes its place is of the same kind.
    pub(super) kind: &'static str,
    pub(super) service: String,
    /// What happened.
    pub(super) what: String,
    pub(super) until: Timestamp,
    /// One of these begins the subject.
    pub(super) subjects: Vec<String>,
}

/// What is remembered of what keeps a service awake.
#[derive(Debug, Default)]
pub(super) struct Asleep {
    /// Until when there is a reason, by service; an empty name stands for all.
    pub(super) awake: BTreeMap<String, Timestamp>,
}

/// What is remembered of effects.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// By invocation.
    pub(super) open: BTreeMap<u64, Open>,
    /// What requests with an id did: id, subject and effect.
    pub(super) asked: BTreeMap<(String, String, String), usize>,
}

/// An invocation that has not ended.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// Id and action, where it is a request that has an id.
    pub(super) request: Option<(String, String)>,
    /// Does it serve several messages of a queue?
    pub(super) is_batch: bool,
    /// Effects by what they are about: a service or a family, and a word for the effect.
    pub(super) done: BTreeMap<(String, &'static str), usize>,
    /// Decisions that it logged, by service.
    pub(super) decided: BTreeMap<String, usize>,
}

/// What is remembered of freezes and holds.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// What an invocation is about to put in force, by its number.
    pub(super) asked: BTreeMap<u64, Asked>,
    /// What is in force: `freeze` or `hold`, and the service.
    pub(super) force: BTreeMap<(&'static str, String), Force>,
    /// Ids of requests that were answered: they take effect once.
    pub(super) ids: BTreeSet<String>,
    /// Invocations that have begun and not ended, and who asks for them.
    pub(super) open: BTreeMap<u64, String>,
}

#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) kind: &'static str,
    pub(super) services: Vec<String>,
    pub(super) until: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) struct Force {
    pub(super) until: Timestamp,
    /// Invocations that began before it was in force.
    pub(super) before: BTreeSet<u64>,
}

/// What is remembered of the weather.
#[derive(Debug, Default)]
pub(super) struct Letters {
    /// Since when nothing goes wrong any more.
    pub(super) over: Option<Timestamp>,
}

/// What is remembered of orders.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// By service: when rollbacks and retries of it arrived.
    pub(super) asked: BTreeMap<String, Vec<Timestamp>>,
    /// By service: digests that its followed tag has named, and until when.
    pub(super) named: BTreeMap<String, BTreeMap<String, Timestamp>>,
}

/// What an invocation that has not ended has sent.
#[derive(Debug, Default)]
pub(super) struct Sends {
    /// Does a person or another function wait for its answer?
    pub(super) is_request: bool,
    /// Does it serve several messages of a queue?
    pub(super) is_batch: bool,
    /// Has it tried to send a message?
    pub(super) tried: bool,
    /// What SNS has said against messages.
    pub(super) refusals: Vec<String>,
}
