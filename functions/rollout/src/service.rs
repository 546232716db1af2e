//! One service whose plan is carried out: what every step of it needs.

use planner::fleet::ServicePolicy;
use planner::rollout::{Decision, Phase, Reason};
use shared::error::Context;
use shared::ledger::Subject;
use shared::notify::Notification;
use shared::runtime::Invocation;
use shared::{Kind, Result};

use crate::app::App;
use crate::message::Messages;
use crate::observed::Entry;

/// One service whose plan is carried out.
pub(crate) struct Service<'a> {
    pub app: &'a App,
    pub policy: &'a ServicePolicy,
    pub invocation: &'a Invocation<'a, App>,
}

impl Service<'_> {
    /// Records that the rollout has reached a phase, and announces it.
    pub(crate) async fn advance(
        &self,
        decision: &Decision,
        entry: &mut Entry,
        phase: Phase,
        message: Option<Notification>,
    ) -> Result<Vec<String>> {
        let mut next = entry.clone();
        set_phase(&mut next, phase);
        next.record_event(self.invocation.now, &decision.action, why(&decision.reason));
        if let Some(message) = message {
            next.announce(self.invocation.now, message);
        }
        self.save(entry, next).await?;
        Ok(vec![decision.reason.to_string()])
    }

    /// Records the phase that a call to AWS has reached. A freeze may have been written since the claim: the phase is then
    /// recorded beside it, because the call has taken effect.
    pub(crate) async fn reach(&self, entry: &mut Entry, phase: Phase, note: impl Fn(&mut Entry)) -> Result<()> {
        let claim = entry.record.rollout.clone();
        let record = |entry: &mut Entry| {
            set_phase(entry, phase.clone());
            note(entry);
        };
        let mut next = entry.clone();
        record(&mut next);
        let conflict = match self.save(entry, next).await {
            Err(error) if error.kind() == Kind::Conflict => error,
            result => return result,
        };
        let subject = Subject::Service(self.policy.id());
        let beside = async |other: &mut Entry| {
            if other.record.rollout != claim {
                return Err(conflict.copy());
            }
            record(other);
            Ok(Some(()))
        };
        (*entry, _) = self.invocation.change(&subject, beside).await?;
        Ok(())
    }

    /// Writes the entry; afterwards `entry` is what was written.
    pub(crate) async fn save(&self, entry: &mut Entry, mut next: Entry) -> Result<()> {
        let subject = Subject::Service(self.policy.id());
        self.invocation.save(&subject, &mut next).await.context(|| "save the record")?;
        *entry = next;
        Ok(())
    }

    pub(crate) fn messages(&self) -> Messages<'_> {
        Messages { fleet: self.invocation.documents, policy: self.policy, now: self.invocation.now }
    }
}

/// Label and sentence of a reason, as the history keeps them.
pub(crate) fn why(reason: &Reason) -> (&'static str, String) {
    (reason.label(), reason.to_string())
}

/// Records the phase that the rollout in progress has reached.
pub(crate) fn set_phase(entry: &mut Entry, phase: Phase) {
    if let Some(rollout) = &mut entry.record.rollout {
        rollout.phase = phase;
    }
}
