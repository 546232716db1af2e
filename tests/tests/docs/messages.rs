//! Every message, read from the snapshots that the functions' own tests hold.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use tests::document::words_of;

/// One part per function.
pub fn parts() -> Vec<(&'static str, String)> {
    ["rollout", "capacity", "alarm", "budget"].map(|function| (function, part(function))).into()
}

fn part(function: &str) -> String {
    let place = tests::root().join("functions").join(function).join("src");
    let mut shown = Vec::new();
    for file in sources(&place) {
        let inside = file.strip_prefix(&place).unwrap().to_string_lossy().into_owned();
        if inside.starts_with("message") {
            shown.extend(snapshots(&std::fs::read_to_string(&file).unwrap()));
        }
    }
    assert!(!shown.is_empty(), "{}: no snapshot of a message", place.display());
    let mut text = String::new();
    for (name, messages) in shown {
        // Writing to a text cannot fail.
        let _ = write!(text, "### {}\n\n", words_of(&name));
        for message in messages {
            let _ = write!(text, "```text\n{message}\n```\n\n");
        }
    }
    text
}

/// Every file below a folder, in the order of their paths.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let (mut open, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
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

/// A subject that is too long ends in the middle of a phrase; a message whose title may be too long has a shorter one.
#[test]
fn no_subject_is_cut() {
    for (function, part) in parts() {
        let messages = part.split("```text\n").skip(1);
        let cut: Vec<&str> =
            messages.filter_map(|message| message.lines().next()).filter(|subject| subject.contains("... [")).collect();
        assert!(cut.is_empty(), "{function}: {cut:?}");
    }
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
