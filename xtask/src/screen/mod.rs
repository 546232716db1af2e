//! What commands write: headings, labelled and wrapped lines, tables, progress; plain where it is piped, without colour on request.
//!
//! Everything goes through one writer, which can keep a file of all lines beside the terminal.

mod progress;
mod text;
mod writer;

use std::time::Instant;

use jiff::SignedDuration;
use planner::model::format_duration;

pub(crate) use progress::Progress;
pub use progress::{Detail, phase};
pub use text::{Paint, cut, paint, width, wrap};
pub use writer::{Line, brief, keep, write};

/// Columns of a label.
const LABEL: usize = 10;

/// A line that is always shown.
pub fn line(text: &str) {
    write(Line::Shown, text);
}

/// A heading.
pub fn heading(text: &str) {
    line(&format!("\n{}", paint(Paint::Bold, text)));
}

/// `label` in a column of its own, `text` wrapped beside it; the text's own line breaks are kept.
pub fn labelled(label: &str, colour: Paint, text: &str) {
    labelled_as(Line::Shown, label, colour, text);
}

/// The same, for a line of any kind.
pub fn labelled_as(kind: Line, label: &str, colour: Paint, text: &str) {
    let lines = text.lines().flat_map(|line| wrap(line, room()));
    for (number, text) in lines.enumerate() {
        let label = if number == 0 { label } else { "" };
        write(kind, &format!("    {}{text}", paint(colour, &format!("{label:LABEL$}"))));
    }
}

/// Columns beside a label.
pub fn room() -> usize {
    width().saturating_sub(4 + LABEL)
}

/// How long ago `since` is: `0.4 s`, `12 s`, `3 min 5 s`.
pub fn elapsed(since: Instant) -> String {
    format_duration(since.elapsed().try_into().unwrap_or(SignedDuration::MAX))
}

/// An error with everything it was about, without a backtrace: it says what to do.
pub fn failure(error: &anyhow::Error) -> String {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    format!("{} {}", paint(Paint::Red, "error:"), chain.join("\n  because: "))
}

/// A table whose columns are as wide as what is in them; a last column that is too wide for the screen is wrapped.
pub fn table(head: &[&str], rows: &[Vec<String>]) {
    table_as(Line::Shown, head, rows);
}

/// The same, of lines of any kind.
pub fn table_as(kind: Line, head: &[&str], rows: &[Vec<String>]) {
    let columns: Vec<usize> = (0..head.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain([head[column].len()]).max().unwrap_or_default()
        })
        .collect();
    let Some((last, others)) = columns.split_last() else { return };
    let before = others.iter().map(|width| width + 2).sum::<usize>() + 2;
    // Where the screen is too narrow for any of it, the terminal breaks lines as it likes.
    let room = width().checked_sub(before).filter(|room| *room >= 16).unwrap_or(*last);
    let lines = |cells: Vec<&str>| -> Vec<String> {
        let Some((end, start)) = cells.split_last() else { return Vec::new() };
        let start = start.iter().zip(others).map(|(cell, width)| format!("{cell:width$}  ", width = *width));
        let start = format!("  {}", start.collect::<String>());
        let ends = wrap(end, room).into_iter().enumerate();
        ends.map(|(line, end)| match line {
            0 => format!("{start}{end}").trim_end().to_owned(),
            _ => format!("{:before$}{end}", ""),
        })
        .collect()
    };
    for text in lines(head.to_vec()) {
        write(kind, &paint(Paint::Bold, &text));
    }
    for row in rows {
        for text in lines(row.iter().map(String::as_str).collect()) {
            write(kind, &text);
        }
    }
}
