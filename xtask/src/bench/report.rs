//! The results as a table and as JSON.

use super::measure::Run;
use super::process::Program;
use super::stats::{Spread, percentile};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::time::Duration;

/// All runs of one program.
pub struct Measured<'a> {
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
    of: fn(&Measured) -> Spread,
}

const fn row(key: &'static str, label: &'static str, digits: usize, of: fn(&Measured) -> Spread) -> Row {
    Row { key, label, digits, of }
}

/// What is better smaller, and by what factor.
const COMPARED: [Row; 8] = [
    row("package_mb", "package, zipped (MB)", 2, |of| one(of.program.package.bytes as f64 / 1e6)),
    row("init_ms", "init: start to first next (ms)", 1, |of| of.spread(|run| ms(run.init))),
    row("first_ms", "first event (ms)", 1, |of| of.spread(|run| ms(run.first))),
    row("cold_ms", "cold = init + first event (ms)", 1, |of| of.spread(|run| ms(run.cold()))),
    row("warm_p50_ms", "warm p50 (ms)", 2, |of| of.warm(50.0)),
    row("warm_p99_ms", "warm p99 (ms)", 2, |of| of.warm(99.0)),
    row("cold_cpu_ms", "CPU time of a cold start (ms)", 1, |of| of.spread(|run| ms(run.cold_cpu))),
    row("memory_mb", "peak memory (MB)", 1, |of| of.spread(|run| run.peak as f64 / 1e6)),
];

/// What shows that all do the same.
const COUNTED: [Row; 4] = [
    row("calls", "AWS calls per event", 0, |of| one(of.traced.calls.len() as f64)),
    row("round_trips", "sequential round trips per event", 0, |of| one(of.traced.round_trips as f64)),
    row("round_trips_to_update", "... up to UpdateService", 0, |of| one(of.traced.round_trips_to_update as f64)),
    row("connections", "TLS connections opened", 0, |of| of.spread(|run| run.connections as f64)),
];

impl Measured<'_> {
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
pub fn table(results: &[Measured]) -> String {
    let Some((ours, theirs)) = results.split_first() else { return String::new() };
    let mut head = vec![String::new(), ours.program.title.clone()];
    head.extend(theirs.iter().flat_map(|other| [other.program.title.clone(), "ratio".to_owned()]));
    let compared =
        COMPARED.iter().map(|row| line(row, ours, theirs, |other| format!("{:.1}x", ratio(row, ours, other))));
    let counted = COUNTED.iter().map(|row| line(row, ours, theirs, |_| String::new()));
    let lines: Vec<Vec<String>> = [head].into_iter().chain(compared).chain(counted).collect();
    align(&lines)
}

fn line(row: &Row, ours: &Measured, theirs: &[Measured], beside: impl Fn(&Measured) -> String) -> Vec<String> {
    let mut line = vec![row.label.to_owned(), cell((row.of)(ours), row.digits)];
    line.extend(theirs.iter().flat_map(|other| [cell((row.of)(other), row.digits), beside(other)]));
    line
}

/// Everything as JSON, with `ratios.<program>.<metric>` = theirs / ours.
pub fn json(results: &[Measured]) -> Map<String, Value> {
    let keyed = |of: fn(&Measured) -> Map<String, Value>| -> Map<String, Value> {
        results.iter().map(|result| (result.program.key.to_owned(), Value::Object(of(result)))).collect()
    };
    let mut document = Map::new();
    document.insert("programs".to_owned(), Value::Object(keyed(program)));
    if let Some((ours, theirs)) = results.split_first() {
        let ratios: Map<String, Value> =
            theirs.iter().map(|other| (other.program.key.to_owned(), ratios(ours, other))).collect();
        document.insert("ratios".to_owned(), Value::Object(ratios));
    }
    document
}

fn program(result: &Measured) -> Map<String, Value> {
    let mut program = Map::new();
    program.insert("title".to_owned(), json!(result.program.title));
    for row in COMPARED.iter().chain(&COUNTED) {
        let Spread { median, min, max } = (row.of)(result);
        program.insert(row.key.to_owned(), json!({"median": round(median), "min": round(min), "max": round(max)}));
    }
    program.insert("package_contents".to_owned(), json!(result.program.package.contents));
    program.insert("calls_of_an_event".to_owned(), json!(result.traced.calls));
    program
}

/// Keyed by metric without its unit: a ratio has none.
fn ratios(ours: &Measured, theirs: &Measured) -> Value {
    let name = |row: &Row| row.key.trim_end_matches("_ms").trim_end_matches("_mb").to_owned();
    COMPARED.iter().map(|row| (name(row), json!(round(ratio(row, ours, theirs))))).collect()
}

fn ratio(row: &Row, ours: &Measured, theirs: &Measured) -> f64 {
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

#[cfg(test)]
mod tests {
    use super::super::process::Package;
    use super::*;

    fn program(key: &'static str, bytes: u64) -> Program {
        let package = Package { bytes, contents: String::new() };
        Program { key, title: key.to_owned(), command: vec![], directory: "/".into(), variables: vec![], package }
    }

    fn measured(program: &Program, scale: u32) -> Measured<'_> {
        let init = Duration::from_millis(10) * scale;
        let run = Run { init, first: init, warm: vec![init], peak: 8_000_000 * u64::from(scale), ..Run::default() };
        Measured { program, runs: vec![run], traced: Run { calls: vec!["A".to_owned()], ..Run::default() } }
    }

    #[test]
    fn a_ratio_is_theirs_divided_by_ours() {
        let (ours, theirs) = (program("rust", 1_000_000), program("boto3", 500_000));
        let results = [measured(&ours, 1), measured(&theirs, 3)];
        let json = json(&results);
        assert_eq!(json["ratios"]["boto3"]["cold"], json!(3.0));
        assert_eq!(json["ratios"]["boto3"]["memory"], json!(3.0));
        assert_eq!(json["ratios"]["boto3"]["package"], json!(0.5));
        assert_eq!(json["programs"]["rust"]["cold_ms"]["median"], json!(20.0));
        let table = table(&results);
        let cold: Vec<&str> = table.lines().find(|line| line.starts_with("cold")).unwrap().split("  ").collect();
        assert_eq!(cold.last(), Some(&" 3.0x"));
    }
}
