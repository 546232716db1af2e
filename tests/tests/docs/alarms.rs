//! Alarms that a document names exist, under that name.

use std::collections::BTreeSet;

use tests::alarms::{alarms, on_the_automation};
use tests::resolve::Deployed;
use tests::template;

use crate::links::documents;

/// What names of alarms end with.
const ENDINGS: [&str; 13] = [
    "-5xx",
    "-latency",
    "-unhealthy",
    "-cpu",
    "-memory",
    "-errors",
    "-throttled",
    "-configuration-rejected",
    "-dead-letters",
    "-delivery-failed",
    "-undelivered",
    "-not-invoked",
    "-unsent",
];
const FUNCTIONS: [&str; 5] = ["rollout", "capacity", "alarm", "budget", "request"];

/// Every alarm of the stage prod.
fn there() -> BTreeSet<String> {
    let system = ["monitoring.yaml", "edge.yaml"].map(|file| Deployed::new(template::huskit().nested(file), &[]));
    let names = system.iter().flat_map(alarms).chain(on_the_automation(template::root())).map(|alarm| alarm.name);
    names.collect()
}

/// Does a word in backticks name an alarm, as CloudWatch or as a template calls it?
fn is_alarm(word: &str) -> bool {
    let of_console =
        |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || b"-<>0123456789".contains(&byte));
    let of_template = |word: &str| word.ends_with("Alarm") && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (of_console(word) && ENDINGS.iter().any(|ending| word.ends_with(ending))) || of_template(word)
}

#[test]
fn every_alarm_that_a_document_names_exists() {
    let there = there();
    assert!(there.iter().all(|name| is_alarm(name)), "an ending is missing: {there:?}");
    let mut count = 0;
    for (path, text) in documents() {
        for word in text.split('`').skip(1).step_by(2).filter(|word| is_alarm(word)) {
            // The functions that read no configuration have no alarm on a rejected one.
            let named = FUNCTIONS.map(|function| word.replace("<function>", function));
            assert!(named.iter().any(|name| there.contains(name)), "{}: there is no alarm `{word}`", path.display());
            count += 1;
        }
    }
    assert!(count > 5, "documents are read as expected: {count}");
}
