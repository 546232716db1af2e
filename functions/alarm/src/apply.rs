//! Asks for the remedy that was decided. Every request is safe to repeat: a boost replaces the one of the same alarm, a
//! rollback names the deployment that it is about, and a restart is refused while tasks are being replaced.

use jiff::Timestamp;
use planner::alarm::{AlarmPolicy, Plan, RemedyAction, RemedyReason, RestartAction, RollbackAction, ScaleAction};
use planner::capacity::{Boost, Record};
use planner::model::ServiceId;
use serde_json::json;
use shared::ledger::Subject;
use shared::{Error, Result};

use crate::App;
use crate::observe::ServiceSnapshot;

/// What became of a remedy.
#[derive(Debug)]
pub(crate) enum RemedyOutcome {
    /// None is due, and why.
    NotDue(RemedyReason),
    /// One is due, and nothing may be changed.
    Planned(RemedyAction),
    /// It was asked for.
    Requested(RemedyAction),
    /// It could not be asked for; the next look tries again.
    Failed(RemedyAction, Error),
}

impl App {
    /// Asks for `action`.
    pub(crate) async fn request_remedy(
        &self,
        policy: &AlarmPolicy,
        service: Option<&ServiceSnapshot>,
        action: &RemedyAction,
        plan: &Plan,
        now: Timestamp,
    ) -> RemedyOutcome {
        let Some(service) = service else {
            let error = Error::invalid(format!("alarm {}: a remedy without a service", policy.name));
            return RemedyOutcome::Failed(action.clone(), error);
        };
        let (service, by) = (service.policy.id(), format!("alarm {}", policy.name));
        let reason = plan.decision.reason.to_string();
        let requested = match action {
            RemedyAction::Scale(ScaleAction { boost, .. }) => self.boost(policy, &service, boost, now).await,
            RemedyAction::Restart(RestartAction { cool_down_minutes }) => {
                let request = json!({
                    "action": "restart", "service": service.to_string(), "by": by, "reason": reason,
                    "cool_down_minutes": cool_down_minutes, "at": now,
                });
                self.functions.ask(&self.rollout_function, &request).await
            }
            RemedyAction::Rollback(RollbackAction { deployment, .. }) => {
                let request = json!({
                    "action": "rollback", "service": service.to_string(), "by": by, "reason": reason,
                    "deployment": deployment, "at": now,
                });
                self.functions.ask(&self.rollout_function, &request).await
            }
        };
        match requested {
            Ok(()) => RemedyOutcome::Requested(action.clone()),
            Err(error) => RemedyOutcome::Failed(action.clone(), error),
        }
    }

    /// The fact first: when the request is lost, the capacity function's tick finds the fact.
    async fn boost(&self, policy: &AlarmPolicy, service: &ServiceId, boost: &Boost, now: Timestamp) -> Result<()> {
        let subject = Subject::Service(service.clone());
        let write = |entry: &mut shared::ledger::Entry<Record>| {
            entry.record.facts.boosts.insert(policy.name.clone(), boost.clone()).as_ref() != Some(boost)
        };
        self.ledger.change(&subject, write).await?;
        let request = json!({"action": "reconcile", "service": service.to_string(), "at": now});
        self.functions.ask(&self.capacity_function, &request).await
    }
}
