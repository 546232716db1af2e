//! What AWS answers: documents with one thing wrong, items of the ledger as another version wrote them, and responses that arrive in pieces.

use serde_json::{Map, Value};
use simulation::wire::Request;

use crate::invoke::invoke;
use crate::model::{raw, rendered};
use crate::record::{Call, Invocation, Recording};
use crate::target::{Sample, Target, Verdict, verdict};

/// Most invocations of one function whose answers are broken.
const SAMPLES: usize = 60;

/// The answers of an invocation as documents.
pub fn documents(recording: &Recording, function: &'static str) -> Target {
    // The configuration has targets of its own.
    let document = |call: &Call| match call.service {
        "appconfig" | "sns" => None,
        _ => call.answer.as_ref().ok().cloned(),
    };
    let samples = samples(recording, function, document);
    Target { name: format!("answer-{function}"), samples, check: of_documents, cases: 120 }
}

/// The answers of an invocation as HTTP responses.
pub fn responses(recording: &Recording, function: &'static str) -> Target {
    let response = |call: &Call| {
        let (operation, input) = (call.operation.clone(), call.input.clone());
        let request = Request { service: call.service, operation, input };
        Some(raw(&rendered(&request, &call.answer)))
    };
    let samples = samples(recording, function, response);
    Target { name: format!("response-{function}"), samples, check: of_responses, cases: 80 }
}

/// Every answer of an invocation under its number and name.
fn samples(recording: &Recording, function: &'static str, answer: impl Fn(&Call) -> Option<Value>) -> Vec<Sample> {
    let places = recording.invocations.iter().enumerate().filter(|(_, invocation)| invocation.function == function);
    let with_calls: Vec<(usize, &Invocation)> = places.filter(|(_, invocation)| !invocation.calls.is_empty()).collect();
    let step = with_calls.len().div_ceil(SAMPLES).max(1);
    let sample = |(place, invocation): &(usize, &Invocation)| {
        let answers = invocation.calls.iter().enumerate();
        let answers: Map<String, Value> =
            answers.filter_map(|(number, call)| Some((format!("{number} {}", call.name()), answer(call)?))).collect();
        Sample { name: format!("invocation-{place}"), function, invocation: *place, value: answers.into() }
    };
    with_calls.iter().step_by(step).map(sample).collect()
}

/// The broken answer to a call; nothing when there is none any more.
fn answer_to<'v>(answers: &'v Value, number: usize, call: &Call) -> Option<&'v Value> {
    answers.get(format!("{number} {}", call.name()))
}

fn of_documents(recording: &Recording, sample: &Sample, answers: &Value) -> Verdict {
    let recorded = &recording.invocations[sample.invocation];
    let mut calls = recorded.calls.clone();
    for (number, call) in calls.iter_mut().enumerate() {
        if let Some(answer) = answer_to(answers, number, call) {
            call.answer = Ok(answer.clone());
        }
    }
    let tape = recording.tape(&calls);
    let variables = &recording.variables[sample.function];
    verdict(&invoke(sample.function, variables, tape, recorded.payload.clone(), recorded.at))
}

fn of_responses(recording: &Recording, sample: &Sample, answers: &Value) -> Verdict {
    let recorded = &recording.invocations[sample.invocation];
    let mut tape = recording.tape(&recorded.calls);
    let broken = tape
        .calls
        .iter()
        .enumerate()
        .filter_map(|(number, call)| Some((number, answer_to(answers, number, call)?.clone())));
    tape.raw = broken.collect();
    let variables = &recording.variables[sample.function];
    verdict(&invoke(sample.function, variables, tape, recorded.payload.clone(), recorded.at))
}
