//! `cargo xtask bench`: the rollout function against the same job written with boto3 and with the AWS SDK for JavaScript.
//!
//! Every program is a process of its own under the same Lambda Runtime API, makes the same AWS calls to the same local endpoint over
//! TLS and gets the same events: each pushes a new image, so each really registers a revision and updates the service.
//! Runs are interleaved, so that a busy moment of the machine hits all programs; a first round that fills the caches is not counted.
//!
//! Round trips are counted in one more run, in which every call takes `TRACE_DELAY`: calls that can overlap then surely do.

mod account;
mod answers;
mod authority;
mod chain;
mod cpu_share;
mod endpoint;
mod fleet;
mod function;
mod http;
mod measure;
mod process;
mod report;
mod runtime_api;
mod stats;
mod tools;

use crate::process::forget_cargo;
use anyhow::{Context, Result, ensure};
use authority::Authority;
use cpu_share::CpuShare;
use endpoint::Endpoint;
use measure::{Run, Stage};
use process::Program;
use runtime_api::RuntimeApi;
use serde_json::{Value, json};
use std::fs;
use std::io::{IsTerminal, Write, stderr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tools::Folders;

/// Longer than any client needs between two calls that it makes at once.
const TRACE_DELAY: Duration = Duration::from_millis(40);

/// Events of a traced run; the last one is counted, when all connections are open.
const TRACED_EVENTS: u64 = 3;

/// Measures the rollout function against the same job in Python and Node.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also write the results to this file as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Emulate the CPU share of a Lambda with this much memory (MB / 1769 of a core after init)
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(128..=10_240))]
    memory: Option<u64>,
    /// Length of the periods in which that share is dealt out: the kernel's default; 20 ms has been observed on Lambda
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1000))]
    period: u64,
    /// Processes started of each program
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Events that each process gets; the first is the cold one
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(2..))]
    events: u64,
    /// Leave out Python and Node
    #[arg(long)]
    alone: bool,
    /// Also measure this executable, for instance the rollout function of an earlier version
    #[arg(long, value_name = "BOOTSTRAP")]
    beside: Option<PathBuf>,
    /// Measure this executable instead of the built rollout function
    #[arg(long, value_name = "BOOTSTRAP")]
    function: Option<PathBuf>,
}

/// Names a process that was compiled to measure, so that it starts no other.
const MEASURES: &str = "XTASK_MEASURES";

/// Measures, prints the table and writes the JSON; in a process of its own, compiled so that the endpoint is fast.
pub fn run(args: &Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the xtask folder has a parent")?;
    if std::env::var_os(MEASURES).is_none() {
        eprintln!("bench: compiling the benchmark with optimization (a minute, the first time)");
        let mut cargo = Command::new("cargo");
        forget_cargo(&mut cargo);
        cargo
            .args(["run", "--quiet", "--profile", "measure", "--package", "xtask", "--"])
            .args(std::env::args_os().skip(1));
        let status = cargo.env(MEASURES, "1").status().context("start cargo")?;
        ensure!(status.success(), "the benchmark ended with {status}");
        return Ok(());
    }
    let folders = Folders { sources: root.join("tests/bench"), made: root.join(".tools/bench") };
    fs::create_dir_all(&folders.made).with_context(|| format!("make {}", folders.made.display()))?;
    let authority = Authority::new()?;
    let certificate = folders.made.join("authority.pem");
    fs::write(&certificate, &authority.certificate)?;

    let mut programs = vec![function::rust(root, &folders, args.function.as_deref(), &certificate)?];
    if let Some(beside) = &args.beside {
        programs.push(function::other(root, &folders, beside, &certificate)?);
    }
    if !args.alone {
        programs.push(tools::python(&folders, &authority.certificate)?);
        programs.extend(tools::node(&folders, &certificate)?);
    }

    let endpoint = Endpoint::start(&authority)?;
    let runtime = RuntimeApi::start()?;
    let share = args.memory.and_then(|memory| {
        CpuShare::new(memory, Duration::from_millis(args.period))
            .inspect_err(|error| eprintln!("bench: no CPU quota, so everything runs at full CPU: {error:#}"))
            .ok()
    });
    let variables = function::variables(&endpoint, &runtime, args.memory.unwrap_or(1769));
    let stage = Stage { endpoint, runtime, share, variables, log: folders.made.join("function.log") };

    let (counted, traced) = measure_all(&stage, &programs, args)?;
    let results: Vec<report::Measured> = programs
        .iter()
        .zip(counted)
        .zip(traced)
        .map(|((program, runs), traced)| report::Measured { program, runs, traced })
        .collect();

    let cpu = match (&stage.share, args.memory) {
        (Some(_), Some(memory)) => format!("the CPU share of {memory} MB after init (periods of {} ms)", args.period),
        _ => "full CPU".to_owned(),
    };
    println!("{} runs of {} events each at {cpu}; median (min-max), ratio = theirs / ours\n", args.runs, args.events);
    print!("{}", report::table(&results));
    println!();
    for program in &programs {
        println!("{}: {}", program.title, program.package.contents);
    }
    if let Some(file) = &args.json {
        let mut document = report::json(&results);
        document.insert("cpu".to_owned(), json!(cpu));
        document.insert("memory_mb".to_owned(), json!(stage.share.as_ref().and(args.memory)));
        document.insert("period_ms".to_owned(), json!(stage.share.as_ref().map(|_| args.period)));
        document.insert("runs".to_owned(), json!(args.runs));
        document.insert("events".to_owned(), json!(args.events));
        fs::write(file, serde_json::to_string_pretty(&Value::Object(document))? + "\n")
            .with_context(|| format!("write {}", file.display()))?;
    }
    Ok(())
}

/// A round that is not counted, the counted rounds, and the traced one; each round runs every program once.
fn measure_all(stage: &Stage, programs: &[Program], args: &Args) -> Result<(Vec<Vec<Run>>, Vec<Run>)> {
    let mut progress = Progress::new((programs.len() as u64 * (args.runs + 2)) as usize);
    let mut counted: Vec<Vec<Run>> = programs.iter().map(|_| Vec::new()).collect();
    for round in 0..=args.runs {
        for (program, runs) in programs.iter().zip(&mut counted) {
            progress.step(&program.title);
            let run = measure::run(stage, program, args.events, Duration::ZERO)?;
            if round > 0 {
                runs.push(run);
            }
        }
    }
    let mut traced = Vec::new();
    for program in programs {
        progress.step(&program.title);
        let run = measure::run(stage, program, TRACED_EVENTS, TRACE_DELAY)?;
        ensure!(run.round_trips_to_update > 0, "{} made no UpdateService in the traced run", program.title);
        traced.push(run);
    }
    progress.end();
    Ok((counted, traced))
}

/// One line that counts up on a terminal, a line now and then where it is piped.
struct Progress {
    done: usize,
    total: usize,
    terminal: bool,
}

impl Progress {
    fn new(total: usize) -> Self {
        Self { done: 0, total, terminal: stderr().is_terminal() }
    }

    fn step(&mut self, title: &str) {
        self.done += 1;
        if self.terminal {
            eprint!("\rbench: run {} of {}: {title}\x1b[K", self.done, self.total);
            stderr().flush().ok();
        } else if self.done % 10 == 1 || self.done == self.total {
            eprintln!("bench: run {} of {}: {title}", self.done, self.total);
        }
    }

    fn end(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}
