//! The results as a table and as JSON.

use super::measure::Run;
use super::process::Program;
use super::stats::{Spread, percentile};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::time::Duration;

/// All runs of one program.
pub struct Result<'a> {
    /// What ran.
    pub program: &'a Program,
    /// The measured runs.
    pub runs: Vec<Run>,
    /// One more, in which every call took so long that overlapping is certain.
    pub traced: Run,
}

/// One line of the table.
struct Row {
    key: &'static str,
    label: &'static str,
    /// Digits after the point.
    digits: usize,
    /// Whether "theirs divided by ours" says something.
    ratio: bool,
    of: fn(&Result) -> Spread,
}

const ROWS: [Row; 12] = [
    Row {
        key: "package_mb",
        label: "package, zipped (MB)",
        digits: 2,
        ratio: true,
        of: |r| one(r.program.package.bytes as f64 / 1e6),
    },
    Row {
        key: "init_ms",
        label: "init: start to first next (ms)",
        digits: 1,
        ratio: true,
        of: |r| r.spread(|run| ms(run.init)),
    },
    Row { key: "first_ms", label: "first event (ms)", digits: 1, ratio: true, of: |r| r.spread(|run| ms(run.first)) },
    Row {
        key: "cold_ms",
        label: "cold = init + first event (ms)",
        digits: 1,
        ratio: true,
        of: |r| r.spread(|run| ms(run.cold())),
    },
    Row { key: "warm_p50_ms", label: "warm p50 (ms)", digits: 2, ratio: true, of: |r| r.warm(50.0) },
    Row { key: "warm_p99_ms", label: "warm p99 (ms)", digits: 2, ratio: true, of: |r| r.warm(99.0) },
    Row {
        key: "cold_cpu_ms",
        label: "CPU time of a cold start (ms)",
        digits: 1,
        ratio: true,
        of: |r| r.spread(|run| ms(run.cold_cpu)),
    },
    Row {
        key: "memory_mb",
        label: "peak memory (MB)",
        digits: 1,
        ratio: true,
        of: |r| r.spread(|run| run.peak as f64 / 1e6),
    },
    Row {
        key: "calls",
        label: "AWS calls per event",
        digits: 0,
        ratio: false,
        of: |r| one(r.traced.calls.len() as f64),
    },
    Row {
        key: "round_trips",
        label: "sequential round trips per event",
        digits: 0,
        ratio: false,
        of: |r| one(r.traced.round_trips as f64),
    },
    Row {
        key: "round_trips_to_update",
        label: "... up to UpdateService",
        digits: 0,
        ratio: false,
        of: |r| one(r.traced.round_trips_to_update as f64),
    },
    Row {
        key: "connections",
        label: "TLS connections opened",
        digits: 0,
        ratio: false,
        of: |r| r.spread(|run| run.connections as f64),
    },
];

impl Result<'_> {
    fn spread(&self, of: fn(&Run) -> f64) -> Spread {
        Spread::of(self.runs.iter().map(of))
    }

    /// The percentile over all runs' events, between the smallest and the largest percentile of a single run.
    fn warm(&self, percent: f64) -> Spread {
        let of = |run: &Run| percentile(run.warm.iter().copied().map(ms), percent);
        let all = self.runs.iter().flat_map(|run| run.warm.iter().copied().map(ms));
        Spread { median: percentile(all, percent), ..Spread::of(self.runs.iter().map(of)) }
    }
}

/// The table; the first result is ours, the others are compared with it.
pub fn table(results: &[Result]) -> String {
    let mut lines: Vec<Vec<String>> = vec![vec![String::new()]];
    let Some((ours, theirs)) = results.split_first() else { return String::new() };
    lines[0].push(ours.program.title.clone());
    for other in theirs {
        lines[0].extend([other.program.title.clone(), "ratio".to_owned()]);
    }
    for row in &ROWS {
        let mut line = vec![row.label.to_owned(), cell((row.of)(ours), row.digits)];
        for other in theirs {
            let ratio = if row.ratio { format!("{:.1}x", ratio(row, ours, other)) } else { String::new() };
            line.extend([cell((row.of)(other), row.digits), ratio]);
        }
        lines.push(line);
    }
    align(&lines)
}

/// Everything as JSON, with `ratios.<program>.<metric>` = theirs / ours.
pub fn json(results: &[Result]) -> Map<String, Value> {
    let mut document = Map::new();
    let mut programs = Map::new();
    for result in results {
        let mut program = Map::new();
        program.insert("title".to_owned(), json!(result.program.title));
        for row in &ROWS {
            let Spread { median, min, max } = (row.of)(result);
            program.insert(row.key.to_owned(), json!({"median": round(median), "min": round(min), "max": round(max)}));
        }
        program.insert("package_contents".to_owned(), json!(result.program.package.contents));
        program.insert("calls_of_an_event".to_owned(), json!(result.traced.calls));
        programs.insert(result.program.key.to_owned(), Value::Object(program));
    }
    document.insert("programs".to_owned(), Value::Object(programs));
    let mut ratios = Map::new();
    if let Some((ours, theirs)) = results.split_first() {
        for other in theirs {
            let of = |row: &Row| {
                (
                    row.key.trim_end_matches("_ms").trim_end_matches("_mb").to_owned(),
                    json!(round(ratio(row, ours, other))),
                )
            };
            ratios.insert(
                other.program.key.to_owned(),
                Value::Object(ROWS.iter().filter(|row| row.ratio).map(of).collect()),
            );
        }
    }
    document.insert("ratios".to_owned(), Value::Object(ratios));
    document
}

fn ratio(row: &Row, ours: &Result, theirs: &Result) -> f64 {
    (row.of)(theirs).median / (row.of)(ours).median
}

fn one(value: f64) -> Spread {
    Spread { median: value, min: value, max: value }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

fn cell(Spread { median, min, max }: Spread, digits: usize) -> String {
    let shown = |value: f64| format!("{value:.digits$}");
    match (shown(min), shown(max)) {
        (min, max) if min == max => shown(median),
        (min, max) => format!("{} ({min}-{max})", shown(median)),
    }
}

fn align(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width =
        |column: usize| lines.iter().filter_map(|line| line.get(column)).map(String::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let mut shown = String::new();
        for (column, value) in line.iter().enumerate() {
            let width = widths[column];
            let _ = if column == 0 { write!(shown, "{value:<width$}") } else { write!(shown, "  {value:>width$}") };
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}
