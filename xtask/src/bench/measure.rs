//! One run: a fresh process, its events, and what they cost.

use super::account;
use super::chain::{round_trips, round_trips_to};
use super::cpu_share::CpuShare;
use super::endpoint::Endpoint;
use super::process::{Program, Running};
use super::runtime_api::{Event, RuntimeApi, Said};
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// Long enough for Python at the smallest share of a core, short enough to notice a hanging function.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everything that a run needs besides the program.
pub struct Stage {
    /// The emulated AWS.
    pub endpoint: Endpoint,
    /// The emulated Lambda.
    pub runtime: RuntimeApi,
    /// The CPU share, if one is asked for and possible.
    pub share: Option<CpuShare>,
    /// Environment of every program.
    pub variables: Vec<(String, String)>,
    /// Where a program's output goes.
    pub log: PathBuf,
}

/// What one run cost.
#[derive(Debug, Default)]
pub struct Run {
    /// Process start to the first `next`.
    pub init: Duration,
    /// First event handed out to its response.
    pub first: Duration,
    /// The same for every later event.
    pub warm: Vec<Duration>,
    /// CPU time until the runtime asked for the second event; unlike the times above it hardly depends on a busy machine.
    pub cold_cpu: Duration,
    /// Peak resident memory of the process tree, bytes.
    pub peak: u64,
    /// TLS connections that were opened.
    pub connections: usize,
    /// Calls of the last event, by operation, in order of their ends.
    pub calls: Vec<String>,
    /// Sequential round trips of the last event.
    pub round_trips: usize,
    /// Those of them up to `UpdateService`.
    pub round_trips_to_update: usize,
}

impl Run {
    /// Process start to the first event's response, without the time between.
    pub fn cold(&self) -> Duration {
        self.init + self.first
    }
}

/// Starts `program`, gives it `events` events and ends it; `delay` is what every AWS call takes at least.
pub fn run(stage: &Stage, program: &Program, events: u64, delay: Duration) -> Result<Run> {
    // The output of an ended program is of no use any more.
    while stage.runtime.said.try_recv().is_ok() {}
    stage.endpoint.reset(delay)?;
    let mut running = Running::start(program, &stage.variables, &stage.log)?;
    // A throttled client would send what it sends at once in pieces, and a traced run is about nothing else.
    let share = stage.share.as_ref().filter(|_| delay.is_zero());
    let measured = follow(stage, &mut running, events, share);
    measured.with_context(|| format!("{} printed last:\n{}", program.title, running.last_words()))
}

fn follow(stage: &Stage, running: &mut Running, events: u64, share: Option<&CpuShare>) -> Result<Run> {
    if let Some(share) = share {
        share.lift()?;
        share.enter(running.pid())?;
    }
    let (at, mut hand_out) = next(stage, running).context("wait for the function to start")?;
    let mut run = Run { init: at - running.started, ..Run::default() };
    // Lambda gives the full CPU during init and the share from the first event on.
    share.map(CpuShare::limit).transpose()?;
    for number in 1..=events {
        stage.endpoint.begin(number);
        let id = format!("8476a536-e9f4-11e8-9739-{number:012x}");
        hand_out.send(Event { id, body: account::push(number).to_string() }).context("hand out an event")?;
        let took = match said(stage, running).with_context(|| format!("wait for the answer to event {number}"))? {
            Said::Done { took, result: Ok(answer) } => check(stage, &answer).map(|()| took),
            Said::Done { result: Err(error), .. } => bail!("event {number} failed: {error}"),
            _ => bail!("the function asked for another event before it answered event {number}"),
        }?;
        match number {
            1 => run.first = took,
            _ => run.warm.push(took),
        }
        (_, hand_out) = next(stage, running)?;
        if number == 1 {
            run.cold_cpu = running.cpu_time()?;
        }
    }
    let calls = stage.endpoint.calls();
    run.peak = running.peak_memory()?;
    run.connections = stage.endpoint.connections();
    run.round_trips = round_trips(&calls);
    run.round_trips_to_update = round_trips_to(&calls, "UpdateService").unwrap_or_default();
    run.calls = calls.into_iter().map(|call| call.operation).collect();
    Ok(run)
}

/// A measurement counts only when the event really rolled the service.
fn check(stage: &Stage, answer: &str) -> Result<()> {
    let refused = stage.endpoint.refused();
    if !refused.is_empty() {
        bail!("the endpoint has no answer to {}", refused.join(", "));
    }
    let calls = stage.endpoint.calls();
    for needed in ["RegisterTaskDefinition", "UpdateService"] {
        if calls.iter().filter(|call| call.operation == needed).count() != 1 {
            let made: Vec<&str> = calls.iter().map(|call| call.operation.as_str()).collect();
            bail!("expected one {needed} among the calls [{}]; the function answered {answer}", made.join(", "));
        }
    }
    Ok(())
}

fn next(stage: &Stage, running: &mut Running) -> Result<(Instant, Sender<Event>)> {
    match said(stage, running)? {
        Said::Next { at, hand_out } => Ok((at, hand_out)),
        Said::InitError(error) => bail!("it reported an init error: {error}"),
        Said::Done { .. } => bail!("it answered an event that it did not get"),
    }
}

/// The next thing that the function says; an error when it ends or stays silent.
fn said(stage: &Stage, running: &mut Running) -> Result<Said> {
    let silent_since = Instant::now();
    loop {
        match stage.runtime.said.recv_timeout(Duration::from_millis(500)) {
            Ok(said) => return Ok(said),
            Err(RecvTimeoutError::Disconnected) => bail!("the Runtime API has stopped"),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = running.ended()? {
                    bail!("the function ended with {status}");
                }
                if silent_since.elapsed() > PATIENCE {
                    bail!("the function said nothing for {} s", PATIENCE.as_secs());
                }
            }
        }
    }
}
