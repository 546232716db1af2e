//! What is known of an alarm from one state change.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The state of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// What is watched is as it should be.
    Ok,
    /// There are too few measurements to say.
    InsufficientData,
    /// It rings.
    Alarm,
}

/// One state change, as CloudWatch told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The state that began.
    pub value: Value,
    /// The state before, if the event says so.
    #[serde(default)]
    pub previous: Option<Value>,
    /// When it began.
    pub at: Timestamp,
    /// CloudWatch's sentence.
    #[serde(default)]
    pub reason: String,
    /// What the alarm is for, as its description says.
    #[serde(default)]
    pub description: String,
    /// What was measured.
    #[serde(default)]
    pub measured: Option<Measured>,
    /// Who keeps the alarm's actions back.
    #[serde(default)]
    pub suppressed: Option<Suppressed>,
    /// Where the alarm is.
    #[serde(default)]
    pub place: Place,
}

/// A figure and what it is measured by, in words; each part as far as CloudWatch says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measured {
    /// What is measured: `HTTPCode_Target_5XX_Count, Sum of 1 min`.
    pub what: String,
    /// The newest figure that decided.
    pub figure: Option<String>,
    /// How it compares: `greater than`.
    pub comparison: Option<String>,
    /// What it is compared with.
    pub threshold: Option<String>,
    /// Names of alarms that made a composite alarm ring.
    pub children: Vec<String>,
}

/// Who keeps an alarm's actions back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppressed {
    /// As CloudWatch names it: a mute rule, another alarm, a wait.
    pub by: String,
    /// Until when, if that is known.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// Where an alarm is: an alarm that was forwarded says so in its ARN alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// `eu-central-1`.
    pub region: String,
}
