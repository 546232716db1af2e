//! Writes what all budgets together restrict into the facts of the services, and starts the function that moves capacity.

use jiff::SignedDuration;
use planner::budget::{BudgetPolicy, ServiceDecision};
use planner::fleet::ServicePolicy;
use planner::{budget, capacity};
use serde_json::json;
use shared::ledger::{Entry, Subject};
use shared::runtime::{Invocation, Line, Outcome, Report};
use shared::{Result, many};

use crate::app::App;
use crate::observe::{Entries, ObservedBudget, entries};

/// So long what is announced waits for the facts that it is about.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(2);

impl App {
    /// Brings the facts of every service in line with what all budgets say; returns the services whose facts could not be
    /// written.
    pub(crate) async fn restrict<'d>(
        &self,
        observed: &[(&'d BudgetPolicy, ObservedBudget)],
        invocation: &Invocation<'d, App>,
        report: &mut Report,
    ) -> Vec<&'d ServicePolicy> {
        let services = self.to_restrict(observed, invocation).await;
        let each = services.iter().map(|service| self.restrict_service(service, observed, invocation));
        let mut failed = Vec::new();
        for (service, line) in services.iter().copied().zip(many::all(each).await) {
            if line.as_ref().is_some_and(|line| matches!(line.outcome, Outcome::Failed(_))) {
                failed.push(service);
            }
            line.into_iter().for_each(|line| report.push(line));
        }
        failed
    }

    /// The services whose facts differ from what the budgets say, or could not be read: all others cost no call of their own.
    async fn to_restrict<'d>(
        &self,
        observed: &[(&'d BudgetPolicy, ObservedBudget)],
        invocation: &Invocation<'d, App>,
    ) -> Vec<&'d ServicePolicy> {
        let Invocation { documents, context, now, .. } = *invocation;
        let services = &documents.fleet.services;
        let subjects: Vec<Subject> = services.iter().map(|service| Subject::Service(service.id())).collect();
        let entries = context.ledger.load_all::<capacity::Record>(&subjects).await;
        // After the items that follow from them, as below.
        let budgets = budgets(observed, invocation).await;
        let differs = |service: &ServicePolicy, entry: &Result<Entry<capacity::Record>>| {
            let (Ok(entry), Ok(budgets)) = (entry, &budgets) else { return true };
            let records = budgets.iter().map(|(policy, entry)| (*policy, &entry.record));
            let mut facts = entry.record.facts.clone();
            ServiceDecision::about(service, &documents.fleet, &facts, records, now).apply(&mut facts)
        };
        services.iter().zip(&entries).filter(|(service, entry)| differs(service, entry)).map(|(own, _)| own).collect()
    }

    async fn restrict_service<'d>(
        &self,
        service: &ServicePolicy,
        observed: &[(&'d BudgetPolicy, ObservedBudget)],
        invocation: &Invocation<'d, App>,
    ) -> Option<Line> {
        let (fleet, now) = (&invocation.documents.fleet, invocation.now);
        let subject = Subject::Service(service.id());
        let restrict = async |entry: &mut Entry<capacity::Record>| {
            // After the item that follows from them: what is older than the item must not replace it.
            let all = budgets(observed, invocation).await?;
            let records = all.iter().map(|(policy, entry)| (*policy, &entry.record));
            let decision = ServiceDecision::about(service, fleet, &entry.record.facts, records, now);
            if decision.apply(&mut entry.record.facts) {
                entry.record_event(now, &decision, ("budget", decision.to_string()));
                return Ok(Some(decision));
            }
            Ok(None)
        };
        let line = |labels: (&'static str, &'static str), why: String, outcome: Outcome| {
            Some(Line::new(subject.clone(), labels, why, outcome))
        };
        let decision = match invocation.settle(&subject, restrict).await {
            Ok(decision) => decision?,
            Err(error) => {
                let why = format!("the budget restrictions of {subject} could not be written");
                return line(("none", "error"), why, Outcome::Failed(error));
            }
        };
        let mut changes = vec![decision.to_string()];
        let request = json!({"action": "reconcile", "service": service.id().to_string(), "at": now});
        if let Err(error) = invocation.act(self.peers.start("capacity", request)).await {
            // The fact is written: the tick of the capacity function finds it.
            tracing::warn!(error.kind = error.kind().label(), "{error}");
            changes.push("the capacity function could not be started; its next tick acts on it".into());
        }
        line((decision.label(), "budget"), decision.to_string(), invocation.kept(changes))
    }
}

/// Do the messages about a budget wait, because what they say of a service could not be written? One service does not keep
/// back what is said of others, nor anything for longer than two ticks.
pub(crate) fn waits(
    policy: &BudgetPolicy,
    entry: &Entry<budget::Record>,
    failed: &[&ServicePolicy],
    invocation: &Invocation<'_, App>,
) -> bool {
    let fleet = &invocation.documents.fleet;
    let named = |name: &String| fleet.service(name).is_some_and(|service| failed.contains(&service));
    let concerned = policy.tiers.iter().any(|tier| tier.services.keys().any(named));
    let overdue = entry.outbox.iter().any(|unsent| unsent.at + LONGEST_WAIT <= invocation.now);
    concerned && !overdue
}

/// The records of all budgets. Another invocation may have moved one meanwhile; of those in scope that are not newer in
/// the ledger, what was decided counts: where nothing is kept, it was not written.
async fn budgets<'d>(
    observed: &[(&'d BudgetPolicy, ObservedBudget)],
    invocation: &Invocation<'d, App>,
) -> Result<Entries<'d>> {
    let mut all = entries(invocation.context, invocation.documents).await?;
    for (policy, entry) in &mut all {
        let decided = observed.iter().find(|(own, _)| own.name == policy.name).map(|(_, decided)| &decided.entry);
        if let Some(decided) = decided.filter(|decided| decided.version >= entry.version) {
            *entry = decided.clone();
        }
    }
    Ok(all)
}
