//! What the ledger remembers of one alarm.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::announced::AnnouncedState;
use super::decision::Plan;
use super::lookup::{AlarmLookup, Evidence};
use super::reason::Reason;
use super::remedy::{RemedyAction, RemedyHistory};
use super::state_change::{AlarmState, StateChange};
use crate::rollout::LEASE;

/// How many starts of an ALARM state are kept; the oldest goes first.
const ALARM_STARTS: usize = 32;
/// A state that began a moment ago is left to its event, which says more: what it was before, what suppresses it.
const EVENT_ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(2);
/// An alarm counts as missing when it was not found for so long, which takes two ticks: CloudWatch is not asked to return
/// at once what was created a moment ago.
const MISSING_FOR: SignedDuration = SignedDuration::from_mins(4);
/// How long a stack update may stay without an end before it explains nothing any more.
const LONGEST_UPDATE: SignedDuration = SignedDuration::from_hours(1);

/// Everything that is remembered of one alarm; one item of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// The newest state change.
    pub last_change: Option<StateChange>,
    /// When it entered ALARM, newest first.
    pub alarm_starts: Vec<Timestamp>,
    /// What was announced and still holds.
    pub announced: AnnouncedState,
    /// When it was last announced that it stopped flapping; earlier starts are not counted again.
    pub flapping_ended: Option<Timestamp>,
    /// A remedy that an invocation is requesting.
    pub pending: Option<PendingRemedy>,
    /// Remedies that were requested.
    pub remedies: RemedyHistory,
    /// What CloudWatch returned when it was last asked about the alarm.
    pub evidence: Evidence,
    /// When CloudWatch first did not return the alarm, while it does not.
    pub missing_since: Option<Timestamp>,
    /// The newest update of the stack that has the services.
    pub stack_update: Option<StackUpdate>,
}

/// A remedy that an invocation is requesting; when the lease has expired another may take it over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRemedy {
    /// What is requested.
    pub action: RemedyAction,
    /// Start of the lease.
    pub at: Timestamp,
}

/// An update of the stack that has the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackUpdate {
    /// When its status last changed.
    pub at: Timestamp,
    /// Is the status one of `*_IN_PROGRESS`?
    pub in_progress: bool,
}

/// Does an event change what is known?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Novelty {
    /// It does.
    New,
    /// It was known, or something newer is.
    Known,
}

/// The result of a claimed remedy in the invocation that ends the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimResult<'a> {
    /// It was requested.
    Requested(&'a RemedyAction),
    /// Its request failed, and is sent again while it is due.
    Failed,
    /// This invocation requested nothing.
    None,
}

impl Record {
    /// Enters a state change; changes may arrive in any order and more than once.
    pub fn record_state_change(&mut self, change: StateChange) -> Novelty {
        let alarm_starts = change.state == AlarmState::Alarm && change.previous != Some(AlarmState::Alarm);
        // The event of a state and CloudWatch's answer may differ in their last digits.
        let known = |start: &Timestamp| start.duration_since(change.at).abs() < SignedDuration::from_secs(1);
        if alarm_starts && !self.alarm_starts.iter().any(known) {
            self.alarm_starts.push(change.at);
            self.alarm_starts.sort_unstable_by(|one, other| other.cmp(one));
            self.alarm_starts.truncate(ALARM_STARTS);
        }
        // An alarm that changes its state exists.
        self.missing_since.take_if(|since| *since <= change.at);
        let newer = |known: &StateChange| (change.at, change.state) > (known.at, known.state);
        if self.last_change.as_ref().is_some_and(|known| !newer(known)) {
            return Novelty::Known;
        }
        let known = self.last_change.replace(change);
        let same = known.map(|known| known.state) == self.alarm_state();
        if same { Novelty::Known } else { Novelty::New }
    }

    /// Enters what CloudWatch has returned: an event that was lost is made up for.
    pub fn record_lookup(&mut self, lookup: &AlarmLookup, now: Timestamp) -> Novelty {
        match lookup {
            AlarmLookup::Failed => {
                self.evidence = Evidence::None;
                Novelty::Known
            }
            AlarmLookup::Missing => {
                self.evidence = Evidence::None;
                let known = self.missing_since.is_some();
                self.missing_since.get_or_insert(now);
                if known { Novelty::Known } else { Novelty::New }
            }
            AlarmLookup::Found(reading) => {
                let is_back = self.missing_since.take().is_some();
                self.evidence = match (reading.change.state, reading.has_data) {
                    (AlarmState::Alarm, true) => Evidence::Measured,
                    (AlarmState::Alarm, false) => Evidence::SetByHand,
                    (AlarmState::Ok | AlarmState::InsufficientData, _) => Evidence::NotInAlarm,
                };
                self.record_state(&reading.change, is_back, now)
            }
        }
    }

    /// The same state as is known says nothing new; an older one is a stale answer. Of two changes at the same time the one
    /// that CloudWatch still returns after a while was the last, which their events cannot tell.
    fn record_state(&mut self, change: &StateChange, is_back: bool, now: Timestamp) -> Novelty {
        let known = self.last_change.as_ref();
        // An alarm that was never reported and is in OK is as it should be.
        let calm = known.is_none() && change.state == AlarmState::Ok;
        let same = known.is_some_and(|known| known.state == change.state || known.at > change.at);
        let event_comes = !is_back && change.at + EVENT_ON_ITS_WAY > now;
        if calm || same || event_comes {
            return Novelty::Known;
        }
        self.last_change.take_if(|known| known.at == change.at);
        self.record_state_change(change.clone());
        Novelty::New
    }

    /// Since when CloudWatch has not returned the alarm, once that counts. While its stack is being updated it does not.
    pub(super) fn is_missing(&self, now: Timestamp) -> Option<Timestamp> {
        let updating = self.stack_update_within(SignedDuration::ZERO, now).is_some_and(|update| update.in_progress);
        self.missing_since.filter(|since| *since + MISSING_FOR <= now && !updating)
    }

    /// Enters a status of a stack update, unless a newer one is known.
    pub fn record_stack_update(&mut self, update: StackUpdate) -> Novelty {
        match self.stack_update {
            Some(known) if known.at >= update.at => Novelty::Known,
            _ => {
                self.stack_update = Some(update);
                Novelty::New
            }
        }
    }

    /// The remedy that another invocation is requesting at `now`, until its lease expires.
    pub(super) fn claimed_elsewhere(&self, now: Timestamp) -> Option<&PendingRemedy> {
        self.pending.as_ref().filter(|pending| pending.at < now && pending.at + LEASE > now)
    }

    /// State of the alarm; `None` before its first state change.
    pub fn alarm_state(&self) -> Option<AlarmState> {
        self.last_change.as_ref().map(|change| change.state)
    }

    /// Since when it is in ALARM, while it is.
    pub fn in_alarm_since(&self) -> Option<Timestamp> {
        let change = self.last_change.as_ref().filter(|change| change.state == AlarmState::Alarm)?;
        // Where the event of the start was lost, the newest change is the best estimate.
        Some(self.alarm_starts.first().copied().filter(|start| *start <= change.at).unwrap_or(change.at))
    }

    /// Starts of an ALARM state within `span` before `now`, newest first.
    pub fn alarm_starts_within(&self, span: SignedDuration, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let ended = self.flapping_ended;
        self.alarm_starts.iter().copied().filter(move |start| *start + span > now && ended.is_none_or(|at| *start > at))
    }

    /// Enters what is announced now.
    pub fn record_announcement(&mut self, plan: &Plan, now: Timestamp) {
        self.announced = plan.announced.clone();
        if matches!(plan.decision.reason, Reason::FlappingEnded { .. } | Reason::StaysInAlarm { .. }) {
            self.flapping_ended = Some(now);
        }
    }

    /// Ends the claim of a remedy with its result.
    pub fn end_claim(&mut self, result: ClaimResult<'_>, now: Timestamp) {
        match (result, self.pending.take()) {
            (ClaimResult::Requested(action), _) => self.record_remedy(action, now),
            // The invocation that claimed it ended before it could record its result: it may have been requested, and
            // counts.
            (ClaimResult::None, Some(pending)) => self.record_remedy(&pending.action, pending.at),
            (ClaimResult::None, None) | (ClaimResult::Failed, _) => {}
        }
    }

    /// Enters that a remedy was requested.
    pub fn record_remedy(&mut self, action: &RemedyAction, now: Timestamp) {
        self.pending = None;
        action.remember(&mut self.remedies, now);
    }

    /// The stack update that may explain an ALARM state until `grace` after it ended.
    pub(super) fn stack_update_within(&self, grace: SignedDuration, now: Timestamp) -> Option<StackUpdate> {
        let longest = |update: &StackUpdate| if update.in_progress { LONGEST_UPDATE.max(grace) } else { grace };
        self.stack_update.filter(|update| update.at + longest(update) > now)
    }
}
