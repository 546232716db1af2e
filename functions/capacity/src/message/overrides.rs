//! Overrides: a hold begins, an override ends.

use planner::capacity::{Decision, EndedOverride, OverrideKind, Reason};
use shared::notify::{Notification, Severity};

use super::ServiceMessages;

impl ServiceMessages<'_> {
    /// The capacity is on hold.
    pub fn held(&self, decision: &Decision) -> Notification {
        let name = self.name();
        Notification {
            summary: format!("The automation leaves the capacity of {name} unchanged: {}.", decision.reason),
            next_steps: vec![format!("To end the hold, {}", self.request("resume", &[]))],
            ..self.message(Severity::Info, "held", &format!("Capacity on hold: {name}"))
        }
    }

    /// What its capacity follows once an override has ended: `Capacity now follows the baseline until ...`.
    fn now_applies(&self, decision: &Decision) -> String {
        let until = self.end(decision).map(|until| format!(" until {until}")).unwrap_or_default();
        match &decision.reason {
            Reason::Baseline => format!("Capacity now follows the baseline{until}"),
            Reason::ScheduledDowntime => format!("Scheduled downtime now applies{until}"),
            Reason::Budget { .. } => format!("The budget restriction now applies{until}"),
            // These name their own end, or have none.
            Reason::NotStarted | Reason::Frozen { .. } | Reason::Override { .. } | Reason::Boost { .. } => {
                format!("Now in force: {}", decision.reason)
            }
        }
    }

    /// An override expired or was ended.
    pub fn override_ended(&self, ended: &EndedOverride, decision: &Decision) -> Notification {
        let (name, requester) = (self.name(), &ended.ended.expiry.by);
        let kind = match ended.ended.kind {
            OverrideKind::Wake => "wake",
            OverrideKind::Sleep => "sleep",
            OverrideKind::Hold => "hold",
        };
        let how = match ended.by.as_deref() {
            Some(by) if by == requester => format!("{by} has ended the `{kind}` override of {name}."),
            Some(by) => format!("{by} has ended the `{kind}` override of {name} that {requester} requested."),
            None => format!("The `{kind}` override of {name} that {requester} requested has expired."),
        };
        Notification {
            summary: format!("{how} {}.", self.now_applies(decision)),
            ..self.message(Severity::Info, "override-ended", &format!("Override ended: {name}"))
        }
    }
}
