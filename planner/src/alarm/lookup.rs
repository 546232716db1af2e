//! What CloudWatch returns for an alarm when it is asked, and what that is worth beside the events.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::record::{Novelty, Record};
use super::state_change::{AlarmState, StateChange};

/// A state that began a moment ago is left to its event, which says more: what it was before, what suppresses it.
const EVENT_ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(2);
/// An alarm counts as missing when it was not found for so long, which takes two ticks: CloudWatch is not asked to return
/// at once what was created a moment ago.
pub(super) const MISSING_FOR: SignedDuration = SignedDuration::from_mins(4);

/// The answer of CloudWatch about one alarm.
#[derive(Clone, Debug, PartialEq)]
pub enum AlarmLookup {
    /// It returned this.
    Found(Box<AlarmReading>),
    /// There is no alarm of that name in that region.
    Missing,
    /// The call failed.
    Failed,
}

/// An alarm, as CloudWatch returns it.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmReading {
    /// Its state, and since when; what it was before is not known.
    pub change: StateChange,
    /// Does the data of its reason say what was evaluated? Whoever sets a state by hand gives no data:
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html>.
    pub has_data: bool,
}

/// What CloudWatch returned when it was last asked. Only an ALARM state with data is reason enough for a rollback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// It has not answered.
    #[default]
    None,
    /// Another state than ALARM.
    NotInAlarm,
    /// ALARM without the data of an evaluation, as `SetAlarmState` leaves it.
    SetByHand,
    /// ALARM with the data of an evaluation.
    Measured,
}

impl Record {
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

    /// The same state as is known says nothing new; an older one is a stale answer.
    fn record_state(&mut self, change: &StateChange, is_back: bool, now: Timestamp) -> Novelty {
        let known = self.last_change.as_ref();
        // An alarm that was never reported and is in OK is as it should be.
        let calm = known.is_none() && change.state == AlarmState::Ok;
        let same = known.is_some_and(|known| known.state == change.state || known.at >= change.at);
        let event_comes = !is_back && change.at + EVENT_ON_ITS_WAY > now;
        match calm || same || event_comes {
            true => Novelty::Known,
            false => self.record_state_change(change.clone()),
        }
    }

    /// Since when CloudWatch has not returned the alarm, once that counts. While its stack is being updated it does not.
    pub(super) fn is_missing(&self, now: Timestamp) -> Option<Timestamp> {
        let updating = self.stack_update_within(SignedDuration::ZERO, now).is_some_and(|update| update.in_progress);
        self.missing_since.filter(|since| *since + MISSING_FOR <= now && !updating)
    }
}
