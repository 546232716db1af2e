//! `cargo xtask test`: everything that is tested, in the order in which a mistake is cheapest to find.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::process;
use crate::screen::{elapsed, heading, phase};
use crate::tools::Tools;

/// Tests that were counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
}

/// Runs all of it; stops at the first stage that fails.
///
/// # Errors
/// With the last lines of that stage, and where to read all of them.
pub fn run() -> Result<()> {
    let started = Instant::now();
    heading("Everything that is tested");
    let tools = Tools::prepare()?;
    let mut count = Count::default();
    let result = stages(&tools, &mut count);
    println!("\ntook {}", elapsed(started));
    println!("{} passed, {} failed", count.passed, count.failed);
    result
}

fn stages(tools: &Tools, count: &mut Count) -> Result<()> {
    let mut stage = |name: &str, log: &str, command: Command| {
        let log = logs()?.join(format!("{log}.log"));
        let result = phase(name, |detail| process::run(command, &log, detail));
        let found = read(&fs::read_to_string(&log).unwrap_or_default());
        // What is no test runner counts as one.
        let found = match (found == Count::default(), &result) {
            (true, Ok(())) => Count { passed: 1, failed: 0 },
            (true, Err(_)) => Count { passed: 0, failed: 1 },
            (false, _) => found,
        };
        *count = Count { passed: count.passed + found.passed, failed: count.failed + found.failed };
        result
    };
    stage("cargo fmt", "fmt", cargo(tools, &["fmt", "--all", "--check"]))?;
    let lints = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    stage("cargo clippy", "clippy", cargo(tools, &lints))?;
    stage("units, properties, events, templates, layering", "tests", cargo(tools, &["test", "--workspace"]))?;
    stage("cfn-lint", "cfn-lint", tools.command("cfn-lint"))?;
    let mut validate = tools.command("sam");
    validate.args(["validate", "--lint", "--template-file", "template.yaml", "--region", "eu-central-1"]);
    stage("sam validate --lint", "sam-validate", validate)?;
    stage("checkov", "checkov", tools.command("checkov"))?;
    // The whole workspace: one package alone would have the SDKs compiled again, with other features.
    let mut scenarios = vec!["test", "--workspace", "--features", "tests/scenarios"];
    for name in ["scenario_deploy", "scenario_rollout", "scenario_capacity", "scenario_alarm", "scenario_budget"] {
        scenarios.extend(["--test", name]);
    }
    stage("scenarios, on local clouds of their own", "scenarios", cargo(tools, &scenarios))
}

fn cargo(tools: &Tools, arguments: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    process::forget_cargo(&mut cargo);
    cargo.args(arguments).current_dir(tools.root());
    cargo
}

/// Adds up what test runners say of themselves.
fn read(output: &str) -> Count {
    let of = |line: &str, word: &str| {
        let words: Vec<&str> = line.split([' ', ';']).filter(|word| !word.is_empty()).collect();
        let at = words.iter().position(|own| *own == word)?;
        words.get(at.checked_sub(1)?)?.parse::<usize>().ok()
    };
    let lines = output.lines().filter(|line| line.starts_with("test result: "));
    lines.fold(Count::default(), |sum, line| Count {
        passed: sum.passed + of(line, "passed").unwrap_or(0),
        failed: sum.failed + of(line, "failed").unwrap_or(0),
    })
}

fn logs() -> Result<PathBuf> {
    let logs = crate::cloud::local().join("test-logs");
    fs::create_dir_all(&logs).with_context(|| format!("create {}", logs.display()))?;
    Ok(logs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_what_test_runners_say() {
        let output = "running 2 tests\ntest result: ok. 7 passed; 0 failed; 0 ignored\nnoise\ntest result: FAILED. 3 passed; 2 failed; 0 ignored\n";
        assert_eq!(read(output), Count { passed: 10, failed: 2 });
        assert_eq!(read("clippy says nothing"), Count::default());
    }
}
