//! What a run exercised: how often each decision and reason of the functions, each fault and each law was met.

use std::collections::BTreeMap;

use crate::journal::{Entry, What};
use crate::laws::Watch;
use crate::people::{Act, Plan};

/// How often each was met, by kind and name.
#[derive(Clone, Debug, Default)]
pub struct Coverage(BTreeMap<(&'static str, String), u64>);

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
            *self.0.entry(("fault", (*fault).to_owned())).or_default() += met;
        }
    }

    /// Counts how often each law was looked at with something to look at.
    pub fn laws(&mut self, watch: &Watch) {
        for (law, met) in &watch.met {
            *self.0.entry(("law", (*law).to_owned())).or_default() += met;
        }
    }

    fn count(&mut self, kind: &'static str, name: String) {
        *self.0.entry((kind, name)).or_default() += 1;
    }

    /// Adds what another run exercised.
    pub fn merge(&mut self, other: &Coverage) {
        for (key, count) in &other.0 {
            *self.0.entry(key.clone()).or_default() += count;
        }
    }

    /// How often a kind's name was met.
    pub fn met(&self, kind: &str, name: &str) -> u64 {
        self.0.iter().filter(|((own, known), _)| *own == kind && known == name).map(|(_, count)| count).sum()
    }

    /// What was met of a kind, by name.
    pub fn of(&self, kind: &str) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().filter(move |((own, _), _)| *own == kind).map(|((_, name), count)| (name.as_str(), *count))
    }

    /// A table, the kinds in order.
    pub fn table(&self) -> String {
        let widest = self.0.keys().map(|(kind, name)| kind.len() + name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for ((kind, name), count) in &self.0 {
            let label = format!("{kind}  {name}");
            text.push_str(&format!("  {label:<width$}  {count:>9}\n", width = widest + 2));
        }
        text
    }
}
