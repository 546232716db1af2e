//! What CloudWatch returns for an alarm when it is asked, and what that is worth beside the events.

use serde::{Deserialize, Serialize};

use super::state_change::StateChange;

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
    /// Does the data of its reason say what was evaluated? A caller who sets a state gives none:
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
