//! Remembers what was decided, writes it into the facts of the services, and asks the one that moves capacity to look.

use jiff::Timestamp;
use planner::budget::{Ask, Asked, BudgetPolicy, Plan, Reason, Record, Seen, Spend, plan, restrictions};
use planner::capacity::{self, BudgetRestriction};
use planner::fleet::ServicePolicy;
use planner::model::{Usd, format_time};
use serde_json::json;
use shared::error::Context;
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

/// One look at one budget.
pub(crate) struct Look<'a> {
    pub app: &'a App,
    pub policy: &'a BudgetPolicy,
    pub spend: Result<Spend>,
    pub hourly: Option<Usd>,
    pub asks: &'a [Ask],
    pub mode: Mode,
    pub now: Timestamp,
}

impl Look<'_> {
    /// Decides and remembers; `entry` is afterwards what the look left behind.
    pub async fn reconcile(&self, entry: &mut Entry<Record>) -> Vec<BudgetLine> {
        let mut tries = 1;
        loop {
            let (next, reasons) = self.decide(entry);
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
                Ok(()) => return reasons.iter().map(|reason| self.line(reason)).collect(),
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

    /// Everything that was asked, one after the other, and the messages that follow from it.
    fn decide(&self, entry: &Entry<Record>) -> (Entry<Record>, Vec<Reason>) {
        let (mut next, mut all) = (entry.clone(), Vec::new());
        let spend = match &self.spend {
            Ok(spend) => Asked::Known(spend.clone()),
            Err(error) => Asked::Unreachable(error.to_string()),
        };
        let seen = Seen { spend, hourly_micros: self.hourly.map(Usd::micros) };
        for ask in self.asks {
            let Plan { record, reasons } = plan(self.policy, &next.record, &seen, ask, self.now);
            let before = std::mem::replace(&mut next.record, record);
            for reason in reasons {
                self.note(&mut next, &before, &reason);
                all.push(reason);
            }
        }
        // Several messages in one look: what one of them changed, the others need not say again.
        if all.len() > 1 {
            let news = all.iter().any(|reason| !matches!(reason, Reason::Same { .. }));
            all.retain(|reason| !news || !matches!(reason, Reason::Same { .. }));
            all.dedup();
        }
        (next, all)
    }

    fn note(&self, entry: &mut Entry<Record>, before: &Record, reason: &Reason) {
        let app = self.app;
        let about = message::About {
            fleet: &app.config.fleet,
            policy: self.policy,
            before,
            record: &entry.record,
            spend: self.spend.as_ref().ok(),
            hourly: self.hourly,
            console: &app.console,
            now: self.now,
        };
        let told = about.tell(reason);
        if let Reason::Lowered { .. } = reason {
            // Reached again, it is news again.
            let again = message::key(self.policy, &entry.record, "reached");
            entry.told.retain(|key| !key.starts_with(&again));
        }
        if told.is_some_and(|message| entry.tell(self.now, message)) {
            entry.note(self.now, reason.label(), reason.to_string());
        }
    }

    /// What is spent, where Budgets could be asked. In the first hours of a period that may be nothing yet.
    pub fn standing(&self, record: &Record) -> Option<Standing> {
        let limit = self.spend.as_ref().ok().map(|spend| spend.limit.clone())?;
        let spent = record.last.clone().unwrap_or_else(|| limit.with(0));
        Some(Standing { budget: self.policy.name.clone(), spent, limit })
    }

    async fn save(&self, entry: &mut Entry<Record>, mut next: Entry<Record>) -> Result<()> {
        let subject = Subject::Budget(self.policy.name.clone());
        self.app.ledger.save(&subject, &mut next).await.context(|| "remember")?;
        *entry = next;
        Ok(())
    }

    fn line(&self, reason: &Reason) -> BudgetLine {
        let decision = match reason {
            Reason::Same { .. } | Reason::NothingToDo { .. } => "keep",
            Reason::Reached { held: false, .. } | Reason::HoldEnded { .. } | Reason::Resumed { .. } => "cut",
            Reason::Reached { held: true, .. } | Reason::Doubted { .. } | Reason::Unverified { .. } => "hold_off",
            Reason::Lowered { .. } | Reason::Ended { .. } | Reason::Released { .. } | Reason::Held { .. } => {
                "give_back"
            }
            Reason::Noted { .. } | Reason::Forecast { .. } | Reason::Late { .. } | Reason::Cleared { .. } => "announce",
            Reason::Confirmed { .. } => "believe",
            Reason::Unreachable { .. } => "none",
        };
        let done = vec![reason.to_string()];
        let outcome = match (reason, self.mode, &self.spend) {
            (Reason::Same { .. } | Reason::NothingToDo { .. }, ..) => Outcome::Unchanged,
            // A tick that cannot see fails, so that somebody hears of it; a message is told all the same.
            (Reason::Unreachable { .. }, _, Err(error)) => Outcome::Failed(error.copy()),
            (_, Mode::DryRun, _) => Outcome::Planned(done),
            (_, Mode::Act, _) => Outcome::Changed(done),
        };
        let budget = self.policy.name.clone();
        BudgetLine { budget, decision, reason: reason.label(), why: reason.to_string(), outcome }
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
            let line = self.cut_service(service, restriction, mode, now).await;
            fine &= !matches!(&line, Some(Line { outcome: Outcome::Failed(_), .. }));
            report.services.lines.extend(line);
        }
        fine
    }

    async fn cut_service(
        &self,
        service: &ServicePolicy,
        restriction: Option<BudgetRestriction>,
        mode: Mode,
        now: Timestamp,
    ) -> Option<Line> {
        let line = |restriction: Option<&BudgetRestriction>, outcome: fn(Vec<String>) -> Outcome| {
            let (decision, why) = describe(restriction);
            let outcome = outcome(vec![why.clone()]);
            Line { service: service.id(), decision, reason: "budget", why, image: None, outcome }
        };
        let failed =
            |error: Error| Line { outcome: Outcome::Failed(error), ..line(restriction.as_ref(), Outcome::Planned) };
        let known: Entry<capacity::Record> = match self.ledger.load(&Subject::Service(service.id())).await {
            Ok(entry) => entry,
            Err(error) => return Some(failed(error)),
        };
        if known.record.facts.budget == restriction {
            return None;
        }
        if mode == Mode::DryRun {
            return Some(line(restriction.as_ref(), Outcome::Planned));
        }
        let written = match self.write_cut(service, now).await {
            Ok(written) => written?,
            Err(error) => return Some(failed(error)),
        };
        let (_, what) = describe(written.as_ref());
        let mut changes = vec![what];
        let nudge = json!({"action": "reconcile", "service": service.id().to_string(), "at": now});
        if let Err(error) = self.functions.ask(&self.capacity_function, &nudge).await {
            // The fact is written: the schedule's own tick finds it.
            tracing::warn!(error.kind = error.kind().label(), "{error}");
            changes.push("the capacity function was not reached; its next tick acts on it".into());
        }
        Some(Line { outcome: Outcome::Changed(changes), ..line(written.as_ref(), Outcome::Changed) })
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
    async fn write_cut(&self, service: &ServicePolicy, now: Timestamp) -> Result<Option<Option<BudgetRestriction>>> {
        let subject = Subject::Service(service.id());
        let mut written = None;
        for _ in 0..TRIES {
            // First the item, then what it follows from: what is older than the item must not replace it.
            let mut entry: Entry<capacity::Record> = self.ledger.load(&subject).await?;
            let restriction = self.taken(&self.entries().await?, service, now);
            if entry.record.facts.budget == restriction {
                return Ok(written);
            }
            entry.note(now, "budget", describe(restriction.as_ref()).1);
            entry.record.facts.budget.clone_from(&restriction);
            match self.ledger.save(&subject, &mut entry).await {
                Ok(()) => written = Some(restriction),
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

/// What is done to a service, and the sentence about it.
fn describe(restriction: Option<&BudgetRestriction>) -> (&'static str, String) {
    let Some(restriction) = restriction else { return ("give_back", "no budget takes anything from it".into()) };
    let taken = message::restriction(restriction);
    let why = format!(
        "{} % of a budget is spent: it {taken} until {}",
        restriction.reached_percent,
        format_time(restriction.until)
    );
    ("cut", why)
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
