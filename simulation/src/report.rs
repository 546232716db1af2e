//! The parts of `docs/reference/reliability.md` that a large run writes: what it exercised, and what broke.

use std::fmt::Write;

use tests::document::table;

use crate::expected::never_met;
use crate::played::Played;

/// The document.
pub const DOCUMENT: &str = "docs/reference/reliability.md";

/// Names of the parts and the kinds of what they count.
const KINDS: [(&str, &str); 6] = [
    ("laws", "law"),
    ("faults", "fault"),
    ("setups", "setup"),
    ("acts", "act"),
    ("decisions", "decision"),
    ("reasons", "reason"),
];

/// Each part with its text.
pub fn parts(run: &Played) -> Vec<(&'static str, String)> {
    let counted = KINDS.map(|(part, kind)| {
        let met = run.coverage.of(kind).map(|(name, count)| vec![name.to_owned(), count.to_string()]);
        (part, table(&[kind, "met"], met))
    });
    [("run", about(run)), ("broken", broken(run))].into_iter().chain(counted).collect()
}

fn about(run: &Played) -> String {
    format!(
        "```sh\ncargo xtask simulate --seeds {} --seed {} --hours {} --keep-going --resume reliability.json --report\n```\n\n\
        {} seeds of {} hours each, a third each in calm, bad and terrible weather, in {:.0} minutes of 2 cores.",
        run.seeds,
        run.first,
        run.hours,
        run.seeds,
        run.hours,
        run.seconds / 60.0
    )
}

fn broken(run: &Played) -> String {
    let mut text = String::new();
    for (law, seeds) in run.by_law() {
        let shown: Vec<String> = seeds.iter().take(5).map(u64::to_string).collect();
        let _ = writeln!(text, "- **{law}**: {} of {} seeds, such as {}.", seeds.len(), run.seeds, shown.join(", "));
    }
    if text.is_empty() {
        text.push_str("Nothing: every law held in every seed.\n");
    }
    let missing = never_met(&run.coverage);
    if !missing.is_empty() {
        text.push_str("\nNever met:\n\n");
        for name in missing {
            let _ = writeln!(text, "- {name}");
        }
    }
    text
}
