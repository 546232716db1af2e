//! Phases: a line with name, duration and latest output while it runs; afterwards how long it took.

use std::io::{IsTerminal, Write, stdout};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Paint, elapsed, line, paint, width};

/// The latest word of a phase that runs, shown while it does.
#[derive(Clone, Default)]
pub struct Detail(Arc<Mutex<String>>);

impl Detail {
    /// Replaces it.
    pub fn set(&self, text: &str) {
        if let Ok(mut detail) = self.0.lock() {
            text.clone_into(&mut detail);
        }
    }

    fn get(&self) -> String {
        self.0.lock().map(|detail| detail.clone()).unwrap_or_default()
    }
}

/// Runs `work` and shows meanwhile that and how long it runs; afterwards how long it took.
///
/// # Errors
/// Those of `work`.
pub fn phase<T>(name: &str, work: impl FnOnce(&Detail) -> Result<T>) -> Result<T> {
    let (started, detail) = (Instant::now(), Detail::default());
    let progress = Progress::start(name, started, detail.clone());
    let result = work(&detail);
    progress.end();
    let took = paint(Paint::Dim, &elapsed(started));
    match &result {
        Ok(_) => line(&format!("  {} {name}  {took}", paint(Paint::Green, "ok"))),
        Err(_) => line(&format!("  {} {name}  {took}", paint(Paint::Red, "failed"))),
    }
    result
}

/// The line that moves while a phase runs: twice a second on a terminal, every half a minute elsewhere.
pub(crate) struct Progress {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    pub(crate) fn start(name: &str, started: Instant, detail: Detail) -> Progress {
        let (stop, stopped) = channel();
        let (name, terminal) = (name.to_owned(), stdout().is_terminal());
        let thread = spawn(move || {
            let every = if terminal { Duration::from_millis(500) } else { Duration::from_secs(30) };
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let line = format!("  .. {name}  {}  {}", elapsed(started), detail.get());
                let line: String = line.chars().filter(|c| !c.is_control()).take(width() - 1).collect();
                if terminal {
                    print!("\r\x1b[2K{line}");
                } else {
                    println!("{line}");
                }
                // A terminal that is gone is no reason to fail.
                let _ = stdout().flush();
            }
            if terminal {
                print!("\r\x1b[2K");
            }
        });
        Progress { stop, thread }
    }

    pub(crate) fn end(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}
