//! Who may import what: the direction of dependencies, held by a test instead of by review.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};

const NOTHING: Vec<String> = Vec::new();

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_owned()
}

/// Every Rust file below `folder`, with its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {folder}");
    found
}

/// Files of `folder` outside `except` that contain one of `words`.
fn offenders(folder: &str, except: &str, words: &[&str]) -> Vec<String> {
    let uses = |text: &str| words.iter().find(|word| text.contains(**word)).copied();
    let told = |(name, text): (String, String)| Some(format!("{name}: {}", uses(&text)?));
    let inside = |(name, _): &(String, String)| except.is_empty() || !name.starts_with(except);
    sources(folder).into_iter().filter(inside).filter_map(told).collect()
}

#[test]
fn the_sdk_is_imported_below_shared_src_aws_alone() {
    let sdk = ["aws_sdk_", "aws_smithy_", "aws_types::", "aws_credential_types"];
    assert_eq!(offenders("shared/src", "shared/src/aws/", &sdk), NOTHING);
    assert_eq!(offenders("functions", "", &sdk), NOTHING);
}

#[test]
fn the_model_and_the_planners_are_pure() {
    let effects = [
        "async ",
        ".await",
        "Timestamp::now",
        "SystemTime",
        "Instant::now",
        "std::env::",
        "std::fs",
        "tokio",
        "println!",
    ];
    for folder in
        ["shared/src/model", "shared/src/rollout", "shared/src/capacity", "shared/src/budget", "shared/src/alarm"]
    {
        assert_eq!(offenders(folder, "", &effects), NOTHING);
    }
}

#[test]
fn nothing_pure_knows_what_is_built_on_it() {
    let effectful = ["crate::aws", "crate::ledger", "crate::notify", "crate::report", "crate::lambda", "crate::env"];
    for folder in
        ["shared/src/model", "shared/src/rollout", "shared/src/capacity", "shared/src/budget", "shared/src/alarm"]
    {
        assert_eq!(offenders(folder, "", &effectful), NOTHING);
    }
    assert_eq!(offenders("shared/src/model", "", &["crate::rollout", "crate::capacity"]), NOTHING);
}

#[test]
fn functions_do_not_depend_on_functions() {
    let functions: Vec<String> = fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    for function in &functions {
        let manifest = fs::read_to_string(root().join("functions").join(function).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).expect("a function has dependencies");
        for other in functions.iter().filter(|other| *other != function) {
            let used = dependencies.lines().any(|line| line.starts_with(&format!("{other}.")));
            assert!(!used, "{function} uses {other}");
        }
    }
}

/// Tests and documentation may name a system as an example; code may not.
#[test]
fn no_system_is_known_outside_infra_and_events() {
    let names = ["huskit", "website-agent", "website_agent", "crawler"];
    let told = |(name, text): (String, String)| {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().lines();
        let mut code = code.filter(|line| !line.trim_start().starts_with("//"));
        code.find(|line| names.iter().any(|word| line.contains(word))).map(|line| format!("{name}: {line}"))
    };
    let files = sources("shared/src").into_iter().chain(sources("functions"));
    let found: Vec<String> = files.filter(|(name, _)| !name.contains("tests")).filter_map(told).collect();
    assert_eq!(found, NOTHING);
}

/// Either of them costs a Lambda tens of milliseconds of cold start: see docs/decisions.md.
#[test]
fn neither_the_slow_tls_provider_nor_the_legacy_http_stack_is_linked() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let packages: Vec<&str> = lock.split("[[package]]").collect();
    let has = |name: &str, version: &str| {
        let (name, version) = (format!("name = \"{name}\"\n"), format!("version = \"{version}"));
        packages.iter().any(|package| package.contains(&name) && package.contains(&version))
    };
    assert!(has("rustls", "0.23"), "the lock file is read as expected");
    assert!(!has("aws-lc-sys", "") && !has("aws-lc-rs", ""), "aws-lc");
    assert!(!has("hyper", "0.14") && !has("rustls", "0.21"), "the legacy stack");
}
