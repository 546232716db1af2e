//! Requests the remedy that was decided. Every request is safe to repeat: a boost replaces the one of the same alarm, a
//! rollback names the deployment that it is about, and a restart is refused while tasks are being replaced.

use planner::alarm::{
    self, Action, AlarmPolicy, ClaimResult, PendingRemedy, Plan, RemedyAction, RemedyReason, RestartAction,
    RollbackAction, ScaleAction,
};
use planner::capacity::{self, Boost};
use planner::model::ServiceId;
use serde_json::json;
use shared::ledger::{Entry, Subject};
use shared::runtime::{Done, Invocation, Outcome};
use shared::{Error, Result};

use crate::app::App;
use crate::documents::AlarmDocuments;
use crate::message::MessageContext;
use crate::observe::{ObservedAlarm, ObservedServices, ServiceSnapshot};
use crate::outcome::RemedyOutcome;
use crate::planned::AlarmPlan;
use crate::report;

/// One alarm whose plan is carried out.
pub(crate) struct Alarm<'a> {
    pub app: &'a App,
    pub policy: &'a AlarmPolicy,
    pub invocation: &'a Invocation<'a, App>,
}

impl Alarm<'_> {
    /// Claims the remedy, requests it, announces. What is announced is written after the remedy was requested, in one
    /// write with what is remembered of it: a crash before that is healed by the same event or the next tick.
    pub async fn apply(
        &self,
        plan: AlarmPlan,
        observed: &mut ObservedAlarm,
        requested: &mut Option<RemedyOutcome>,
        done: &mut Done,
    ) -> Result<()> {
        let now = self.invocation.now;
        if let Some(error) = observed.lookup_error.take() {
            done.decided(("none", "error"), "CloudWatch did not return the alarms", Outcome::Failed(error));
        }
        let loaded = observed.entry.clone();
        let entry = &mut observed.entry;
        let (plan, error) = match plan {
            AlarmPlan::Remember(record) => {
                entry.record = *record;
                return self.save(&loaded, entry).await;
            }
            AlarmPlan::Decide { record, plan, error } => {
                entry.record = *record;
                (plan, error)
            }
        };
        if let Some(error) = error {
            done.decided(("none", "error"), "its service could not be observed", Outcome::Failed(error));
        }
        let Some(services) = observed.services.clone() else { return Ok(()) };
        if plan.remedy.reason == RemedyReason::ClaimedElsewhere {
            let (decision, labels) = (&plan.decision, (plan.decision.action.label(), plan.decision.reason.label()));
            done.decided(labels, decision.reason.to_string(), Outcome::Unchanged);
            return self.save(&loaded, entry).await;
        }
        if let (None, Some(action)) = (&*requested, &plan.remedy.action) {
            let request = async {
                entry.record.pending = Some(PendingRemedy { action: action.clone(), at: now });
                self.invocation.save(&self.subject(), entry).await?;
                Ok(self.request(services.about(self.policy), action, &plan).await)
            };
            *requested = self.invocation.act(request).await?;
        }
        let own = match &plan.remedy.action {
            Some(action) => RemedyOutcome::Planned(action.clone()),
            None => RemedyOutcome::NotDue(plan.remedy.reason.clone()),
        };
        let outcome = requested.as_ref().unwrap_or(&own);
        let result = match outcome {
            RemedyOutcome::Requested(action) => ClaimResult::Requested(action),
            RemedyOutcome::Failed(..) => ClaimResult::Failed,
            RemedyOutcome::NotDue(_) | RemedyOutcome::Planned(_) => ClaimResult::None,
        };
        entry.record.end_claim(result, now);
        let announced = self.announce(&plan, outcome, &services, entry);
        report::applied(self.invocation, done, &plan, (outcome, announced));
        if plan.decision.action != Action::Keep {
            let reason = &plan.decision.reason;
            entry.record_event(now, &plan.decision.action, (reason.label(), reason.to_string()));
        }
        if let RemedyOutcome::Requested(action) = outcome
            && !action.extends_earlier()
        {
            entry.record_event(now, action, (plan.remedy.reason.label(), format!("requested: {action}")));
        }
        self.save(&loaded, entry).await
    }

    /// Puts what is to be announced into the outbox; true when it is new.
    fn announce(
        &self,
        plan: &Plan,
        outcome: &RemedyOutcome,
        services: &ObservedServices,
        entry: &mut Entry<alarm::Record>,
    ) -> bool {
        let AlarmDocuments { fleet, alarms } = self.invocation.documents;
        let context = MessageContext {
            fleet,
            alarms,
            policy: self.policy,
            record: &entry.record,
            services: &services.of(self.policy),
            links: &self.app.links(self.policy, &entry.record),
            now: self.invocation.now,
        };
        let (message, manual_action) = (context.message_for(plan, outcome), context.manual_action_key(outcome));
        entry.record.record_announcement(plan, self.invocation.now);
        let announced = message.is_some_and(|message| entry.announce(self.invocation.now, message));
        if let Some(key) = manual_action.filter(|_| announced) {
            entry.mark_announced(key);
        }
        announced
    }

    fn subject(&self) -> Subject {
        Subject::Alarm(self.policy.key())
    }

    async fn save(&self, loaded: &Entry<alarm::Record>, entry: &mut Entry<alarm::Record>) -> Result<()> {
        match entry == loaded {
            true => Ok(()),
            false => self.invocation.save(&self.subject(), entry).await,
        }
    }

    /// Requests the remedy.
    async fn request(&self, service: Option<&ServiceSnapshot>, action: &RemedyAction, plan: &Plan) -> RemedyOutcome {
        let Some(service) = service else {
            let error = Error::invalid(format!("alarm {}: a remedy without a service", self.policy.key()));
            return RemedyOutcome::Failed(action.clone(), error);
        };
        let (service, key, now) = (service.policy.id(), self.policy.key(), self.invocation.now);
        // Where the answer of Lambda is lost, the SDK sends the request again, and each copy may be hours late.
        let mut request = json!({
            "id": format!("{key}/{now}"), "service": service.to_string(), "by": format!("alarm {key}"),
            "reason": plan.decision.reason.to_string(), "at": now,
        });
        let requested = match action {
            RemedyAction::Scale(ScaleAction { boost, .. }) => self.boost(&service, boost).await,
            RemedyAction::Restart(RestartAction { cool_down_minutes }) => {
                request["action"] = "restart".into();
                request["cool_down_minutes"] = json!(cool_down_minutes);
                self.app.peers.send(request).await
            }
            RemedyAction::Rollback(RollbackAction { deployment, .. }) => {
                request["action"] = "rollback".into();
                request["deployment"] = json!(deployment);
                self.app.peers.send(request).await
            }
        };
        match requested {
            Ok(()) => RemedyOutcome::Requested(action.clone()),
            Err(error) => RemedyOutcome::Failed(action.clone(), error),
        }
    }

    /// The fact first: when the request is lost, the capacity function's tick finds the fact.
    async fn boost(&self, service: &ServiceId, boost: &Boost) -> Result<()> {
        let subject = Subject::Service(service.clone());
        let write = async |entry: &mut Entry<capacity::Record>| {
            let before = entry.record.facts.boosts.insert(self.policy.key(), boost.clone());
            Ok((before.as_ref() != Some(boost)).then_some(()))
        };
        self.invocation.change(&subject, write).await?;
        let request = json!({"action": "reconcile", "service": service.to_string(), "at": self.invocation.now});
        self.app.peers.start("capacity", request).await
    }
}
