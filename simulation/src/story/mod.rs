//! Stories: a script and what came of it, in one text file that a person can read.
//!
//! A line that begins with `> ` is a command; what follows until the next command is what came of it, written by the run. Everything else
//! before the first command is the story's title and what it is about. Commands:
//!
//! - `> begin 2026-11-16T09:00:00Z [calm|bad|terrible] [seed 1] [services 3] [signed] [scanned] [inspected] [versions] [migrates]`: right
//!   after the deploy; the first images run. With the last five, images are rolled out when they are signed, or scanned, by ECR or by
//!   Amazon Inspector, versions are followed, and a task runs first
//! - `> pass 20m`: time passes
//! - `> crash rollout before 3`: the next invocation of a function ends before, or `after`, the call that is so many writes away
//! - `> show`: the running tasks and the bounds of each service
//! - anything of [`Act`]: `> push website-agent crashes`

use std::fmt::Write;
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

use crate::account::Account;
use crate::engine::{Crash, Engine};
use crate::journal::Entry;
use crate::people::{Act, Follows, Setup, Unscanned, span};
use crate::run::stamp;
use crate::weather::Weather;
use crate::world::behaviour::Behaviour;
use crate::world::image::Scanning;

/// What can crash.
const FUNCTIONS: [&str; 5] = ["rollout", "capacity", "alarm", "budget", "request"];

/// What marks a command.
const COMMAND: &str = "> ";

/// Plays a story and returns its text as it should be; with `trace`, every call and log line in it.
///
/// # Errors
/// A line that is no command, with what was expected.
pub fn play(account: &Rc<Account>, text: &str, trace: bool) -> Result<String, String> {
    playing(account, text, trace).map(|(played, _)| played)
}

/// Plays a story and returns everything that happened.
///
/// # Errors
/// As [`play`].
pub fn journal(account: &Rc<Account>, text: &str) -> Result<Vec<Entry>, String> {
    playing(account, text, false).map(|(_, engine)| engine.map(|engine| engine.journal).unwrap_or_default())
}

fn playing(account: &Rc<Account>, text: &str, trace: bool) -> Result<(String, Option<Engine>), String> {
    let mut played = String::new();
    let head = text.lines().take_while(|line| !line.starts_with(COMMAND));
    for line in head {
        let _ = writeln!(played, "{line}");
    }
    let mut engine: Option<Engine> = None;
    let mut seen = 0;
    for command in text.lines().filter_map(|line| line.strip_prefix(COMMAND)) {
        let _ = writeln!(played, "{COMMAND}{command}");
        if let Some(begin) = command.strip_prefix("begin ") {
            let begun = begin_at(account, begin)?;
            seen = begun.journal.len();
            engine = Some(begun);
            played.push('\n');
            continue;
        }
        let engine = engine.as_mut().ok_or_else(|| format!("`{command}`: expected `begin` first"))?;
        match command.split_once(' ') {
            Some(("pass", lasts)) => {
                engine.pass(span(lasts).ok_or_else(|| format!("`{command}`: expected a duration such as 20m"))?);
            }
            Some(("crash", words)) => engine.crash = Some(crash(words)?),
            _ if command == "show" => played.push_str(&show(engine)),
            _ => {
                let act: Act = command.parse()?;
                act.perform(engine);
            }
        }
        for entry in engine.journal[seen..].iter().filter(|entry| trace || entry.what.matters()) {
            if trace {
                let _ = writeln!(played, "{entry:#}");
                continue;
            }
            for line in entry.what.lines() {
                let _ = writeln!(played, "{}  {line}", stamp(entry.at));
            }
        }
        seen = engine.journal.len();
        played.push('\n');
    }
    Ok((format!("{}\n", played.trim_end()), engine))
}

fn crash(words: &str) -> Result<Crash, String> {
    let words: Vec<&str> = words.split_whitespace().collect();
    let expected = || format!("crash: got `{}`, expected a function, before or after, and a number", words.join(" "));
    let [function, when, writes] = words[..] else { return Err(expected()) };
    let function = FUNCTIONS.into_iter().find(|name| *name == function).ok_or_else(expected)?;
    let after = match when {
        "before" => false,
        "after" => true,
        _ => return Err(expected()),
    };
    Ok(Crash { function, writes: writes.parse().map_err(|_| expected())?, after })
}

/// Every service runs its first image when a story begins.
fn begin_at(account: &Rc<Account>, words: &str) -> Result<Engine, String> {
    let mut words = words.split_whitespace();
    let start = words.next().unwrap_or_default();
    let start: Timestamp = start.parse().map_err(|_| format!("begin: got `{start}`, expected a time"))?;
    let (mut weather, mut seed, mut setup) = (Weather::CALM, 1, Setup::default());
    while let Some(word) = words.next() {
        match word {
            "seed" => seed = words.next().and_then(|seed| seed.parse().ok()).ok_or("seed: expected a number")?,
            "signed" => setup.signed = true,
            "inspected" => (setup.scan, setup.inspector) = (Some(Unscanned::Refuse), true),
            "scanned" => setup.scan = Some(Unscanned::Refuse),
            "services" => {
                let count = words.next().and_then(|count| count.parse::<usize>().ok());
                let count = count.and_then(|count| count.checked_sub(account.services().len()));
                setup.more = count.ok_or("services: expected how many, with those of the templates")?;
            }
            "versions" => setup.follows = Follows::Versions,
            "migrates" => setup.migration = true,
            name => weather = name.parse()?,
        }
    }
    let inspector = setup.inspector;
    let account = match setup == Setup::default() {
        true => Rc::clone(account),
        false => Rc::new(Setup { installed: true, ..setup }.account()),
    };
    let before = start - SignedDuration::from_mins(30);
    let mut engine = Engine::new(Rc::clone(&account), Weather::OVER, before, seed);
    if inspector {
        engine.world.ecr.scanning = Scanning::Enhanced;
    }
    for service in account.services() {
        Act::Push { service, behaviour: Behaviour::Good, multi: false, flaw: None }.perform(&mut engine);
    }
    engine.pass(SignedDuration::from_mins(30));
    engine.weather = weather;
    Ok(engine)
}

fn show(engine: &Engine) -> String {
    let mut text = String::new();
    for service in engine.account().services() {
        let _ = writeln!(text, "{}", engine.world.describe(&service));
    }
    text
}
