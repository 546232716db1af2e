//! `cargo xtask fuzz`: breaks input for as long as it is told to, and prints the smallest input of each finding.

// A tool for developers: what it cannot do ends it.
#![allow(clippy::expect_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use fuzz::case;
use fuzz::run::{Course, Finding};
use fuzz::session::Session;
use fuzz::target::Verdict;
use serde_json::{Value, json};

/// Hands broken input to every parser of the product.
#[derive(Debug, Parser)]
struct Options {
    /// How long to run.
    #[arg(long, default_value_t = 5)]
    minutes: u64,
    /// Where chance begins.
    #[arg(long)]
    seed: Option<u64>,
    /// Only targets whose name begins so: `payload-rollout`, `text-`.
    #[arg(long, default_value = "")]
    target: String,
    /// Run one input that was found, and nothing else.
    #[arg(long)]
    input: Option<PathBuf>,
    /// How many targets run at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Print so many outcomes of each target.
    #[arg(long, default_value_t = 0)]
    outcomes: usize,
}

/// Each target's turn.
const TURN: Duration = Duration::from_secs(2);
/// From one line of progress to the next.
const PROGRESS: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(fresh);
    if let Some(input) = &options.input {
        return replay(input);
    }
    println!("seed {seed}, {} min", options.minutes);
    let mut session = Session::new(seed, &options.target, &[]);
    if session.courses.is_empty() {
        println!("no target begins with `{}`", options.target);
        return ExitCode::FAILURE;
    }
    println!("{} targets, {} recorded invocations", session.courses.len(), session.recording.invocations.len());
    let (began, mut told, mut known) = (Instant::now(), Instant::now(), BTreeSet::new());
    while began.elapsed() < Duration::from_secs(options.minutes * 60) {
        session.turn(options.jobs, TURN);
        for finding in session.courses.iter().flat_map(Course::findings) {
            let path = keep(finding, seed);
            if known.insert(path.clone()) {
                println!("found in {}, seed {seed}: {}\n  {}", finding.target, finding.how, path.display());
            }
        }
        if told.elapsed() > PROGRESS {
            progress(&session, began);
            told = Instant::now();
        }
    }
    progress(&session, began);
    report(&session, &options, seed)
}

fn progress(session: &Session, began: Instant) {
    let ran: u64 = session.courses.iter().map(Course::ran).sum();
    let findings = session.courses.iter().flat_map(Course::findings).count();
    let seconds = began.elapsed().as_secs().max(1);
    println!("{:>5} s   {ran} cases, {} a second, {findings} findings", seconds, ran / seconds);
}

fn report(session: &Session, options: &Options, seed: u64) -> ExitCode {
    println!();
    for course in &session.courses {
        println!("{}", course.line());
        print!("{}", course.outcomes(options.outcomes));
    }
    let findings: Vec<&Finding> = session.courses.iter().flat_map(Course::findings).collect();
    for finding in &findings {
        println!("\n{finding}");
        println!("  again: cargo xtask fuzz --input {}", keep(finding, seed).display());
    }
    if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Writes a finding where it can be run again.
fn keep(finding: &Finding, seed: u64) -> PathBuf {
    let folder = tests::root().join(".local/fuzz");
    fs::create_dir_all(&folder).expect("a folder below .local");
    let class = case::class(&finding.how);
    let name: String = class.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(80).collect();
    let path = folder.join(format!("{}-{name}.json", finding.target));
    let input = json!({
        "target": finding.target, "sample": finding.sample, "seed": seed, "value": finding.value, "how": finding.how,
    });
    fs::write(&path, input.to_string()).expect("a file below .local");
    path
}

/// Runs one input, with the backtrace that a panic has.
fn replay(path: &PathBuf) -> ExitCode {
    let input: Value = serde_json::from_str(&fs::read_to_string(path).expect("an input")).expect("JSON");
    let session = Session::new(0, input["target"].as_str().unwrap_or_default(), &[]);
    let course = session.courses.first().expect("a target of that name");
    let sample =
        course.target.samples.iter().find(|sample| input["sample"] == sample.name).expect("a sample of that name");
    match case::run(&session.recording, &course.target, sample, &input["value"]) {
        Verdict::Broken(how) => println!("BROKEN {how}"),
        Verdict::Accepted(outcome) => println!("accepted: {outcome}"),
        Verdict::Refused(outcome) => println!("refused: {outcome}"),
    }
    ExitCode::SUCCESS
}

/// A seed that nobody chose.
// Of all that is here, only this is not to come out the same again.
#[allow(clippy::disallowed_methods)]
fn fresh() -> u64 {
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |since| since.as_nanos());
    u64::try_from(nanos % 1_000_000_007).unwrap_or(1)
}
