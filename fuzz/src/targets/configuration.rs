//! The configuration: fleet, alarms and budgets, as AppConfig has it.

use serde_json::{Value, json};
use simulation::account::Account;

use crate::invoke::invoke;
use crate::laws;
use crate::record::Recording;
use crate::target::{Sample, Target, Verdict, verdict, widest};

/// The configurations of the repository, as documents and as the texts that they are.
pub fn target(recording: &Recording, function: &'static str) -> Target {
    let existing = Account::of(tests::template::existing(), &[]).configuration();
    let invocation = widest(recording, function);
    let mut samples = Vec::new();
    for (name, text) in
        [("huskit", &recording.configuration), ("existing", &existing), ("everything", &EVERYTHING.to_owned())]
    {
        let document: Value = serde_json::from_str(text).unwrap_or_default();
        let sample = |name: String, value| Sample { name, function, invocation, value };
        samples.push(sample(name.to_owned(), document));
        samples.push(sample(format!("{name} as text"), text.clone().into()));
    }
    Target { name: format!("configuration-{function}"), samples, check, cases: 60 }
}

fn check(recording: &Recording, sample: &Sample, configuration: &Value) -> Verdict {
    let recorded = &recording.invocations[sample.invocation];
    let text = configuration.as_str().map_or_else(|| configuration.to_string(), str::to_owned);
    let mut tape = recording.tape(&recorded.calls);
    tape.configuration = text;
    let observed = invoke(
        sample.function,
        &recording.variables[sample.function],
        tape,
        json!({ "action": "reconcile" }),
        recorded.at,
    );
    if let Some(Err(error)) = &observed.result
        && error.to_string().starts_with("configuration")
        && !is_syntax(&error.to_string())
        && let Some(law) = laws::unnamed(error, &["fleet", "alarms", "budgets", "field"])
    {
        return Verdict::Broken(law);
    }
    verdict(&observed)
}

/// What is no JSON has no fields.
fn is_syntax(error: &str) -> bool {
    error.contains(" line ") || error == "configuration: empty"
}

/// A configuration in which every field is set.
const EVERYTHING: &str = include_str!("everything.json");
