//! What is handed broken input: every entry point of the functions, and the parsers of texts behind them.

mod answers;
mod configuration;
mod environment;
mod payloads;
mod queues;
mod shares;
mod signing;
mod texts;

use crate::invoke::{FUNCTIONS, WITH_QUEUE};
use crate::record::Recording;
use crate::target::Target;

/// All of them.
pub fn all(recording: &Recording) -> Vec<Target> {
    let mut targets = Vec::new();
    for function in FUNCTIONS {
        targets.push(payloads::target(recording, function));
        targets.push(answers::documents(recording, function));
        targets.push(answers::responses(recording, function));
    }
    for function in WITH_QUEUE {
        targets.push(queues::target(recording, function));
        targets.push(shares::target(recording, function));
        targets.push(configuration::target(recording, function));
    }
    targets.push(signing::target(recording));
    targets.push(environment::target(recording));
    targets.extend(texts::targets());
    targets
}
