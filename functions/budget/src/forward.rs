//! Messages that concern no budget of the document: anomalies in plain words, all the rest as it came.

use planner::budget::Record;
use shared::ledger::{Entry, Subject};
use shared::notify::Notification;
use shared::runtime::{Invocation, Line, Mode, Outcome, Report};
use shared::{Error, Kind};

use crate::app::App;
use crate::documents::BudgetDocuments;
use crate::message;
use crate::trigger::{Content, Message};

/// The item of these messages; no budget may be called so.
const OTHERS: &str = ":messages";

impl BudgetDocuments {
    /// The messages that concern no budget of the document.
    pub(crate) fn unheld<'m>(&self, messages: &'m [Message]) -> Vec<&'m Message> {
        messages.iter().filter(|message| !self.budgets.iter().any(|policy| message.is_about(policy))).collect()
    }
}

impl App {
    /// Forwards them; sends, too, what an earlier invocation could not.
    pub(crate) async fn forward(&self, messages: &[&Message], invocation: &Invocation<'_, App>, report: &mut Report) {
        let Invocation { documents, context, now, mode, .. } = *invocation;
        let subject = Subject::Budget(OTHERS.into());
        for message in messages {
            report.push(line(message, mode));
        }
        if mode != Mode::Act {
            return;
        }
        let notifications: Vec<Notification> = messages
            .iter()
            .map(|message| match &message.content {
                Content::Anomaly(anomaly) => message::anomaly(&documents.fleet, anomaly),
                Content::Budget { .. } | Content::Unknown => {
                    message::forwarded(&documents.fleet, message, &self.console)
                }
            })
            .collect();
        let kept = context.ledger.change(&subject, |entry: &mut Entry<Record>| {
            let new: Vec<bool> = notifications.iter().map(|message| entry.announce(now, message.clone())).collect();
            new.contains(&true)
        });
        let mut entry = match kept.await {
            Ok(entry) => entry,
            Err(error) => return report.sent(subject, Err(error)),
        };
        let sent = context.send_due(&subject, &mut entry, now).await;
        let fine = sent.is_ok();
        report.sent(subject.clone(), sent);
        let waits = |message: &&Notification| entry.outbox.iter().any(|unsent| unsent.message.key == message.key);
        let waiting = notifications.iter().filter(waits).count();
        if fine && waiting > 0 {
            // Lambda's next attempt sends it, unless the other invocation did.
            let why = format!("{waiting} written by another invocation and not yet sent");
            report.sent(subject, Err(Error::new(Kind::Unavailable, why)));
        }
    }
}

fn line(message: &Message, mode: Mode) -> Line {
    let (reason, budget) = match &message.content {
        Content::Anomaly(_) => ("anomaly", OTHERS),
        Content::Budget { name, .. } => ("not_in_document", name.as_str()),
        Content::Unknown => ("unreadable", OTHERS),
    };
    let why = format!("message {} concerns no budget of the document", message.id);
    let done = vec!["forwarded".to_owned()];
    let outcome = if mode == Mode::Act { Outcome::Changed(done) } else { Outcome::Planned(done) };
    Line::new(Subject::Budget(budget.to_owned()), ("forward", reason), why, outcome)
}
