//! What a run exercised: how often each decision and reason of the functions, each fault and each law was met.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::journal::{Entry, What};
use crate::laws::Watch;
use crate::people::{Act, Plan};

/// How often each was met, by kind and name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Coverage(BTreeMap<String, BTreeMap<String, u64>>);

impl Coverage {
    /// Counts what entries say.
    pub fn add(&mut self, entries: &[Entry]) {
        for entry in entries {
            match &entry.what {
                What::Call { lost: Some(why), .. } => self.count("fault", (*why).to_owned()),
                What::Call { answer: Err(failure), .. } if failure.message == "the weather" => {
                    self.count("fault", failure.code.clone());
                }
                What::Log { function, line, .. } => {
                    // Not from answers: those to a queue and those of an invocation that fails have no decisions.
                    let field = |name: &str| Some(line.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0);
                    if let (Some(decision), Some(reason)) = (field("decision"), field("reason")) {
                        self.count("decision", format!("{function}: {decision}"));
                        self.count("reason", format!("{function}: {reason}"));
                    }
                }
                What::Ends { result: Err(error), .. } => {
                    let kind = error.split(':').next().unwrap_or_default();
                    self.count("failed invocation", kind.to_owned());
                }
                What::DeadLetter { .. } => self.count("world", "dead letter".to_owned()),
                What::Message(message) => {
                    let state = message.subject.split(':').next().unwrap_or_default();
                    let state = if state.starts_with("ALARM") { "ALARM" } else { state };
                    self.count("message", state.to_owned());
                }
                _ => {}
            }
        }
    }

    /// Counts what was drawn to happen, and to what kind of system.
    pub fn acts(&mut self, plan: &Plan) {
        for name in plan.setup.names() {
            self.count("setup", name.to_owned());
        }
        for (_, act) in &plan.acts {
            let text = act.to_string();
            let mut words = text.split(' ');
            let kind = words.next().unwrap_or_default();
            match act {
                Act::Push { .. } => {
                    self.count("act", format!("push {}", words.nth(1).unwrap_or_default()));
                    words.filter(|word| *word != "multi").for_each(|flaw| self.count("act", format!("push {flaw}")));
                }
                Act::Request(request) => {
                    self.count("act", format!("request {}", request["action"].as_str().unwrap_or_default()));
                }
                _ => self.count("act", kind.to_owned()),
            }
        }
    }

    /// Counts what went wrong beside calls.
    pub fn faults(&mut self, faults: &BTreeMap<&'static str, u64>) {
        for (fault, met) in faults {
            self.add_to("fault", (*fault).to_owned(), *met);
        }
    }

    /// Counts how often each law was looked at with something to look at.
    pub fn laws(&mut self, watch: &Watch) {
        for (law, met) in &watch.met {
            self.add_to("law", (*law).to_owned(), *met);
        }
    }

    fn count(&mut self, kind: &str, name: String) {
        self.add_to(kind, name, 1);
    }

    fn add_to(&mut self, kind: &str, name: String, count: u64) {
        if !self.0.contains_key(kind) {
            self.0.insert(kind.to_owned(), BTreeMap::new());
        }
        if let Some(names) = self.0.get_mut(kind) {
            *names.entry(name).or_default() += count;
        }
    }

    /// Adds what another run exercised.
    pub fn merge(&mut self, other: &Coverage) {
        for (kind, names) in &other.0 {
            for (name, count) in names {
                self.add_to(kind, name.clone(), *count);
            }
        }
    }

    /// How often a kind's name was met.
    pub fn met(&self, kind: &str, name: &str) -> u64 {
        self.0.get(kind).and_then(|names| names.get(name)).copied().unwrap_or(0)
    }

    /// What was met of a kind, by name.
    pub fn of(&self, kind: &str) -> impl Iterator<Item = (&str, u64)> {
        self.0.get(kind).into_iter().flatten().map(|(name, count)| (name.as_str(), *count))
    }

    /// A table, the kinds in order.
    pub fn table(&self) -> String {
        let lines =
            || self.0.iter().flat_map(|(kind, names)| names.iter().map(move |(name, count)| (kind, name, count)));
        let widest = lines().map(|(kind, name, _)| kind.len() + name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (kind, name, count) in lines() {
            let label = format!("{kind}  {name}");
            text.push_str(&format!("  {label:<width$}  {count:>9}\n", width = widest + 2));
        }
        text
    }
}
