//! One state change of an alarm, as CloudWatch reports it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// State of an alarm; of two changes with the same time the greater counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// Within the threshold.
    Ok,
    /// Too few data points to tell.
    InsufficientData,
    /// The threshold is breached.
    Alarm,
}

/// One state change of an alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange {
    /// The state that began.
    pub state: AlarmState,
    /// The state before, if the event has it.
    #[serde(default)]
    pub previous: Option<AlarmState>,
    /// When the state began, by CloudWatch's own clock.
    pub at: Timestamp,
    /// CloudWatch's sentence: `Threshold Crossed: 1 datapoint [23.0 ...`.
    #[serde(default)]
    pub reason: String,
    /// The alarm's description, written in the template.
    #[serde(default)]
    pub description: String,
    /// What was measured.
    #[serde(default)]
    pub measurement: Option<Measurement>,
    /// What suppresses the alarm's actions.
    #[serde(default)]
    pub suppression: Option<Suppression>,
    /// Partition and region of the alarm.
    #[serde(default)]
    pub location: AlarmLocation,
}

/// A figure and what it is measured by, in words; each part as far as CloudWatch reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measurement {
    /// Metric and statistic: `HTTPCode_Target_5XX_Count (Sum of 1 min)`.
    pub what: String,
    /// The newest figure that decided: `23`.
    pub figure: Option<String>,
    /// How it compares: `greater than`.
    pub comparison: Option<String>,
    /// What it is compared with: `10`.
    pub threshold: Option<String>,
    /// Names of the alarms that put a composite alarm in ALARM.
    pub children: Vec<String>,
}

/// What suppresses an alarm's actions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// As CloudWatch names it: a mute rule, another alarm, a wait period.
    pub by: String,
    /// Until when, if that is known.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl Suppression {
    /// By the mute rule of this name.
    pub fn by_rule(name: &str) -> String {
        format!("mute rule {name}")
    }
}

/// Partition and region of an alarm; a forwarded event has them in the alarm's ARN only. Empty when unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlarmLocation {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// `eu-central-1`.
    pub region: String,
}

impl AlarmLocation {
    /// Read from the ARN of an alarm; unknown when it is none.
    pub fn of_arn(arn: &str) -> AlarmLocation {
        let parts: Vec<&str> = arn.split(':').collect();
        match parts[..] {
            ["arn", partition, "cloudwatch", region, ..] => {
                AlarmLocation { partition: partition.to_owned(), region: region.to_owned() }
            }
            _ => AlarmLocation::default(),
        }
    }
}
