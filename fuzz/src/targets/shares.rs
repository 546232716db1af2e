//! Work that one invocation hands on to the next: whatever a message says is left, and however long calls take, each subject is met.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::invoke::{Observed, invoke};
use crate::laws;
use crate::record::Recording;
use crate::target::{Sample, Target, Verdict, verdict, widest};

/// Longest that a call takes: longer attempts are given up.
const LONGEST: u64 = 6_000;

/// A tick over a large fleet, and the rest of one, with calls that are fast or slow.
pub fn target(recording: &Recording, function: &'static str) -> Target {
    let invocation = recording.large.as_ref().map_or(0, |large| widest(large, function));
    let tick = json!({ "action": "reconcile" });
    let sample = |name: &str, message: &Value, takes: u64| {
        let value = json!({ "message": message, "takes_ms": takes });
        Sample { name: name.to_owned(), function, invocation, value }
    };
    let all = invoked(recording, &sample("all", &tick, 0), tick.clone(), 0);
    let left: Vec<String> = all.and_then(|all| met(&all)).into_iter().flatten().collect();
    let rest = json!({ "handed_on": tick, "left": left });
    let half = json!({ "handed_on": tick, "left": left[..left.len() / 2] });
    let samples = vec![
        sample("all", &tick, 0),
        sample("all, slowly", &tick, 2_500),
        sample("rest", &rest, 900),
        sample("rest, slowly", &rest, 4_000),
        sample("half", &half, 1_500),
    ];
    Target { name: format!("share-{function}"), samples, check, cases: 40 }
}

/// Hands a message over; nothing when no large fleet was recorded.
fn invoked(recording: &Recording, sample: &Sample, message: Value, takes: u64) -> Option<Observed> {
    let large = recording.large.as_ref()?;
    let recorded = large.invocations.get(sample.invocation)?;
    let mut tape = large.tape(&recorded.calls);
    tape.takes = Duration::from_millis(takes);
    Some(invoke(sample.function, &large.variables[sample.function], tape, message, recorded.at))
}

fn check(recording: &Recording, sample: &Sample, value: &Value) -> Verdict {
    let (message, takes) = (&value["message"], value["takes_ms"].as_u64().unwrap_or(0).min(LONGEST));
    let Some(fast) = invoked(recording, sample, message.clone(), 0) else { return Verdict::Refused(String::new()) };
    if let (Some(Err(error)), Some(_)) = (&fast.result, message.get("handed_on").filter(|first| first.is_object()))
        && !is_list_of_texts(&message["left"])
        && let Some(law) = laws::unnamed(error, &["left"])
    {
        return Verdict::Broken(law);
    }
    let first = message.get("handed_on").unwrap_or(message);
    let (Some(meant), false) = (met(&fast), first["action"] == "plan") else { return verdict(&fast) };
    let (mut next, mut found, mut rounds) = (message.clone(), BTreeSet::new(), 0);
    loop {
        let Some(slow) = invoked(recording, sample, next, takes) else { return verdict(&fast) };
        match met(&slow) {
            Some(subjects) if laws::broken(&slow).is_none() => found.extend(subjects),
            // The queue keeps the message, and nothing is lost.
            _ => return verdict(&slow),
        }
        rounds += 1;
        let Some(handed_on) = handed_on(&slow) else { break };
        if rounds > meant.len() + 1 {
            return Verdict::Broken("work is handed on without end".to_owned());
        }
        next = handed_on;
    }
    let lost: Vec<&String> = meant.difference(&found).collect();
    match lost.first() {
        Some(lost) => Verdict::Broken(format!("a subject is lost: {lost} in {rounds} rounds of {takes} ms a call")),
        None => Verdict::Accepted(format!("{} by {}", word(meant.len(), "subject"), word(rounds, "invocation"))),
    }
}

fn word(count: usize, what: &str) -> String {
    let many = ["no", "one", "two", "three", "four", "five", "six"].get(count).unwrap_or(&"many");
    format!("{many} {what}{}", if count == 1 { "" } else { "s" })
}

fn is_list_of_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
}

/// The subjects that were decided about, as the ledger names them; nothing when the invocation failed.
fn met(observed: &Observed) -> Option<BTreeSet<String>> {
    let answer = observed.result.as_ref()?.as_ref().ok()?;
    let decisions = answer["decisions"].as_array().into_iter().flatten();
    let of = |line: &Value| {
        let kinds = ["service", "alarm", "budget", "database", "system"];
        kinds.into_iter().find_map(|kind| Some(format!("{kind}/{}", line[kind].as_str()?)))
    };
    Some(decisions.filter(|line| line["decision"] != "hand_on").filter_map(of).collect())
}

/// What the invocation handed on.
fn handed_on(observed: &Observed) -> Option<Value> {
    let sent = observed.sent.iter().rev().find(|request| request.operation == "SendMessage")?;
    serde_json::from_str(sent.input["MessageBody"].as_str()?).ok()
}
