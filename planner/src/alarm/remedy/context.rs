//! What a remedy is decided from.

use jiff::Timestamp;

use super::history::RemedyHistory;
use crate::alarm::observed::ObservedService;

/// What a remedy is decided from.
#[derive(Clone, Copy, Debug)]
pub struct RemedyContext<'a> {
    /// Name of the alarm in CloudWatch.
    pub alarm: &'a str,
    /// The service that the alarm is about.
    pub service: &'a ObservedService<'a>,
    /// Remedies that were requested for this alarm.
    pub history: &'a RemedyHistory,
    /// Since when the alarm is in ALARM.
    pub since: Timestamp,
    /// The moment of the decision.
    pub now: Timestamp,
}
