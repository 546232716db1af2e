//! What a message says about the remedy, and the messages about a remedy after the announcement.

use jiff::{SignedDuration, Timestamp};
use planner::alarm::RemedyReason;
use planner::model::format_time;
use shared::notify::{Notification, Severity, request};

use super::MessageContext;
use crate::outcome::RemedyOutcome;

impl MessageContext<'_> {
    /// A remedy that was requested after the announcement, or the end of what the automation can do.
    pub(super) fn remedy_later(&self, outcome: &RemedyOutcome) -> Option<Notification> {
        let since = self.record.in_alarm_since()?;
        match outcome {
            RemedyOutcome::Requested(action) if action.extends_earlier() => None,
            RemedyOutcome::Requested(action) => {
                let (label, now) = (action.label(), self.now);
                let title = format!("ALARM {}: {label} requested", self.name());
                Some(Notification {
                    summary: format!("In ALARM since {}. Requested: {action}.", format_time(since)),
                    facts: self.changes().into_iter().chain(self.tasks()).collect(),
                    next_steps: vec![action.next_step().to_owned()],
                    ..self.message(Severity::Warning, &format!("{label}/{since}/{now}"), &title)
                })
            }
            RemedyOutcome::NotDue(reason) if reason.is_exhausted() => {
                let title = format!("ALARM {}: manual action required", self.name());
                let mut facts = self.changes();
                facts.extend(self.tasks());
                facts.extend(self.requested_since(since));
                facts.extend(self.links(since));
                Some(Notification {
                    key: self.manual_action_key(outcome)?,
                    summary: format!("In ALARM since {}. No further remedy: {reason}.", format_time(since)),
                    facts,
                    next_steps: self.next_steps(outcome),
                    ..self.message(Severity::Critical, "", &title)
                })
            }
            RemedyOutcome::NotDue(_) | RemedyOutcome::Planned(_) | RemedyOutcome::Failed(..) => None,
        }
    }

    /// The key of the message that manual action is required: once for each ALARM state and reason.
    pub fn manual_action_key(&self, outcome: &RemedyOutcome) -> Option<String> {
        let RemedyOutcome::NotDue(reason) = outcome else { return None };
        let since = self.record.in_alarm_since().filter(|_| reason.is_exhausted())?;
        Some(format!("alarm/{}/manual_action/{since}/{}", self.policy.key(), reason.label()))
    }

    pub(super) fn remedy(&self, outcome: &RemedyOutcome) -> String {
        match outcome {
            RemedyOutcome::Requested(action) => format!("requested: {action}"),
            RemedyOutcome::Failed(action, error) => {
                format!("request failed: {action}: {error}; retried on the next tick")
            }
            RemedyOutcome::Planned(action) => format!("none (dry run); it would be: {action}"),
            RemedyOutcome::NotDue(reason) => format!("none: {reason}"),
        }
    }

    /// Remedies that were requested since then: `rollback at 10:21 UTC`.
    pub(super) fn requested_since(&self, since: Timestamp) -> Option<(String, String)> {
        let taken = self.record.remedies.taken.iter().rev().filter(|taken| taken.at >= since);
        let times: Vec<String> =
            taken.map(|taken| format!("{} at {}", taken.remedy, taken.at.strftime("%H:%M UTC"))).collect();
        (!times.is_empty()).then(|| ("requested".to_owned(), times.join(", ")))
    }

    /// What the engineer does next, with the exact requests.
    pub(super) fn next_steps(&self, outcome: &RemedyOutcome) -> Vec<String> {
        match outcome {
            RemedyOutcome::Requested(action) => vec![action.next_step().to_owned()],
            RemedyOutcome::NotDue(reason) if reason.needs_manual_action() => {
                let required = if matches!(reason, RemedyReason::DailyLimit { .. }) {
                    "Manual action required: the daily limit of automatic remedies is reached. Follow the runbook."
                } else if reason.is_exhausted() {
                    "Manual action required: the remedy has not ended the ALARM state. Follow the runbook."
                } else {
                    "Manual action required; no automatic remediation applies. Follow the runbook."
                };
                [required.to_owned()].into_iter().chain(self.lift(reason)).chain(self.rollback()).collect()
            }
            RemedyOutcome::NotDue(_) | RemedyOutcome::Planned(_) | RemedyOutcome::Failed(..) => {
                vec!["Follow the runbook.".to_owned()]
            }
        }
    }

    /// The request that ends the freeze or hold which stands in the way of a remedy.
    fn lift(&self, reason: &RemedyReason) -> Option<String> {
        let service = self.policy.service.as_ref()?;
        let (what, action) = if matches!(reason, RemedyReason::Frozen { .. }) {
            ("freeze", "unfreeze")
        } else if matches!(reason, RemedyReason::OnHold { .. }) {
            ("hold", "resume")
        } else {
            return None;
        };
        let request = request(action, &[("service", service)]);
        Some(format!("To end the {what}, so that remedies apply again, send the request {request}"))
    }

    /// The request that undoes the newest rollout, where one ended within the last day and there is an earlier release.
    fn rollback(&self) -> Option<String> {
        let service = self.policy.service.as_ref()?;
        let record = &self.services.first()?.observed.rollout;
        let ended = record.current()?.at;
        let undo = ended + SignedDuration::from_hours(24) > self.now && record.previous().is_some();
        let request = request("rollback", &[("service", service)]);
        let ended = format_time(ended);
        undo.then(|| format!("If the rollout of {ended} is the cause, roll back: send the request {request}"))
    }
}
