//! What a person sees: headings, progress and wrapped lines; plain when nobody looks, without colour on request.

use std::io::{IsTerminal, Write, stdout};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use anyhow::Result;
use jiff::SignedDuration;
use planner::model::format_duration;

/// What a text is painted in.
#[derive(Clone, Copy, Debug)]
pub enum Paint {
    /// Headings.
    Bold,
    /// What is said beside the point.
    Dim,
    /// As expected.
    Green,
    /// Not as expected.
    Red,
    /// Names of things that happen.
    Cyan,
}

/// `text` in colour where colours are wanted: on a terminal, unless `NO_COLOR` is set.
pub fn paint(paint: Paint, text: &str) -> String {
    static COLOUR: OnceLock<bool> = OnceLock::new();
    let wanted = || stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if !*COLOUR.get_or_init(wanted) {
        return text.to_owned();
    }
    let code = match paint {
        Paint::Bold => 1,
        Paint::Dim => 2,
        Paint::Green => 32,
        Paint::Red => 31,
        Paint::Cyan => 36,
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// Columns to write in.
pub fn width() -> usize {
    static WIDTH: OnceLock<usize> = OnceLock::new();
    *WIDTH.get_or_init(|| {
        let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        told.or_else(terminal_width).unwrap_or(110).clamp(40, 140)
    })
}

fn terminal_width() -> Option<usize> {
    if !stdout().is_terminal() {
        return None;
    }
    let size = Command::new("stty").arg("size").stdin(Stdio::inherit()).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(size.stdout).ok()?.split_whitespace().nth(1)?.parse().ok().filter(|columns| *columns > 0)
}

/// A heading.
pub fn heading(text: &str) {
    println!("\n{}", paint(Paint::Bold, text));
}

/// `label` in a column of its own, `text` wrapped beside it; the text's own line breaks are kept.
pub fn labelled(label: &str, colour: Paint, text: &str) {
    const COLUMN: usize = 10;
    let mut first = true;
    for line in text.lines().flat_map(|line| wrap(line, width().saturating_sub(4 + COLUMN))) {
        let label = if first { label } else { "" };
        println!("    {}{line}", paint(colour, &format!("{label:COLUMN$}")));
        first = false;
    }
}

/// `text` in lines of at most `width` characters, broken at spaces, longer words broken anywhere. What fits stays as it
/// is, so that columns stay columns.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.to_owned()];
    }
    let indent: String = text.chars().take_while(|c| *c == ' ').collect();
    let mut lines = vec![indent.clone()];
    for word in text.split_whitespace() {
        let mut rest = word;
        loop {
            let line = lines.last_mut().map(|line| (line.chars().count(), line));
            let Some((used, line)) = line else { break };
            let space = usize::from(used > indent.len());
            let length = rest.chars().count();
            if used + space + length <= width {
                line.push_str(if space == 1 { " " } else { "" });
                line.push_str(rest);
                break;
            }
            if used > indent.len() {
                lines.push(indent.clone());
                continue;
            }
            let cut = rest.char_indices().nth(width.saturating_sub(used).max(1)).map_or(rest.len(), |(at, _)| at);
            line.push_str(&rest[..cut]);
            rest = &rest[cut..];
            if rest.is_empty() {
                break;
            }
        }
    }
    lines
}

/// How long ago `since` is: `0.4 s`, `12 s`, `3 min 5 s`.
pub fn elapsed(since: Instant) -> String {
    format_duration(since.elapsed().try_into().unwrap_or(SignedDuration::MAX))
}

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
        Ok(_) => println!("  {} {name}  {took}", paint(Paint::Green, "ok")),
        Err(_) => println!("  {} {name}  {took}", paint(Paint::Red, "failed")),
    }
    result
}

/// The line that moves while a phase runs: twice a second on a terminal, every half a minute elsewhere.
struct Progress {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    fn start(name: &str, started: Instant, detail: Detail) -> Progress {
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
                // A screen that is gone is no reason to fail.
                let _ = stdout().flush();
            }
            if terminal {
                print!("\r\x1b[2K");
            }
        });
        Progress { stop, thread }
    }

    fn end(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

/// An error with everything it was about, without a backtrace: it is for a person who wants to go on.
pub fn failure(error: &anyhow::Error) -> String {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    format!("{} {}", paint(Paint::Red, "error:"), chain.join("\n  because: "))
}

/// A table whose columns are as wide as what is in them; the last one is cut to the screen.
pub fn table(head: &[&str], rows: &[Vec<String>]) {
    let columns: Vec<usize> = (0..head.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain([head[column].len()]).max().unwrap_or_default()
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let text: Vec<String> =
            cells.iter().zip(&columns).map(|(cell, width)| format!("{cell:width$}", width = *width)).collect();
        let text = format!("  {}", text.join("  "));
        text.trim_end().chars().take(width()).collect::<String>()
    };
    println!("{}", paint(Paint::Bold, &line(head.to_vec())));
    for row in rows {
        println!("{}", line(row.iter().map(String::as_str).collect()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_at_spaces_and_keeps_the_indent() {
        assert_eq!(wrap("  one two three", 9), ["  one two", "  three"]);
        assert_eq!(wrap("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("why   because", 20), ["why   because"]);
    }
}
