//! `cargo xtask simulate`: runs many seeds, says what was exercised, and tells the shortest story of what fails.

// A tool for developers: what it cannot do ends it.
#![allow(clippy::expect_used)]

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::ops::Range;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use jiff::SignedDuration;
use simulation::account::Account;
use simulation::cover::Coverage;
use simulation::expected::{met_after_all, never_met};
use simulation::people::{Plan, Setup, draw};
use simulation::played::{Failure, Played};
use simulation::report;
use simulation::rng::Rng;
use simulation::run::{Keep, run};
use simulation::shrink::shrink;
use simulation::story;
use simulation::weather::Weather;

/// A third of a run is allocation: calls are JSON.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A run that is resumed is kept after so many seeds.
const BATCH: u64 = 200;

/// Plays the automation against a model of AWS at its worst.
#[derive(Debug, Parser)]
struct Options {
    /// How many seeds to run.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// How many of the seeds from 1 run before them, the same each time.
    #[arg(long, default_value_t = 0)]
    fixed: u64,
    /// The first seed; with `--seeds 1` a replay.
    #[arg(long)]
    seed: Option<u64>,
    /// Hours in which things happen.
    #[arg(long, default_value_t = 24)]
    hours: i64,
    /// How many services there are, those of the templates or more; without it a few seeds have one more.
    #[arg(long)]
    services: Option<usize>,
    /// calm, bad or terrible; without it each seed has one of the three.
    #[arg(long)]
    weather: Option<Weather>,
    /// Run only the seeds in which this happens, `spot-short` or `migration: true` for example; all of them, where it is given several times.
    #[arg(long)]
    with: Vec<String>,
    /// Print every call with its answer.
    #[arg(long)]
    trace: bool,
    /// Go on after the first seed that fails, and list them all.
    #[arg(long)]
    keep_going: bool,
    /// Tell the story of the first seed that fails as it was drawn.
    #[arg(long)]
    no_shrink: bool,
    /// Print how often each decision, reason, fault and law was met; one that was never met is a failure.
    #[arg(long)]
    coverage: bool,
    /// Print which of these kinds was never met, which is a failure: `law,fault`.
    #[arg(long, value_delimiter = ',', value_name = "KINDS")]
    meets: Vec<String>,
    /// Play this story and print what comes of it, with `--trace` every call.
    #[arg(long)]
    story: Option<std::path::PathBuf>,
    /// Go on with the run that this file has, and keep there what is played.
    #[arg(long, value_name = "FILE")]
    resume: Option<std::path::PathBuf>,
    /// Write what the run exercised to docs/reference/reliability.md.
    #[arg(long)]
    report: bool,
    /// How many seeds run at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(file) = &options.story {
        return play(file, options.trace);
    }
    match all(&options) {
        Ok(played) => judge(&played, &options),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Plays all seeds, or those that are left of a run that is resumed.
fn all(options: &Options) -> Result<Played, String> {
    let known = options.resume.as_ref().map(|file| Played::resume(file, options.seed, options.hours)).transpose()?;
    let begun = || Played { first: options.seed.unwrap_or_else(fresh), hours: options.hours, ..Played::default() };
    let mut played = known.flatten().unwrap_or_else(begun);
    let replay = options.seed.is_some() && options.trace;
    let count = options.fixed + if replay { 1 } else { options.seeds };
    let batch = if options.resume.is_some() { BATCH } else { count };
    while played.drawn < count && (options.keep_going || played.failures.is_empty()) {
        let numbers = played.drawn..count.min(played.drawn + batch);
        some(&mut played, (numbers, count), options);
        if let Some(file) = &options.resume {
            played.keep(file)?;
        }
    }
    Ok(played)
}

/// Plays the seeds of these numbers, several at the same time.
fn some(played: &mut Played, (numbers, count): (Range<u64>, u64), options: &Options) {
    let (next, done) = (AtomicU64::new(numbers.start), AtomicU64::new(0));
    let (failures, coverage) = (Mutex::new(Vec::new()), Mutex::new(Coverage::default()));
    let (started, first, before) = (Instant::now(), played.first, played.seeds);
    std::thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                let mut accounts = Accounts::default();
                let mut own = Coverage::default();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let stop = !options.keep_going && !failures.lock().expect("failures").is_empty();
                    if number >= numbers.end || stop {
                        break;
                    }
                    let seed = number.checked_sub(options.fixed).map_or(number + 1, |number| first + number);
                    let plan = plan(seed, options);
                    if !has(&plan, &options.with) {
                        continue;
                    }
                    let outcome = run(&accounts.of(&plan.setup), &plan, seed, Keep::Nothing);
                    own.merge(&outcome.coverage);
                    if let Some(broken) = outcome.broken {
                        eprintln!("--seed {seed}: {}", broken.law);
                        let failure = Failure { seed, law: broken.law.to_owned(), how: broken.how };
                        failures.lock().expect("failures").push(failure);
                    }
                    let ran = done.fetch_add(1, Ordering::Relaxed) + 1;
                    progress(before + ran, count, ran_per(ran, started.elapsed().as_secs_f64()));
                }
                coverage.lock().expect("coverage").merge(&own);
            });
        }
    });
    played.failures.extend(failures.into_inner().expect("failures"));
    played.coverage.merge(&coverage.into_inner().expect("coverage"));
    played.drawn = numbers.end;
    played.seeds += done.into_inner();
    played.seconds += started.elapsed().as_secs_f64();
}

/// Says what came of a run: what broke, and what was never met.
fn judge(played: &Played, options: &Options) -> ExitCode {
    let Played { first, hours, seeds, seconds, failures, coverage, .. } = played;
    let fixed = if options.fixed > 0 { format!("1 to {} and ", options.fixed) } else { String::new() };
    println!(
        "\n{seeds} seeds, {fixed}from {first}, {hours} hours each, in {seconds:.1} s: {:.1} seeds a second",
        ran_per(*seeds, *seconds)
    );
    let is_required = |line: &String| options.coverage || options.meets.iter().any(|kind| line.starts_with(kind));
    let missing: Vec<String> = never_met(coverage).into_iter().filter(is_required).collect();
    if options.coverage {
        println!("\nMet\n{}", coverage.table());
    }
    if options.report {
        tests::document::hold(report::DOCUMENT, &report::parts(played), true);
    }
    let broken = say(&played.by_law(), failures, options);
    if !missing.is_empty() {
        println!("\nNever met, which is a failure\n  {}", missing.join("\n  "));
        return ExitCode::FAILURE;
    }
    let after_all = met_after_all(coverage);
    if !after_all.is_empty() {
        println!("\nMet, and held to be unreachable\n  {}", after_all.join("\n  "));
        return ExitCode::FAILURE;
    }
    broken
}

fn play(file: &std::path::Path, trace: bool) -> ExitCode {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()));
    match text.and_then(|text| story::play(&Rc::new(Account::huskit(&[("FirstDeploy", "false")])), &text, trace)) {
        Ok(played) => {
            print!("{played}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// An account for each setup, read once.
#[derive(Default)]
struct Accounts(BTreeMap<Setup, Rc<Account>>);

impl Accounts {
    fn of(&mut self, setup: &Setup) -> Rc<Account> {
        Rc::clone(self.0.entry(setup.clone()).or_insert_with(|| Rc::new(setup.account())))
    }
}

fn ran_per(ran: u64, seconds: f64) -> f64 {
    // Few enough to be exact.
    #[allow(clippy::cast_precision_loss)]
    let ran = ran as f64;
    ran / seconds.max(0.001)
}

fn plan(seed: u64, options: &Options) -> Plan {
    thread_local!(static SERVICES: Vec<String> = Account::huskit(&[]).services());
    let mut rng = Rng::seeded(seed ^ 0x5eed);
    let weather =
        options.weather.clone().unwrap_or_else(|| rng.pick(&[Weather::CALM, Weather::BAD, Weather::TERRIBLE]).clone());
    let more = |known: usize| options.services.map(|count| count.saturating_sub(known));
    let lasts = SignedDuration::from_hours(options.hours);
    SERVICES.with(|services| draw(&mut rng, services, more(services.len()), lasts, weather))
}

/// Does all of that happen in a plan, or is it so?
fn has(plan: &Plan, wanted: &[String]) -> bool {
    let text = || plan.acts.iter().map(|(_, act)| format!("{act}\n")).chain([format!("{:?}", plan.setup)]);
    wanted.iter().all(|wanted| text().any(|line| line.contains(wanted.as_str())))
}

/// Says which seeds failed, and tells the story of the first.
fn say(laws: &[(String, Vec<u64>)], failures: &[Failure], options: &Options) -> ExitCode {
    let Some(first) = failures.iter().min_by_key(|failure| failure.seed) else {
        println!("every law held");
        return ExitCode::SUCCESS;
    };
    for (law, seeds) in laws {
        println!("\nBROKEN {} times: {law}", seeds.len());
        for failure in failures.iter().filter(|failure| failure.law == *law).take(5) {
            println!("  --seed {}: {}", failure.seed, failure.how.lines().next().unwrap_or_default());
        }
    }
    let drawn = plan(first.seed, options);
    let account = Rc::new(drawn.setup.account());
    println!("\nThe shortest story of seed {} (of {} things that happen)", first.seed, drawn.acts.len());
    let shortest = if options.no_shrink { drawn } else { shortest(&account, &drawn, first.seed) };
    for (at, act) in &shortest.acts {
        println!("  {:>7}  {act}", format!("{}m", at.as_mins()));
    }
    println!("  {:?}\n  {:?}\n", shortest.setup, shortest.weather);
    println!("{}", run(&account, &shortest, first.seed, Keep::Journal).timeline(options.trace));
    ExitCode::FAILURE
}

fn shortest(account: &Rc<Account>, drawn: &Plan, seed: u64) -> Plan {
    shrink(account, drawn, seed, |runs, plan| {
        if std::io::stderr().is_terminal() {
            eprint!("\r  {runs} tried, {} things happen   ", plan.acts.len());
        }
    })
}

/// A line that is written over on a terminal; elsewhere one line for each hundred seeds.
fn progress(done: u64, count: u64, rate: f64) {
    let mut err = std::io::stderr();
    let said = format!("{done} of {count} seeds, {rate:.1} a second");
    let _ = match err.is_terminal() {
        true => write!(err, "\r{said}   ").and_then(|()| err.flush()),
        false if done.is_multiple_of(100) => writeln!(err, "{said}"),
        false => Ok(()),
    };
}

/// A seed that is another each time.
// Of all that is here, only this is not to come out the same again.
#[allow(clippy::disallowed_methods)]
fn fresh() -> u64 {
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |since| since.as_nanos());
    u64::try_from(nanos % 1_000_000_007).expect("a small number") * 1_000
}
