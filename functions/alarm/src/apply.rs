//! Asks for the remedy that was decided. Every request is safe to repeat: a boost replaces the one of the same alarm, a
//! rollback names the deployment that it is about, and a restart is refused while tasks are being replaced.

use jiff::Timestamp;
use planner::alarm::{AlarmPolicy, Plan, Remedy, Step, Why};
use planner::capacity::{Boost, Record};
use planner::model::ServiceId;
use serde_json::json;
use shared::ledger::Subject;
use shared::{Error, Result};

use crate::App;
use crate::observe::Place;

/// What became of a remedy.
#[derive(Debug)]
pub(crate) enum Deed {
    /// None is due, and why.
    Nothing(Why),
    /// One is due, and nothing may be changed.
    Would(Step),
    /// It was asked for.
    Asked(Step),
    /// It could not be asked for; the next look tries again.
    Failed(Step, Error),
}

impl App {
    /// Asks for `step`.
    pub(crate) async fn take(
        &self,
        policy: &AlarmPolicy,
        place: Option<&Place>,
        step: &Step,
        plan: &Plan,
        now: Timestamp,
    ) -> Deed {
        let Some(place) = place else {
            let error = Error::invalid(format!("alarm {}: a remedy without a service", policy.name));
            return Deed::Failed(step.clone(), error);
        };
        let (service, by) = (place.policy.id(), format!("alarm {}", policy.name));
        let reason = plan.decision.reason.to_string();
        let asked = match step {
            Step::Boost { boost, .. } => self.boost(policy, &service, boost, now).await,
            Step::Restart => {
                let cool_down = match &policy.remedy {
                    Remedy::Restart(restart) => Some(restart.cool_down_minutes),
                    Remedy::None | Remedy::Scale(_) | Remedy::Rollback(_) => None,
                };
                let request = json!({
                    "action": "restart", "service": service.to_string(), "by": by, "reason": reason,
                    "cool_down_minutes": cool_down, "at": now,
                });
                self.functions.ask(&self.rollout_function, &request).await
            }
            Step::Rollback { deployment, .. } => {
                let request = json!({
                    "action": "rollback", "service": service.to_string(), "by": by, "reason": reason,
                    "deployment": deployment, "at": now,
                });
                self.functions.ask(&self.rollout_function, &request).await
            }
        };
        match asked {
            Ok(()) => Deed::Asked(step.clone()),
            Err(error) => Deed::Failed(step.clone(), error),
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
