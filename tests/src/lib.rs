//! Tests of the whole: templates, events, scenarios.
//!
//! # Layout
//! - [`alarms`]: alarms on the automation, as CloudWatch shows them
//! - [`huskit`]: HuskIT's stacks, as its root deploys them
//! - [`template`]: a CloudFormation template as data, and as the text its comments are in
//! - [`resolve`]: intrinsic functions, as CloudFormation would render them
//! - [`pattern`]: event patterns, as EventBridge matches them
//! - [`rules`]: which pattern brings an event to which function
//! - [`policy`]: what policies allow
//! - [`calls`]: what functions call, and what that needs
//! - [`network`]: who reaches whom through security groups
//! - [`document`]: parts of documents that are written from the templates
//! - `tests/*.rs`: one topic per file

// What cannot be read or understood here fails the test, which is all that there is to do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod alarms;
pub mod calls;
pub mod document;
pub mod huskit;
pub mod network;
pub mod pattern;
pub mod policy;
pub mod resolve;
pub mod rules;
pub mod template;

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every `events/*.json` by its name without `.json`, sorted.
pub fn events() -> Vec<(String, Value)> {
    let files = std::fs::read_dir(root().join("events")).expect("events/");
    let paths: Vec<PathBuf> = files.map(|file| file.expect("a file of events/").path()).collect();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("an event file");
        let event = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_stem().expect("a name").to_string_lossy().into_owned(), event)
    };
    let mut events: Vec<(String, Value)> = paths.iter().map(read).collect();
    events.sort_by(|(one, _), (other, _)| one.cmp(other));
    events
}
