//! What a target is: real inputs, and how a broken one is judged.

use serde_json::Value;

use crate::invoke::{Observed, invoke};
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

/// What is made of an invocation that broke no law of its own.
pub fn verdict(observed: &Observed) -> Verdict {
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

/// The recorded invocation with the most calls: it has an answer to most of what may be asked.
pub fn widest(recording: &Recording, function: &str) -> usize {
    let places = recording.invocations.iter().enumerate().filter(|(_, invocation)| invocation.function == function);
    places.max_by_key(|(_, invocation)| invocation.calls.len()).map_or(0, |(place, _)| place)
}

/// Invokes the function of a sample with a payload, in the recorded invocation.
pub fn invoked(recording: &Recording, sample: &Sample, payload: Value) -> Observed {
    let recorded = &recording.invocations[sample.invocation];
    let tape = recording.tape(&recorded.calls);
    invoke(sample.function, &recording.variables[sample.function], tape, payload, recorded.at)
}
