//! `docs/reference/reliability.md`: what a large run exercised, what broke, what the simulation has found, and what it does not model.

use std::fmt::Write;

use crate::expected::never_met;
use crate::played::Played;

/// What the simulation has found since it exists: by name, what happened before, and what holds it now.
const FOUND: &str = include_str!("../found.md");

/// What it does not model.
const NOT_MODELLED: &str = include_str!("../not-modelled.md");

/// The document.
pub fn document(run: &Played) -> String {
    let (broken, coverage) = (run.by_law(), &run.coverage);
    let mut text = String::new();
    let _ = write!(
        text,
        "# Reliability\n\n\
        The five functions run unmodified against a model of AWS that behaves as its documentation says, at its worst \
        ([simulation](../../simulation/src/lib.rs)): stale reads, lost answers, late and repeated events, throttling, processes that end \
        between two calls. After everything that happens, and when everything has come to rest, laws are checked. This page is written by\n\n\
        ```sh\ncargo xtask simulate --seeds {} --seed {} --hours {} --keep-going --resume reliability.json \\\n  --report docs/reference/reliability.md\n```\n\n\
        The run behind it: {} seeds of {} hours each, one third each in calm, bad and terrible weather, in {:.0} minutes of 2 cores. They are \
        played in parts, and what a part finds is mended before the next.\n",
        run.seeds,
        run.first,
        run.hours,
        run.seeds,
        run.hours,
        run.seconds / 60.0
    );
    text.push_str("\n## What broke\n\n");
    if broken.is_empty() {
        text.push_str("Nothing: every law held in every seed.\n");
    }
    for (law, seeds) in &broken {
        let shown: Vec<String> = seeds.iter().take(5).map(u64::to_string).collect();
        let _ = writeln!(text, "- **{law}**: {} of {} seeds, such as {}.", seeds.len(), run.seeds, shown.join(", "));
    }
    for (kind, title, about) in SECTIONS {
        let _ = writeln!(text, "\n## {title}\n\n{about}\n\n| {kind} | met |\n|---|---|");
        for (name, count) in coverage.of(kind) {
            let _ = writeln!(text, "| {name} | {count} |");
        }
    }
    let missing = never_met(coverage);
    if !missing.is_empty() {
        text.push_str("\nNever met in this run:\n\n");
        for name in missing {
            let _ = writeln!(text, "- {name}");
        }
    }
    let _ = write!(text, "\n{}\n\n{}\n", FOUND.trim_end(), NOT_MODELLED.trim_end());
    text
}

/// Kind, title and what the numbers are.
const SECTIONS: [(&str, &str, &str); 6] = [
    ("law", "Laws", "How often each had something to look at."),
    ("fault", "What went wrong", "How often each fault was met."),
    (
        "setup",
        "Systems",
        "What was not ordinary about the system that the automation operates; several may come together.",
    ),
    ("act", "What happened", "What people did and what the world did, by kind."),
    ("decision", "Decisions", "What the functions decided."),
    ("reason", "Reasons", "Why."),
];
