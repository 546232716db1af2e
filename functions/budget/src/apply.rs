//! Remembers what was decided, writes it into the facts of the services, and asks the one that moves capacity to look.

use jiff::Timestamp;
use planner::budget::{
    Action, BudgetPolicy, Decision, Input, Observed, Plan, Reason, Record, ServiceDecision, Spend, SpendLookup, plan,
    restrictions,
};
use planner::capacity::{self, BudgetRestriction};
use planner::fleet::ServicePolicy;
use planner::model::Usd;
use serde_json::json;
use shared::error::Context as _;
use shared::ledger::{Entry, Subject};
use shared::notify::Notification;
use shared::report::{Line, Outcome};
use shared::{Error, Kind, Result};

use crate::observe::Entries;
use crate::report::{BudgetLine, Report, Standing};
use crate::{App, Content, Message, Mode, message};

/// How often a decision is made anew when somebody else wrote first.
const TRIES: usize = 8;
/// The item of messages that concern no budget; no budget may be called so.
const OTHERS: &str = ":messages";

/// What the decisions about one budget need.
pub(crate) struct Context<'a> {
    pub app: &'a App,
    pub policy: &'a BudgetPolicy,
    pub spend: Result<Spend>,
    pub hourly: Option<Usd>,
    pub inputs: &'a [Input],
    pub mode: Mode,
    pub now: Timestamp,
}

impl Context<'_> {
    /// Decides and remembers; `entry` is afterwards what the look left behind.
    pub async fn reconcile(&self, entry: &mut Entry<Record>) -> Vec<BudgetLine> {
        let mut tries = 1;
        loop {
            let (next, decisions) = self.decide(entry);
            let saved = match self.mode {
                Mode::Act if next != *entry => self.save(entry, next).await,
                Mode::Act => Ok(()),
                Mode::DryRun => {
                    // What would be in force is what the cuts are computed from.
                    *entry = next;
                    Ok(())
                }
            };
            match saved {
                Ok(()) => return decisions.iter().map(|decision| self.line(decision)).collect(),
                Err(error) if error.kind() == Kind::Conflict && tries < TRIES => {
                    tries += 1;
                    match self.app.entry(self.policy).await {
                        Ok(fresh) => *entry = fresh,
                        Err(error) => return vec![BudgetLine::failed(&self.policy.name, error)],
                    }
                }
                Err(error) => return vec![BudgetLine::failed(&self.policy.name, error)],
            }
        }
    }

    /// The decisions, and the entry with the messages that follow from them.
    fn decide(&self, entry: &Entry<Record>) -> (Entry<Record>, Vec<Decision>) {
        let spend = match &self.spend {
            Ok(spend) => SpendLookup::Known(spend.clone()),
            Err(error) => SpendLookup::Unreachable(error.to_string()),
        };
        let observed = Observed { spend, hourly_micros: self.hourly.map(Usd::micros) };
        let Plan { record, decisions } = plan(self.policy, &entry.record, &observed, self.inputs, self.now);
        let mut next = Entry { record, ..entry.clone() };
        for decision in &decisions {
            self.note(&mut next, &entry.record, &decision.reason);
        }
        (next, decisions)
    }

    fn note(&self, entry: &mut Entry<Record>, before: &Record, reason: &Reason) {
        let app = self.app;
        let context = message::Context {
            fleet: &app.config.fleet,
            policy: self.policy,
            before,
            record: &entry.record,
            spend: self.spend.as_ref().ok(),
            hourly: self.hourly,
            console: &app.console,
            now: self.now,
        };
        let notification = context.notification(reason);
        if let Reason::Lowered { .. } = reason {
            // Reached again, it is news again.
            let again = message::key(self.policy, &entry.record, "reached");
            entry.told.retain(|key| !key.starts_with(&again));
        }
        if notification.is_some_and(|message| entry.tell(self.now, message)) {
            entry.note(self.now, reason.label(), reason.to_string());
        }
    }

    /// What is spent, where Budgets could be asked. In the first hours of a period that may be nothing yet.
    pub fn standing(&self, record: &Record) -> Option<Standing> {
        let limit = self.spend.as_ref().ok().map(|spend| spend.limit.clone())?;
        let spent = record.latest.clone().unwrap_or_else(|| limit.with(0));
        Some(Standing { budget: self.policy.name.clone(), spent, limit })
    }

    async fn save(&self, entry: &mut Entry<Record>, mut next: Entry<Record>) -> Result<()> {
        let subject = Subject::Budget(self.policy.name.clone());
        self.app.ledger.save(&subject, &mut next).await.context(|| "remember")?;
        *entry = next;
        Ok(())
    }

    fn line(&self, decision: &Decision) -> BudgetLine {
        let Decision { action, reason } = decision;
        let done = vec![reason.to_string()];
        let outcome = match (action, self.mode, &self.spend) {
            (Action::Keep, ..) => Outcome::Unchanged,
            // A tick without an answer fails, so that the alarm on errors goes off; a notice is announced without it.
            (Action::Fail, _, Err(error)) => Outcome::Failed(error.copy()),
            (_, Mode::DryRun, _) => Outcome::Planned(done),
            (_, Mode::Act, _) => Outcome::Changed(done),
        };
        let budget = self.policy.name.clone();
        BudgetLine { budget, decision: action.label(), reason: reason.label(), why: reason.to_string(), outcome }
    }
}

impl App {
    /// Brings the facts of every service in line with what all budgets say; true when that went well.
    pub(crate) async fn restriction(
        &self,
        entries: &Entries<'_>,
        mode: Mode,
        now: Timestamp,
        report: &mut Report,
    ) -> bool {
        let mut fine = true;
        for service in &self.config.fleet.services {
            let restriction = self.taken(entries, service, now);
            let line = self.restrict_service(service, restriction, mode, now).await;
            fine &= !matches!(&line, Some(Line { outcome: Outcome::Failed(_), .. }));
            report.services.lines.extend(line);
        }
        fine
    }

    async fn restrict_service(
        &self,
        service: &ServicePolicy,
        wanted: Option<BudgetRestriction>,
        mode: Mode,
        now: Timestamp,
    ) -> Option<Line> {
        let line = |decision: &ServiceDecision, outcome: Outcome| {
            let (service, why) = (service.id(), decision.to_string());
            Line { service, decision: decision.label(), reason: "budget", why, image: None, outcome }
        };
        let known: Result<Entry<capacity::Record>> = self.ledger.load(&Subject::Service(service.id())).await;
        let decision = match known {
            Ok(entry) => ServiceDecision::new(entry.record.facts.budget.as_ref(), wanted),
            Err(error) => return Some(line(&ServiceDecision::new(None, wanted), Outcome::Failed(error))),
        };
        if decision == ServiceDecision::Keep {
            return None;
        }
        if mode == Mode::DryRun {
            let planned = Outcome::Planned(vec![decision.to_string()]);
            return Some(line(&decision, planned));
        }
        let written = match self.write_restriction(service, now).await {
            Ok(written) => written?,
            Err(error) => return Some(line(&decision, Outcome::Failed(error))),
        };
        let mut changes = vec![written.to_string()];
        let nudge = json!({"action": "reconcile", "service": service.id().to_string(), "at": now});
        if let Err(error) = self.functions.ask(&self.capacity_function, &nudge).await {
            // The fact is written: the tick of the capacity function finds it.
            tracing::warn!(error.kind = error.kind().label(), "{error}");
            changes.push("the capacity function was not reached; its next tick acts on it".into());
        }
        Some(line(&written, Outcome::Changed(changes)))
    }

    /// What all budgets together take from a service.
    fn taken(&self, entries: &Entries<'_>, service: &ServicePolicy, now: Timestamp) -> Option<BudgetRestriction> {
        let all = restrictions(entries.iter().map(|(policy, entry)| (*policy, &entry.record)), now);
        all.into_iter()
            .find(|(name, _)| self.config.fleet.service(name) == Some(service))
            .map(|(_, restriction)| restriction)
    }

    /// Writes what all budgets together take from a service until what is read afterwards says the same; returns what
    /// was written, if anything was. Another invocation may move another budget at any moment: before the fact is
    /// written, that is a conflict or seen by the look after it; later, the other one sees what was written here.
    async fn write_restriction(&self, service: &ServicePolicy, now: Timestamp) -> Result<Option<ServiceDecision>> {
        let subject = Subject::Service(service.id());
        let mut written = None;
        for _ in 0..TRIES {
            // First the item, then what it follows from: what is older than the item must not replace it.
            let mut entry: Entry<capacity::Record> = self.ledger.load(&subject).await?;
            let wanted = self.taken(&self.entries().await?, service, now);
            let decision = ServiceDecision::new(entry.record.facts.budget.as_ref(), wanted.clone());
            if decision == ServiceDecision::Keep {
                return Ok(written);
            }
            entry.note(now, "budget", decision.to_string());
            entry.record.facts.budget = wanted;
            match self.ledger.save(&subject, &mut entry).await {
                Ok(()) => written = Some(decision),
                Err(error) if error.kind() == Kind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(Kind::Conflict, format!("write what budgets take from {}", service.id())))
    }

    /// Tells what concerns no budget that is held: anomalies in our words, all the rest as it came. Sends, too, what an
    /// earlier invocation could not.
    pub(crate) async fn pass_on(&self, messages: &[&Message], mode: Mode, now: Timestamp, report: &mut Report) {
        let subject = Subject::Budget(OTHERS.into());
        let told = |message: &Message| match &message.content {
            Content::Anomaly(anomaly) => message::anomaly(&self.config.fleet, anomaly),
            Content::Budget { .. } | Content::Unknown => message::forwarded(&self.config.fleet, message, &self.console),
        };
        for message in messages {
            report.budgets.push(BudgetLine::passed_on(message, mode));
        }
        if mode == Mode::DryRun {
            return;
        }
        let told: Vec<Notification> = messages.iter().map(|message| told(message)).collect();
        let kept = self.ledger.change(&subject, |entry: &mut Entry<Record>| {
            let news: Vec<bool> = told.iter().map(|message| entry.tell(now, message.clone())).collect();
            news.contains(&true)
        });
        match kept.await {
            Ok(mut entry) => {
                let sent = self.send(&subject, &mut entry, now, report).await;
                let waits =
                    |message: &&Notification| entry.outbox.iter().any(|unsent| unsent.message.key == message.key);
                let waiting = told.iter().filter(waits).count();
                if sent && waiting > 0 {
                    // Lambda's next attempt is the one that sends it, when nobody else did.
                    let why = format!("{waiting} written by another invocation and not yet sent");
                    report.failed(&subject.to_string(), Error::new(Kind::Unavailable, why));
                }
            }
            Err(error) => report.failed(&subject.to_string(), error),
        }
    }
}

impl BudgetLine {
    fn failed(budget: &str, error: Error) -> BudgetLine {
        let (budget, why) = (budget.to_owned(), "could not be looked after".to_owned());
        BudgetLine { budget, decision: "none", reason: "error", why, outcome: Outcome::Failed(error) }
    }

    fn passed_on(message: &Message, mode: Mode) -> BudgetLine {
        let (reason, budget) = match &message.content {
            Content::Anomaly(_) => ("anomaly", String::new()),
            Content::Budget { name, .. } => ("not_held", name.clone()),
            Content::Unknown => ("unreadable", String::new()),
        };
        let why = format!("message {} concerns no budget that is held", message.id);
        let done = vec!["told".to_owned()];
        let outcome = if mode == Mode::Act { Outcome::Changed(done) } else { Outcome::Planned(done) };
        BudgetLine { budget, decision: "announce", reason, why, outcome }
    }
}
