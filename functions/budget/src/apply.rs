//! Remembers what was decided about a budget, with the messages that follow from it.

use planner::budget::{Action, BudgetPolicy, Decision, Plan, Record};
use shared::Result;
use shared::ledger::{Entry, Subject};
use shared::runtime::{Done, Invocation, Outcome};

use crate::app::App;
use crate::observe::ObservedBudget;
use crate::{message, spend_metrics};

/// One budget whose plan is carried out.
pub(crate) struct Budget<'a> {
    pub app: &'a App,
    pub policy: &'a BudgetPolicy,
    pub invocation: &'a Invocation<'a, App>,
}

impl Budget<'_> {
    /// One write of record and messages. `observed` has afterwards what is remembered, or would be: restrictions are
    /// computed from it.
    pub async fn apply(&self, plan: Plan, observed: &mut ObservedBudget, done: &mut Done) -> Result<()> {
        let Plan { record, decisions } = plan;
        let mut next = Entry { record, ..observed.entry.clone() };
        for decision in &decisions {
            self.announce(&mut next, observed, decision);
        }
        if next != observed.entry {
            self.invocation.save(&Subject::Budget(self.policy.name.clone()), &mut next).await?;
        }
        observed.entry = next;
        for decision in &decisions {
            self.report(decision, done);
        }
        self.measure(observed, done);
        Ok(())
    }

    fn announce(&self, next: &mut Entry<Record>, observed: &ObservedBudget, decision: &Decision) {
        let Decision { action, reason, announce_again } = decision;
        let now = self.invocation.now;
        let context = message::Context {
            fleet: &self.invocation.documents.fleet,
            policy: self.policy,
            previous_record: &observed.entry.record,
            record: &next.record,
            spend: observed.spend.as_ref().ok(),
            hourly: observed.hourly,
            console: &self.app.console,
            now,
        };
        let notification = context.notification(reason);
        if *announce_again {
            let again = message::key(self.policy, &next.record, "reached");
            next.announced_keys.retain(|key| !key.starts_with(&again));
        }
        if notification.is_some_and(|message| next.announce(now, message)) {
            next.record_event(now, action, (reason.label(), reason.to_string()));
        }
    }

    fn report(&self, decision: &Decision, done: &mut Done) {
        let Decision { action, reason, .. } = decision;
        let changes = vec![reason.to_string()];
        // A tick without an answer of AWS Budgets is no failure: that is announced when it lasts.
        let outcome = if *action == Action::Keep { Outcome::Unchanged } else { self.invocation.kept(changes) };
        done.decided((action.label(), reason.label()), reason.to_string(), outcome);
    }

    /// Shows what is spent, where AWS Budgets could be asked. In the first hours of a period that may be nothing yet.
    fn measure(&self, observed: &ObservedBudget, done: &mut Done) {
        let Ok(spend) = &observed.spend else { return };
        let spent = observed.entry.record.latest.clone().unwrap_or_else(|| spend.limit.with(0));
        let (system, millis) = (&self.invocation.documents.fleet.system, self.invocation.now.as_millisecond());
        done.document(spend_metrics::document(system, &self.policy.name, (&spent, &spend.limit), millis));
    }
}
