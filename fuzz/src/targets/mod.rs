//! What is handed broken input: every entry point of the functions, and the parsers of texts behind them.

mod answers;
mod configuration;
mod environment;
mod payloads;
mod queues;
mod shares;
mod signing;
mod texts;

use serde_json::Value;

use crate::invoke::{FUNCTIONS, Observed, WITH_QUEUE};
use crate::laws;
use crate::record::{Recording, decided};

/// A real input.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Where it comes from; unique in its target.
    pub name: String,
    /// The function that gets it.
    pub function: &'static str,
    /// The recorded invocation around it, by its place in the recording.
    pub invocation: usize,
    /// What is broken.
    pub value: Value,
}

/// What became of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken; what was decided.
    Accepted(String),
    /// It was refused; why.
    Refused(String),
    /// A law was broken; how.
    Broken(String),
}

/// Hands an input to a function, in the place of the sample that it was.
pub type Check = fn(&Recording, &Sample, &Value) -> Verdict;

/// One kind of input.
pub struct Target {
    /// What it is called at the command line: `payload-rollout`.
    pub name: String,
    /// Real inputs.
    pub samples: Vec<Sample>,
    /// How an input is judged.
    pub check: Check,
    /// Cases in the test.
    pub cases: usize,
}

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

/// What is made of an invocation that broke no law of its own.
fn verdict(observed: &Observed) -> Verdict {
    if let Some(law) = laws::broken(observed) {
        return Verdict::Broken(law);
    }
    match &observed.result {
        Some(Ok(answer)) => Verdict::Accepted(match answer["ignored"].as_str() {
            Some(reason) => format!("ignored: {reason}"),
            None => match answer["decisions"].is_array() {
                true => decided(answer),
                false => answer.to_string(),
            },
        }),
        Some(Err(error)) => Verdict::Refused(error.to_string()),
        None => Verdict::Broken("does not end".to_owned()),
    }
}
