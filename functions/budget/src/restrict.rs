//! Writes what all budgets together restrict into the facts of the services, and starts the function that moves capacity.

use jiff::Timestamp;
use planner::budget::{BudgetPolicy, ServiceDecision, restrictions};
use planner::capacity::{self, BudgetRestriction};
use planner::fleet::ServicePolicy;
use serde_json::json;
use shared::ledger::{Entry, Subject};
use shared::runtime::{Invocation, Line, Mode, Outcome, Report};
use shared::{Error, Kind, Result};

use crate::app::App;
use crate::documents::BudgetDocuments;
use crate::observe::{Entries, ObservedBudget, entries};

/// How often a write is tried again when another invocation wrote first.
const TRIES: usize = 8;

impl App {
    /// Brings the facts of every service in line with what all budgets say; true when that went well.
    pub(crate) async fn restrict<'d>(
        &self,
        observed: &[(&'d BudgetPolicy, ObservedBudget)],
        invocation: &Invocation<'d, App>,
        report: &mut Report,
    ) -> bool {
        // Another invocation may have moved another budget meanwhile, and have left its services to this one.
        let mut all = match entries(invocation.context, invocation.documents).await {
            Ok(all) => all,
            Err(error) => {
                let system = Subject::System(invocation.documents.fleet.title());
                let why = "the records of the budgets could not be read";
                report.push(Line::new(system, ("none", "error"), why, Outcome::Failed(error)));
                return false;
            }
        };
        if invocation.mode != Mode::Act {
            // What would be in force was not written.
            for (policy, entry) in &mut all {
                let planned = observed.iter().find(|(own, _)| own.name == policy.name);
                if let Some((_, planned)) = planned {
                    entry.record = planned.entry.record.clone();
                }
            }
        }
        let mut fine = true;
        for service in &invocation.documents.fleet.services {
            let line = self.restrict_service(service, &all, invocation).await;
            fine &= !matches!(&line, Some(Line { outcome: Outcome::Failed(_), .. }));
            if let Some(line) = line {
                report.push(line);
            }
        }
        fine
    }

    async fn restrict_service<'d>(
        &self,
        service: &ServicePolicy,
        all: &Entries<'d>,
        invocation: &Invocation<'d, App>,
    ) -> Option<Line> {
        let (context, now) = (invocation.context, invocation.now);
        let wanted = invocation.documents.restriction(all, service, now);
        let subject = Subject::Service(service.id());
        let line = |decision: &ServiceDecision, outcome: Outcome| {
            Line::new(subject.clone(), (decision.label(), "budget"), decision.to_string(), outcome)
        };
        let known: Result<Entry<capacity::Record>> = context.ledger.load(&subject).await;
        let decision = match known {
            Ok(entry) => ServiceDecision::new(entry.record.facts.budget.as_ref(), wanted),
            Err(error) => return Some(line(&ServiceDecision::new(None, wanted), Outcome::Failed(error))),
        };
        if decision == ServiceDecision::Keep {
            return None;
        }
        if invocation.mode != Mode::Act {
            return Some(line(&decision, Outcome::Planned(vec![decision.to_string()])));
        }
        let written = match write(service, invocation).await {
            Ok(written) => written?,
            Err(error) => return Some(line(&decision, Outcome::Failed(error))),
        };
        let mut changes = vec![written.to_string()];
        let request = json!({"action": "reconcile", "service": service.id().to_string(), "at": now});
        if let Err(error) = self.peers.start("capacity", request).await {
            // The fact is written: the tick of the capacity function finds it.
            tracing::warn!(error.kind = error.kind().label(), "{error}");
            changes.push("the capacity function could not be started; its next tick acts on it".into());
        }
        Some(line(&written, Outcome::Changed(changes)))
    }
}

impl BudgetDocuments {
    /// What all budgets together restrict a service to.
    fn restriction(&self, all: &Entries<'_>, service: &ServicePolicy, now: Timestamp) -> Option<BudgetRestriction> {
        let all = restrictions(all.iter().map(|(policy, entry)| (*policy, &entry.record)), now);
        let own = all.into_iter().find(|(name, _)| self.fleet.service(name) == Some(service));
        own.map(|(_, restriction)| restriction)
    }
}

/// Writes what all budgets together restrict until what is read afterwards says the same; returns what was written, if
/// anything was. Another invocation may move another budget at any moment: before the fact is written, that is a
/// conflict or seen by the next observation; later, the other one sees what was written here.
async fn write(service: &ServicePolicy, invocation: &Invocation<'_, App>) -> Result<Option<ServiceDecision>> {
    let Invocation { documents, context, now, .. } = *invocation;
    let subject = Subject::Service(service.id());
    let mut written = None;
    for _ in 0..TRIES {
        // First the item, then what it follows from: what is older than the item must not replace it.
        let mut entry: Entry<capacity::Record> = context.ledger.load(&subject).await?;
        let wanted = documents.restriction(&entries(context, documents).await?, service, now);
        let decision = ServiceDecision::new(entry.record.facts.budget.as_ref(), wanted.clone());
        if decision == ServiceDecision::Keep {
            return Ok(written);
        }
        entry.record_event(now, "budget", decision.to_string());
        entry.record.facts.budget = wanted;
        match context.ledger.save(&subject, &mut entry).await {
            Ok(()) => written = Some(decision),
            Err(error) if error.kind() == Kind::Conflict => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::new(Kind::Conflict, format!("write the budget restrictions of {}", service.id())))
}
