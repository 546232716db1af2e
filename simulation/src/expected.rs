//! What a large run must have met: every decision and reason that the planners have a name for, every fault, every law.
//!
//! The names are read from the sources, so that a new one cannot be forgotten. Nothing else of the planners is known here.

use crate::cover::Coverage;

/// Function, kind, and the source whose first `label` names them.
const LABELS: [(&str, &str, &str); 8] = [
    ("rollout", "decision", include_str!("../../planner/src/rollout/decision.rs")),
    ("rollout", "reason", include_str!("../../planner/src/rollout/reason/label.rs")),
    ("capacity", "decision", include_str!("../../planner/src/capacity/decision.rs")),
    ("capacity", "reason", include_str!("../../planner/src/capacity/reason.rs")),
    ("alarm", "decision", include_str!("../../planner/src/alarm/decision.rs")),
    ("alarm", "reason", include_str!("../../planner/src/alarm/reason.rs")),
    ("budget", "decision", include_str!("../../planner/src/budget/decision.rs")),
    ("budget", "reason", include_str!("../../planner/src/budget/reason.rs")),
];

/// The sources of the laws.
const LAWS: [&str; 15] = [
    include_str!("laws/asleep.rs"),
    include_str!("laws/calls.rs"),
    include_str!("laws/effects.rs"),
    include_str!("laws/gates.rs"),
    include_str!("laws/history.rs"),
    include_str!("laws/letters.rs"),
    include_str!("laws/older.rs"),
    include_str!("laws/announcements.rs"),
    include_str!("laws/images.rs"),
    include_str!("laws/ledger.rs"),
    include_str!("laws/held.rs"),
    include_str!("laws/messages.rs"),
    include_str!("laws/progress.rs"),
    include_str!("laws/referee.rs"),
    include_str!("laws/waiting.rs"),
];

/// What the weather can do.
pub const FAULTS: [&str; 17] = [
    "InternalFailure",
    "SNS refuses a message",
    "ThrottlingException",
    "a read is stale",
    "a schedule does not fire",
    "an answer has only a part",
    "an event is delivered twice",
    "an event is late",
    "an event is lost",
    "an execution environment is replaced",
    "an invocation comes twice",
    "an invocation waits in Lambda's queue",
    "answered with a 500 although it took effect",
    "the answer is lost",
    "the call is lost",
    "the process ends after the call",
    "the process ends before the call",
];

/// The source of what people and the world do.
const ACTS: &str = include_str!("people/act.rs");

/// Kind and name of what no run meets, and why.
const UNREACHABLE: [(&str, &str, &str); 3] = [
    ("reason", "rollout: several", "several reasons have the name of the first; there is no empty list of them"),
    (
        "reason",
        "rollout: release_held",
        "it is named after what becomes of the request, whose name several reasons have",
    ),
    (
        "reason",
        "rollout: unknown_result",
        "a deployment that neither the service nor its history shows five minutes after the call, which AWS does not let happen",
    ),
];

/// What was never met, as the table shows it.
pub fn never_met(coverage: &Coverage) -> Vec<String> {
    let mut expected = all();
    expected.retain(|(kind, name)| !is_unreachable(kind, name) && coverage.met(kind, name) == 0);
    expected.into_iter().map(|(kind, name)| format!("{kind}  {name}")).collect()
}

/// Kind and name of everything that a large run is to meet.
fn all() -> Vec<(&'static str, String)> {
    let mut expected: Vec<(&str, String)> = Vec::new();
    for (function, kind, source) in LABELS {
        expected.extend(labels(source).map(|label| (kind, format!("{function}: {label}"))));
    }
    expected.extend(LAWS.iter().flat_map(|source| laws(source)).map(|law| ("law", law.to_owned())));
    expected.extend(FAULTS.map(|fault| ("fault", fault.to_owned())));
    expected.extend(acts().map(|act| ("act", act)));
    expected
}

/// What was met although it is held to be unreachable.
pub fn met_after_all(coverage: &Coverage) -> Vec<String> {
    let met = UNREACHABLE.iter().filter(|(kind, name, _)| coverage.met(kind, name) > 0);
    met.map(|(kind, name, why)| format!("{kind}  {name}: {why}")).collect()
}

fn is_unreachable(kind: &str, name: &str) -> bool {
    UNREACHABLE.iter().any(|(own, label, _)| *own == kind && *label == name)
}

/// What can happen, as a story writes it (units of time are matched in the same source): `rotate`, `push crashes`, `push vulnerable`.
fn acts() -> impl Iterator<Item = String> {
    let arm =
        |line: &'static str| line.trim_start().strip_prefix('"')?.split_once("\" =>").map(|(name, _)| name.to_owned());
    let pushes = |line: &'static str| {
        let entry = line.trim_start().strip_prefix("(\"")?;
        entry.split_once("\", ").map(|(name, _)| format!("push {name}"))
    };
    ACTS.lines().filter_map(arm).filter(|name| name != "push" && name.len() > 1).chain(ACTS.lines().filter_map(pushes))
}

/// The texts in the first function called `label` of a source.
fn labels(source: &'static str) -> impl Iterator<Item = &'static str> {
    let body = source.split_once("fn label(").map_or("", |(_, rest)| rest);
    let body = body.split_once("\n    }\n").map_or(body, |(body, _)| body);
    quoted(body)
}

/// The names of the laws of a source.
fn laws(source: &'static str) -> impl Iterator<Item = &'static str> {
    let names = |line: &&str| line.trim_start().starts_with("const LAW") || line.contains("meets(\"");
    source.lines().filter(names).filter_map(|line| quoted(line).next())
}

fn quoted(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split('"').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_sources() {
        assert!(labels(LABELS[0].2).any(|label| label == "roll"));
        assert!(labels(LABELS[1].2).any(|label| label == "quarantined"));
        for (function, kind, source) in LABELS {
            assert!(labels(source).count() > 4, "{function} {kind}");
        }
        for source in LAWS {
            assert!(laws(source).count() > 0, "{source}");
        }
        for act in ["rotate", "push good", "push vulnerable"] {
            assert!(acts().any(|known| known == act), "{:?}", acts().collect::<Vec<_>>());
        }
        for (kind, name, _) in UNREACHABLE {
            assert!(all().contains(&(kind, name.to_owned())), "{kind} {name} is not the name of anything");
        }
    }

    #[test]
    fn what_was_not_met_is_listed() {
        let missing = never_met(&Coverage::default());
        assert!(missing.contains(&"decision  rollout: roll".to_owned()), "{missing:?}");
        assert!(missing.contains(&"law  no good image is quarantined".to_owned()), "{missing:?}");
    }
}
