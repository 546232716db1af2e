//! Messages of AWS that concern no budget in the document: forwarded unchanged.

use planner::fleet::Fleet;
use shared::notify::{Notification, Severity};

use crate::trigger::{Content, Message};

/// A message of AWS, as it was received.
pub(crate) fn forwarded(fleet: &Fleet, message: &Message, console: &str) -> Notification {
    let key = format!("forwarded/{}", message.id);
    let title = message.subject.as_deref().unwrap_or("Message from AWS");
    let why = match &message.content {
        Content::Budget { name, .. } => format!("budget {name} is not in the budgets document"),
        Content::Anomaly(_) | Content::Unknown => "not a notice of AWS Budgets or Cost Anomaly Detection".into(),
    };
    let text = message.text.trim_end();
    Notification {
        summary: format!("Forwarded unchanged, no action taken: {why}.\n\n{text}"),
        next_steps: vec![format!("Check AWS Budgets: {console}budgets")],
        ..Notification::new(&fleet.title(), Severity::Warning, &key, &key, title)
    }
}
