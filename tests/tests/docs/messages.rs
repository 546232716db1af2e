//! Every message, read from the snapshots that the functions' own tests hold.

use std::fmt::Write;
use std::path::Path;

use tests::document::words_of;

/// One part per function that writes messages.
pub fn parts() -> Vec<(&'static str, String)> {
    let functions = ["rollout", "capacity", "alarm", "budget"];
    functions.iter().filter_map(|function| Some((*function, part(function)?))).collect()
}

fn part(function: &str) -> Option<String> {
    let file = tests::root().join("functions").join(function).join("src/message/tests.rs");
    let shown = snapshots(&source(&file)?);
    assert!(!shown.is_empty(), "{}: no snapshot of a message", file.display());
    let mut text = String::new();
    for (name, messages) in shown {
        // Writing to a text cannot fail.
        let _ = write!(text, "### {}\n\n", words_of(&name));
        for message in messages {
            let _ = write!(text, "```text\n{message}\n```\n\n");
        }
    }
    Some(text)
}

fn source(file: &Path) -> Option<String> {
    std::fs::read_to_string(file).ok()
}

/// Name and snapshots of each test that has any.
fn snapshots(source: &str) -> Vec<(String, Vec<String>)> {
    let tests = source.split("#[test]\nfn ").skip(1).filter_map(|test| test.split_once("() {"));
    let shown = tests.map(|(name, body)| (name.to_owned(), inline(body)));
    shown.filter(|(_, snapshots)| !snapshots.is_empty()).collect()
}

/// The inline snapshots of a test: `@"..."` without quotes inside, or `@r#"..."#`.
fn inline(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = body;
    while let Some((_, after)) = rest.split_once('@') {
        let ends = [("r#\"\n", "\n    \"#"), ("\"\n", "\n    \"")];
        let part = ends.iter().find_map(|(begin, end)| after.strip_prefix(begin)?.split_once(end));
        rest = match part {
            Some((snapshot, after)) => {
                let lines: Vec<&str> = snapshot.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
                found.push(lines.join("\n").trim().to_owned());
                after
            }
            None => after,
        };
    }
    found
}

#[test]
fn snapshots_are_read_in_both_forms_and_nothing_else_is() {
    let source = r##"
#[test]
fn a_day_that_went_well() {
    assert_snapshot!(mail("a@b"), @r#"
    [x] one

    {"two":2}
    "#);
    assert_snapshot!(mail(), @"
    three
    ");
}

#[test]
fn nothing_to_show() {
    assert_eq!(1, 1);
}
"##;
    let expected = vec!["[x] one\n\n{\"two\":2}".to_owned(), "three".to_owned()];
    assert_eq!(snapshots(source), [("a_day_that_went_well".to_owned(), expected)]);
}
