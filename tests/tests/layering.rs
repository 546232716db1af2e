//! Who may import what: the direction of dependencies, held by a test instead of by review.

// Helpers of tests fail tests.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use tests::root;

const NOTHING: Vec<String> = Vec::new();

/// Every Rust file below `folder`, with its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    files(folder, "rs")
}

/// Every file of a kind below `folder`, with its text; what is built or installed is left out.
fn files(folder: &str, kind: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                let made = ["target", "node_modules", "__pycache__"].iter().any(|name| path.ends_with(name));
                folders.extend(Some(path).filter(|_| !made));
            } else if path.extension().is_some_and(|extension| extension == kind) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(kind != "rs" || !found.is_empty(), "no sources below {folder}");
    found
}

/// Files of `folder` outside `except` that contain one of `words`.
fn offenders(folder: &str, except: &str, words: &[&str]) -> Vec<String> {
    let uses = |text: &str| words.iter().find(|word| text.contains(**word)).copied();
    let offence = |(name, text): (String, String)| Some(format!("{name}: {}", uses(&text)?));
    let inside = |(name, _): &(String, String)| except.is_empty() || !name.starts_with(except);
    sources(folder).into_iter().filter(inside).filter_map(offence).collect()
}

/// Every crate of the workspace: its folder, and the names of its dependencies, for tests too where `dev` says so.
fn crates(dev: bool) -> BTreeMap<String, BTreeSet<String>> {
    let functions = fs::read_dir(root().join("functions")).unwrap().map(|entry| entry.unwrap().path());
    let others = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let manifests =
        functions.chain(others).map(|folder| folder.join("Cargo.toml")).filter(|manifest| manifest.exists());
    let read = |manifest: std::path::PathBuf| {
        let text = fs::read_to_string(&manifest).unwrap();
        let mut section = "";
        let mut found = BTreeSet::new();
        for line in text.lines() {
            match line.strip_prefix('[') {
                Some(name) => section = name.trim_end_matches(']'),
                None if section == "dependencies" || (dev && section == "dev-dependencies") => {
                    let name = line.split([' ', '.', '=']).next().unwrap_or_default();
                    found.extend(Some(name.to_owned()).filter(|name| !name.is_empty() && !name.starts_with('#')));
                }
                None => {}
            }
        }
        (manifest.parent().unwrap().strip_prefix(root()).unwrap().to_string_lossy().into_owned(), found)
    };
    let found: BTreeMap<_, _> = manifests.map(read).filter(|(folder, _)| !folder.is_empty()).collect();
    assert!(found.len() > 6 && found["shared"].contains("planner"), "manifests are read as expected: {found:?}");
    found
}

/// Every package that `roots` lead to, by the lock file.
fn tree(roots: &BTreeSet<String>) -> BTreeSet<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let mut packages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let quoted = |text: &str| text.split('"').nth(1).map(str::to_owned);
        let name = package.lines().find(|line| line.starts_with("name = ")).and_then(quoted).unwrap();
        let dependencies = package.lines().filter(|line| line.starts_with(" \""));
        let dependencies = dependencies.filter_map(quoted).filter_map(|name| Some(name.split(' ').next()?.to_owned()));
        packages.entry(name).or_default().extend(dependencies);
    }
    let (mut open, mut found): (Vec<&String>, BTreeSet<String>) = (roots.iter().collect(), BTreeSet::new());
    while let Some(name) = open.pop() {
        if found.insert(name.clone()) {
            open.extend(packages.get(name).unwrap_or_else(|| panic!("{name} is not in the lock file")));
        }
    }
    found
}

#[test]
fn the_sdk_is_imported_below_shared_src_aws_alone() {
    let sdk = ["aws_sdk_", "aws_smithy_", "aws_types::", "aws_credential_types"];
    assert_eq!(offenders("shared/src", "shared/src/aws/", &sdk), NOTHING);
    assert_eq!(offenders("planner", "", &sdk), NOTHING);
    assert_eq!(offenders("functions", "", &sdk), NOTHING);
}

/// Cargo holds it: what is not among its dependencies cannot be called.
#[test]
fn the_planners_have_neither_aws_nor_a_runtime_nor_a_clock() {
    let tree = tree(&crates(false)["planner"]);
    assert!(tree.contains("jiff") && tree.contains("serde"), "the lock file is read as expected: {tree:?}");
    let effectful = ["aws", "tokio", "hyper", "lambda", "futures", "async", "tracing", "rustls", "mio", "socket2"];
    let found: Vec<&String> =
        tree.iter().filter(|name| effectful.iter().any(|effect| name.starts_with(effect))).collect();
    assert!(found.is_empty(), "planner depends on {found:?}");
    // Without its feature `std`, jiff has no `now`.
    for (manifest, section) in
        [("Cargo.toml", "\n[workspace.dependencies]"), ("planner/Cargo.toml", "\n[dependencies]")]
    {
        let text = fs::read_to_string(root().join(manifest)).unwrap();
        let line = text.split(section).nth(1).unwrap().lines().find(|line| line.starts_with("jiff")).unwrap();
        assert!(
            !line.contains("\"std\"") && (manifest != "Cargo.toml" || line.contains("default-features = false")),
            "{line}"
        );
    }
}

/// The standard library is what Cargo cannot take away.
#[test]
fn the_planners_do_nothing_but_decide() {
    let effects = [
        "async ",
        ".await",
        "SystemTime",
        "Instant::now",
        "std::env::",
        "std::fs",
        "std::net",
        "std::thread",
        "println!",
    ];
    assert_eq!(offenders("planner/src", "", &effects), NOTHING);
}

#[test]
fn dependencies_between_crates_point_one_way() {
    let crates = crates(true);
    let name = |folder: &str| folder.rsplit('/').next().unwrap_or_default().to_owned();
    let names: BTreeSet<String> = crates.keys().map(|folder| name(folder)).collect();
    let mut found = Vec::new();
    for (folder, dependencies) in &crates {
        let may: &[&str] = match folder.as_str() {
            "planner" => &[],
            "shared" => &["planner"],
            // They test and start everything, and nothing depends on them.
            "tests" | "simulation" | "fuzz" | "xtask" => continue,
            // Functions and the command line; none of them depends on another.
            _ => &["planner", "shared"],
        };
        let own = dependencies.iter().filter(|dependency| names.contains(*dependency));
        found.extend(own.filter(|own| !may.contains(&own.as_str())).map(|own| format!("{folder} depends on {own}")));
    }
    assert_eq!(found, NOTHING);
}

/// What the code believes must not leak into what the simulated AWS does.
#[test]
fn the_simulation_imports_neither_planners_nor_gateways() {
    let mut open = vec![root().join("simulation/src")];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            // The connection is how a function reaches the model; everything else of `aws` is a gateway.
            let gateways = text.matches("shared::aws::").count() - text.matches("shared::aws::Connection").count();
            if text.contains("planner::") || gateways > 0 {
                found.push(path.display().to_string());
            }
        }
    }
    assert_eq!(found, NOTHING);
}

/// `cargo xtask circles` prints them with their lines.
#[test]
fn no_files_of_a_folder_import_each_other_in_a_circle() {
    let circles = xtask::circles::find(root()).unwrap();
    assert_eq!(circles.iter().map(ToString::to_string).collect::<Vec<_>>(), NOTHING);
}

/// A source without its test modules and other items for tests.
fn production(text: &str) -> Vec<&str> {
    let (mut kept, mut lines) = (Vec::new(), text.lines());
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push(line);
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let ends = |line: &str| line.len() > indent && matches!(&line[indent..], "}" | "};");
        let first = lines.next().unwrap_or_default();
        if !first.ends_with(';') {
            // The end of an item is indented as it began; a statement over several lines ends with a semicolon.
            lines.by_ref().find(|line| ends(line) || (!first.contains('{') && line.ends_with(';')));
        }
    }
    kept
}

#[test]
fn only_what_is_for_tests_is_left_out_of_a_source() {
    let text = "mod a;\n#[cfg(test)]\nmod tests;\n\nfn b() {\n    #[cfg(test)]\n    fn c() {\n        d();\n    }\n    e();\n}\n\n#[cfg(test)]\nmod f {\n    fn g() {\n    }\n}\n// h\n";
    assert_eq!(production(text), ["mod a;", "", "fn b() {", "    e();", "}", "", "// h"]);
}

/// Tests and documentation may name a system as an example, and so may the story and the benchmark, which play HuskIT; code
/// and its comments may not.
#[test]
fn no_system_is_known_to_the_code() {
    let names = ["huskit", "website-agent", "website_agent", "crawler"];
    let named = |(name, text): (String, String)| {
        let lines = production(&text).into_iter().map(str::to_lowercase);
        let found = lines.filter(|line| names.iter().any(|word| line.contains(word)));
        found.map(|line| format!("{name}: {}", line.trim())).collect::<Vec<_>>()
    };
    let of_tests = |name: &str| name.contains("/tests/") || name.ends_with("tests.rs") || name.ends_with("fixtures.rs");
    let examples = |name: &str| name.starts_with("xtask/src/story/") || name.starts_with("xtask/src/bench/");
    let files = ["planner/src", "shared/src", "functions", "xtask/src"].into_iter().flat_map(sources);
    let code = files.filter(|(name, _)| !of_tests(name) && !examples(name));
    let found: Vec<String> = code.flat_map(named).collect();
    assert_eq!(found, NOTHING);
}

/// Sources are read from top to bottom. Templates are not, and have one file per layer: see docs/decisions.md.
#[test]
fn no_rust_or_python_file_is_longer_than_400_lines() {
    let folders = ["planner", "shared", "functions", "simulation", "fuzz", "tests", "xtask"];
    let of = |kind: &'static str| folders.into_iter().flat_map(move |folder| files(folder, kind));
    let all: Vec<(String, String)> = of("rs").chain(of("py")).collect();
    assert!(all.iter().any(|(name, _)| name.ends_with(".py")) && all.len() > 300, "sources are read as expected");
    let long = all.into_iter().map(|(name, text)| (name, text.lines().count())).filter(|(_, lines)| *lines > 400);
    assert_eq!(long.map(|(name, lines)| format!("{name}: {lines} lines")).collect::<Vec<_>>(), NOTHING);
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

/// They are linked without the tables that unwinding needs: see shared/link/build.rs.
#[test]
fn a_panic_ends_the_process_of_every_function_instead_of_unwinding() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let release = manifest.split("\n[").find(|section| section.starts_with("profile.release]")).unwrap();
    assert!(release.contains("\npanic = \"abort\""), "{release}");
    for function in fs::read_dir(root().join("functions")).unwrap() {
        let manifest = fs::read_to_string(function.unwrap().path().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("\nbuild = \"../../shared/link/build.rs\""), "{manifest}");
    }
}

/// What a dry run and a request `plan` must not change is known to the invocation alone.
#[test]
fn functions_write_and_send_through_their_invocation() {
    let words = ["ledger.save", "ledger.change", "ledger.settle", "send_due", " Mode::", "settings.dry_run"];
    assert_eq!(offenders("functions", "", &words), NOTHING);
    assert_ne!(offenders("shared/src/runtime", "", &words), NOTHING, "these are the words");
}
