//! A law about messages that cannot be sent: nothing waits for them, as the runbook of unsent messages promises of rollouts, rollbacks, freezes
//! and scheduled downtime.

use super::calls::CHANGES;
use super::remembered::Sends;
use super::watch::{Broken, Watch, broken};
use crate::engine::Engine;
use crate::journal::{Entry, What};

const LAW: &str = "nothing waits for a message";

pub(super) fn look(watch: &mut Watch, engine: &Engine, entry: &Entry) -> Result<(), Broken> {
    match &entry.what {
        What::Begins { invocation, payload, .. } => {
            let is_request = payload["by"].is_string();
            let is_batch = payload["Records"].as_array().is_some_and(|records| records.len() > 1);
            watch.waiting.insert(*invocation, Sends { is_request, is_batch, ..Sends::default() });
            Ok(())
        }
        What::Call { invocation, service: "sns", answer, .. } => {
            if let Some(sends) = watch.waiting.get_mut(invocation) {
                sends.tried = true;
                sends.refusals.extend(answer.as_ref().err().map(|failure| failure.message.clone()));
            }
            Ok(())
        }
        What::Call { invocation, function, operation, answer: Ok(_), .. } if CHANGES.contains(&operation.as_str()) => {
            watch.meets(LAW);
            // Of several messages of a queue, what the first one says is sent before the second one is looked at.
            match watch.waiting.get(invocation).is_some_and(|sends| sends.tried && !sends.is_batch) {
                true => {
                    Err(broken(engine, LAW, format!("{function} #{invocation}: {operation} comes after a message")))
                }
                false => Ok(()),
            }
        }
        What::Ends { invocation, function, result } => {
            let sends = watch.waiting.remove(invocation).filter(|sends| sends.is_request && !sends.refusals.is_empty());
            let Some(sends) = sends else { return Ok(()) };
            watch.meets(LAW);
            match result {
                // Who requests something gets an error for what was not done, and not for a message about something else.
                Err(error) if sends.refusals.iter().any(|refusal| error.contains(refusal.as_str())) => {
                    Err(broken(engine, LAW, format!("{function} #{invocation} fails a request: {error}")))
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}
