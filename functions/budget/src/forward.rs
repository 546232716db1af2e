//! Messages that concern no budget of the document: anomalies in plain words, all the rest as it came.

use serde::{Deserialize, Serialize};
use shared::ledger::{Entry, LedgerRecord, Subject};
use shared::notify::Notification;
use shared::runtime::{Invocation, Line, Report};
use shared::{Error, Kind};

use crate::app::App;
use crate::documents::BudgetDocuments;
use crate::message;
use crate::trigger::{Content, Message};

/// What the ledger keeps of these messages: nothing but those that were announced, and those that are not sent yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Forwarded {}

impl LedgerRecord for Forwarded {
    const SORT_KEY: &'static str = "forwarded";
}

impl BudgetDocuments {
    /// The messages that concern no budget of the document.
    pub(crate) fn unheld<'m>(&self, messages: &'m [Message]) -> Vec<&'m Message> {
        messages.iter().filter(|message| !self.budgets.iter().any(|policy| message.is_about(policy))).collect()
    }
}

impl App {
    /// Forwards them; sends, too, what an earlier invocation could not.
    pub(crate) async fn forward(&self, messages: &[&Message], invocation: &Invocation<'_, App>, report: &mut Report) {
        let Invocation { documents, now, .. } = *invocation;
        let subject = Subject::System(documents.fleet.title());
        for message in messages {
            report.push(line(message, &subject, invocation));
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
        let announce = async |entry: &mut Entry<Forwarded>| {
            let new: Vec<bool> = notifications.iter().map(|message| entry.announce(now, message.clone())).collect();
            Ok(new.contains(&true).then_some(()))
        };
        let mut entry = match invocation.change(&subject, announce).await {
            Ok((entry, _)) => entry,
            Err(error) => return report.sent(subject, Err(error)),
        };
        let fine = invocation.send(&subject, &mut entry, report).await;
        let waits = |message: &&Notification| entry.outbox.iter().any(|unsent| unsent.message.key == message.key);
        let waiting = notifications.iter().filter(waits).count();
        if fine && waiting > 0 {
            // Lambda's next attempt sends it, unless the other invocation did.
            let why = format!("{waiting} written by another invocation and not yet sent");
            report.sent(subject, Err(Error::new(Kind::Unavailable, why)));
        }
    }
}

fn line(message: &Message, system: &Subject, invocation: &Invocation<'_, App>) -> Line {
    let (reason, subject) = match &message.content {
        Content::Anomaly(_) => ("anomaly", system.clone()),
        Content::Budget { name, .. } => ("not_in_document", Subject::Budget(name.clone())),
        Content::Unknown => ("unreadable", system.clone()),
    };
    let why = format!("message {} concerns no budget of the document", message.id);
    Line::new(subject, ("forward", reason), why, invocation.kept(vec!["forwarded".to_owned()]))
}
