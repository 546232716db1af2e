//! `cargo xtask test`: everything that is tested, in the order in which a mistake is cheapest to find.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread::scope;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::process;
use crate::screen::{Detail, elapsed, heading, phase};
use crate::tools::Tools;

/// What to leave out.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave out the scenarios on local clouds: format, lints, unit, property, event and template tests and stories only
    #[arg(long)]
    fast: bool,
}

/// The scenario programs, the longest first. Each has a local cloud of its own, and so has the demo.
const SCENARIOS: [&str; 2] = ["scenario_deploy", "scenario_local"];
/// What the simulation plays: the same seeds each time, and others for every commit; together they meet each fault.
const SEEDS: [&str; 8] = ["--fixed", "40", "--seeds", "200", "--hours", "10", "--meets", "fault"];
/// So many of them run at once: one keeps a core busy.
const LANES: usize = 2;

/// Tests that were counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
}

/// A program that tests, and the name of its log.
struct Job {
    log: &'static str,
    command: Command,
}

/// Runs all of it; stops at the first stage that fails.
///
/// # Errors
/// With the last lines of that stage, and where to read all of them.
pub fn run(args: &Args) -> Result<()> {
    let started = Instant::now();
    heading("Everything that is tested");
    let tools = Tools::prepare()?;
    let mut count = Count::default();
    let result = stages(&tools, args, &mut count);
    println!("\ntook {}", elapsed(started));
    println!("{} passed, {} failed", count.passed, count.failed);
    result
}

fn stages(tools: &Tools, args: &Args, count: &mut Count) -> Result<()> {
    let job = |log, command| Job { log, command };
    stage("cargo fmt", vec![job("fmt", cargo(tools, &["fmt", "--all", "--check"]))], 1, count)?;
    // Cargo's compilers and the Python programs hardly wait for each other.
    let clippy = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    let validate = |template: &str| {
        let mut validate = tools.command("sam");
        validate.args(["validate", "--lint", "--template-file", template, "--region", "eu-central-1"]);
        validate
    };
    let lints = vec![
        job("clippy", cargo(tools, &clippy)),
        job("cfn-lint", tools.command("cfn-lint")),
        job("sam-validate", validate("template.yaml")),
        job("sam-validate-functions", validate("infra/automation/functions.yaml")),
        job("sam-validate-existing", validate("infra/existing/template.yaml")),
        job("checkov", tools.command("checkov")),
    ];
    stage("lints: clippy, cfn-lint, sam validate, checkov", lints, 2, count)?;
    let units = vec![job("tests", cargo(tools, &["test", "--workspace"]))];
    stage("units, properties, events, templates, layering", units, 1, count)?;
    if args.fast {
        return Ok(());
    }
    let mut simulation = crate::simulate::command(tools.root(), &SEEDS);
    simulation.args(seed_of_commit(tools.root()).map(|seed| format!("--seed={seed}")));
    let simulation = vec![job("simulation", simulation)];
    stage("simulation: fixed seeds and those of the commit", simulation, 1, count)?;
    let mut fuzz = crate::fuzz::command(tools.root(), &["--minutes", "1"]);
    fuzz.args(seed_of_commit(tools.root()).map(|seed| format!("--seed={seed}")));
    stage("broken input for a minute", vec![job("fuzz", fuzz)], 1, count)?;
    let compile = vec![job("scenarios", cargo(tools, &[&scenario("scenario_*")[..], &["--no-run"]].concat()))];
    stage("scenarios, compiled", compile, 1, count)?;
    let mut scenarios: Vec<Job> = SCENARIOS.map(|name| job(name, cargo(tools, &scenario(name)))).into();
    scenarios.insert(1, job("demo", cargo(tools, &["xtask", "demo", "--verbose"])));
    stage("scenarios and the demo, on local clouds of their own", scenarios, LANES, count)
}

/// The first of the seeds that are this commit's own, so that a failure comes again until it is mended; `None` where there
/// is no commit, and the clock decides.
fn seed_of_commit(root: &Path) -> Option<u32> {
    let head = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(root).output().ok()?;
    let hash = std::str::from_utf8(head.stdout.get(..8)?).ok()?;
    u32::from_str_radix(hash, 16).ok()
}

/// The whole workspace: one package alone would have the SDKs compiled again, with other features.
fn scenario(name: &str) -> [&str; 6] {
    ["test", "--workspace", "--features", "tests/scenarios", "--test", name]
}

/// Runs jobs, so many at once, all of them to their end; fails with the first that failed.
fn stage(name: &str, jobs: Vec<Job>, lanes: usize, count: &mut Count) -> Result<()> {
    let queue = Mutex::new(jobs.into_iter());
    let next = || queue.lock().ok()?.next();
    let work = |detail: &Detail| {
        scope(|scope| {
            let lane = || std::iter::from_fn(next).map(|job| run_job(job, detail)).collect::<Vec<_>>();
            let lanes: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
            lanes.into_iter().flat_map(|lane| lane.join().unwrap_or_default()).collect::<Vec<_>>()
        })
    };
    let mut counts = Vec::new();
    let result = phase(name, |detail| {
        let mut result = Ok(());
        for (found, ended) in work(detail) {
            counts.push(found);
            result = result.and(ended);
        }
        result
    });
    for found in counts {
        *count = Count { passed: count.passed + found.passed, failed: count.failed + found.failed };
    }
    result
}

fn run_job(job: Job, detail: &Detail) -> (Count, Result<()>) {
    let run = || {
        let log = logs()?.join(format!("{}.log", job.log));
        Ok((process::run(job.command, &log, detail), read(&fs::read_to_string(&log).unwrap_or_default())))
    };
    match run() {
        // What is no test runner counts as one.
        Ok((ended, found)) if found == Count::default() => {
            (Count { passed: ended.is_ok().into(), failed: ended.is_err().into() }, ended)
        }
        Ok((ended, found)) => (found, ended),
        Err(error) => (Count { passed: 0, failed: 1 }, Err(error)),
    }
}

fn cargo(tools: &Tools, arguments: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    process::forget_cargo(&mut cargo);
    cargo.args(arguments).current_dir(tools.root());
    cargo
}

/// Adds up the results that test runners print.
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
    let logs = crate::folders::local().join("test-logs");
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
