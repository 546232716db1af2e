//! Laws about messages: no secret in them, each sent once, and no ALARM message for the automation's own changes.

use serde_json::Value;

use super::watch::{Broken, Watch, broken};
use crate::engine::Engine;
use crate::journal::{Entry, What};

/// What stands in the environment of a task definition and must not leave it.
pub const SECRET: &str = "hunter2-is-secret";

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    let text = match &entry.what {
        What::Message(message) => format!("{}\n{}\n{}", message.subject, message.text, message.chat),
        What::Log { line, .. } => line.clone(),
        What::Ends { result, .. } => result.as_ref().map_or_else(Clone::clone, Value::to_string),
        _ => return Ok(()),
    };
    watch.meets("no secret in a message, log or answer");
    if text.contains(SECRET) {
        return Err(broken(engine, "no secret in a message, log or answer", text));
    }
    let What::Message(message) = &entry.what else { return Ok(()) };
    let chat: Value = serde_json::from_str(&message.chat).unwrap_or_default();
    let id = format!("{} {}", message.subject, chat["id"].as_str().unwrap_or_default());
    watch.meets("a message is sent once on a good day");
    let sent = watch.messages.sent.entry(id.clone()).or_default();
    *sent += 1;
    if *sent > 1 && watch.messages.calm {
        return Err(broken(engine, "a message is sent once on a good day", format!("{sent} times: {id}")));
    }
    watch.meets("no ALARM message for the automation's own changes");
    if message.subject.starts_with("ALARM") && watch.messages.calm && !watch.messages.trouble {
        let how = format!("{}\n{}", message.subject, message.text);
        return Err(broken(engine, "no ALARM message for the automation's own changes", how));
    }
    Ok(())
}
