//! What a remedy is decided from.

use jiff::{SignedDuration, Timestamp};

use super::history::RemedyHistory;
use crate::alarm::lookup::Evidence;
use crate::alarm::observed::ObservedService;

/// What a remedy is decided from.
#[derive(Clone, Copy, Debug)]
pub struct RemedyContext<'a> {
    /// Key of the alarm.
    pub alarm: &'a str,
    /// How long a planned change explains it.
    pub grace: SignedDuration,
    /// The service that the alarm is about.
    pub service: &'a ObservedService<'a>,
    /// Remedies that were requested for this alarm.
    pub history: &'a RemedyHistory,
    /// What CloudWatch returned when it was last asked about the alarm.
    pub evidence: Evidence,
    /// Since when the alarm is in ALARM.
    pub since: Timestamp,
    /// The moment of the decision.
    pub now: Timestamp,
}
