//! Remembers what was decided, writes it into the facts of the services, and asks the one that moves capacity to look.

use jiff::Timestamp;
use serde_json::json;
use shared::budget::{Ask, Asked, BudgetPolicy, Plan, Reason, Record, Seen, Spend, cuts, plan};
use shared::capacity::{self, BudgetCut};
use shared::error::Context;
use shared::ledger::{Entry, Subject};
use shared::model::{ServicePolicy, Usd, clock};
use shared::report::{Line, Outcome};
use shared::{Error, Kind, Result};

use crate::observe::Entries;
use crate::report::{BudgetLine, Report};
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
    pub(crate) async fn cut(&self, entries: &Entries<'_>, mode: Mode, now: Timestamp, report: &mut Report) -> bool {
        let mut wanted = cuts(entries.iter().map(|(policy, entry)| (*policy, &entry.record)), now);
        let mut fine = true;
        for service in &self.config.fleet.services {
            let named = wanted.keys().find(|name| self.config.fleet.service(name) == Some(service)).cloned();
            let cut = named.and_then(|name| wanted.remove(&name));
            let line = self.cut_service(service, cut, mode, now).await;
            fine &= !matches!(&line, Some(Line { outcome: Outcome::Failed(_), .. }));
            report.services.lines.extend(line);
        }
        fine
    }

    async fn cut_service(
        &self,
        service: &ServicePolicy,
        cut: Option<BudgetCut>,
        mode: Mode,
        now: Timestamp,
    ) -> Option<Line> {
        let subject = Subject::Service(service.id());
        let (decision, what) = describe(cut.as_ref());
        let line = |outcome: Outcome| {
            let (service, why) = (service.id(), what.clone());
            Some(Line { service, decision, reason: "budget", why, image: None, outcome })
        };
        let known: Entry<capacity::Record> = match self.ledger.load(&subject).await {
            Ok(entry) => entry,
            Err(error) => return line(Outcome::Failed(error)),
        };
        if known.record.facts.budget == cut {
            return None;
        }
        if mode == Mode::DryRun {
            return line(Outcome::Planned(vec![what.clone()]));
        }
        let written = self.ledger.change(&subject, |entry: &mut Entry<capacity::Record>| {
            let changes = entry.record.facts.budget != cut;
            entry.record.facts.budget.clone_from(&cut);
            if changes {
                entry.note(now, "budget", what.clone());
            }
            changes
        });
        if let Err(error) = written.await {
            return line(Outcome::Failed(error));
        }
        let mut changes = vec![what.clone()];
        let nudge = json!({"action": "reconcile", "service": service.id().to_string()});
        if let Err(error) = self.functions.ask(&self.schedule_function, &nudge).await {
            // The fact is written: the schedule's own tick finds it.
            tracing::warn!(error.kind = error.kind().label(), "{error}");
            changes.push("the schedule function was not reached; its next tick acts on it".into());
        }
        line(Outcome::Changed(changes))
    }

    /// Tells what concerns no budget that is held: anomalies in our words, all the rest as it came.
    pub(crate) async fn pass_on(&self, messages: &[&Message], mode: Mode, now: Timestamp, report: &mut Report) {
        if messages.is_empty() {
            return;
        }
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
        let kept = self.ledger.change(&subject, |entry: &mut Entry<Record>| {
            let news: Vec<bool> = messages.iter().map(|message| entry.tell(now, told(message))).collect();
            news.contains(&true)
        });
        match kept.await {
            Ok(mut entry) => self.send(&subject, &mut entry, now, report).await,
            Err(error) => report.failed(&subject.to_string(), error),
        }
    }
}

/// What is done to a service, and the sentence about it.
fn describe(cut: Option<&BudgetCut>) -> (&'static str, String) {
    let Some(cut) = cut else { return ("give_back", "no budget takes anything from it".into()) };
    let taken = message::cut(cut);
    let why = format!("{} % of a budget is spent: it {taken} until {}", cut.reached_percent, clock(cut.until));
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
