//! Many cases of one target: real samples, broken ones, and broken ones of those that had an outcome of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use serde_json::Value;
use simulation::rng::Rng;

use crate::case::{class, run, shape};
use crate::edit::{Pool, edit};
use crate::minimise::minimised;
use crate::record::Recording;
use crate::target::{Target, Verdict};

/// Most cases that are kept to be broken further.
const KEPT: usize = 400;
/// Longest case that is kept, in bytes: long ones are slow, and the way to them is short.
const LENGTH: usize = 60_000;

/// A target that is being run.
pub struct Course {
    /// Which.
    pub target: Target,
    rng: Rng,
    /// Sample and value of cases whose outcome was new.
    kept: Vec<(usize, Value)>,
    accepted: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
    findings: BTreeMap<String, Finding>,
}

/// Something that must not happen.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Target and sample.
    pub target: String,
    /// The sample that was broken.
    pub sample: String,
    /// The smallest value that shows it.
    pub value: Value,
    /// What happened.
    pub how: String,
    /// How often it was met.
    pub met: u64,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value: String = self.value.to_string().chars().take(1_500).collect();
        write!(f, "{} ({} times): {}\n  sample {}\n  {value}", self.target, self.met, self.how, self.sample)
    }
}

impl Course {
    /// A target with its own chance, so that what others do changes nothing here.
    pub fn new(target: Target, seed: u64) -> Course {
        let own = target.name.bytes().fold(seed, |seed, byte| seed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
        Course {
            rng: Rng::seeded(own),
            target,
            kept: Vec::new(),
            accepted: BTreeMap::new(),
            refused: BTreeMap::new(),
            findings: BTreeMap::new(),
        }
    }

    /// Runs one case.
    pub fn step(&mut self, recording: &Recording, pool: &Pool) {
        if self.target.samples.is_empty() {
            return;
        }
        let (at, value) = self.next(pool);
        let verdict = run(recording, &self.target, &self.target.samples[at], &value);
        let (outcomes, outcome) = match verdict {
            Verdict::Accepted(outcome) => (&mut self.accepted, outcome),
            Verdict::Refused(outcome) => (&mut self.refused, outcome),
            Verdict::Broken(how) => return self.found(recording, at, &value, how),
        };
        let count = outcomes.entry(shape(&outcome)).or_default();
        *count += 1;
        if *count == 1 && self.kept.len() < KEPT && value.to_string().len() < LENGTH {
            self.kept.push((at, value));
        }
    }

    fn next(&mut self, pool: &Pool) -> (usize, Value) {
        let places: Vec<usize> = (0..self.target.samples.len()).collect();
        let (at, mut value) = match self.rng.chance(0.4) && !self.kept.is_empty() {
            true => self.rng.pick(&self.kept).clone(),
            false => {
                let at = *self.rng.pick(&places);
                (at, self.target.samples[at].value.clone())
            }
        };
        // Some stay as they are: what is right has to be taken.
        if self.rng.chance(0.9) {
            edit(&mut value, &mut self.rng, pool);
        }
        (at, value)
    }

    /// Remembers a finding; the first of its class is made small.
    fn found(&mut self, recording: &Recording, at: usize, value: &Value, how: String) {
        let class = class(&how);
        if let Some(known) = self.findings.get_mut(&class) {
            known.met += 1;
            return;
        }
        let sample = &self.target.samples[at];
        let same = |value: &Value| matches!(run(recording, &self.target, sample, value), Verdict::Broken(how) if self::class(&how) == class);
        let value = if how.starts_with("takes ") { value.clone() } else { minimised(value, same) };
        let how = match run(recording, &self.target, sample, &value) {
            Verdict::Broken(how) => how,
            Verdict::Accepted(_) | Verdict::Refused(_) => how,
        };
        let finding = Finding { target: self.target.name.clone(), sample: sample.name.clone(), value, how, met: 1 };
        self.findings.insert(class, finding);
    }

    /// What must not happen and did.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.values()
    }

    /// How many cases were run.
    pub fn ran(&self) -> u64 {
        let findings = self.findings.values().map(|finding| finding.met).sum::<u64>();
        self.accepted.values().sum::<u64>() + self.refused.values().sum::<u64>() + findings
    }

    /// What is wrong with the target itself: one whose cases all end the same way shows nothing.
    pub fn idle(&self) -> Option<String> {
        let name = &self.target.name;
        if self.target.samples.is_empty() {
            return Some(format!("{name}: no samples"));
        }
        match (self.accepted.is_empty(), self.refused.is_empty()) {
            (true, _) => {
                Some(format!("{name}: every case is refused: {:?}", self.refused.keys().take(3).collect::<Vec<_>>()))
            }
            (_, true) => Some(format!("{name}: every case is accepted")),
            _ => None,
        }
    }

    /// One line: cases, and how many were accepted and refused, in how many ways.
    pub fn line(&self) -> String {
        let of =
            |outcomes: &BTreeMap<String, u64>| format!("{} in {} ways", outcomes.values().sum::<u64>(), outcomes.len());
        let (accepted, refused) = (of(&self.accepted), of(&self.refused));
        format!("{:<24} {:>9} cases   accepted {accepted:<22} refused {refused:<22}", self.target.name, self.ran())
    }

    /// The most frequent outcomes.
    pub fn outcomes(&self, most: usize) -> String {
        let mut text = String::new();
        for (word, outcomes) in [("accepted", &self.accepted), ("refused", &self.refused)] {
            let mut sorted: Vec<(&String, &u64)> = outcomes.iter().collect();
            sorted.sort_by_key(|(outcome, count)| (std::cmp::Reverse(**count), *outcome));
            for (outcome, count) in sorted.into_iter().take(most) {
                let outcome: String = outcome.chars().take(150).collect();
                let _ = writeln!(text, "    {count:>9} {word}: {}", outcome.replace('\n', " "));
            }
        }
        text
    }
}

/// Every value of every sample.
pub fn pool(courses: &[Course]) -> Pool {
    let mut pool = Pool::default();
    let mut known = BTreeSet::new();
    for sample in courses.iter().flat_map(|course| &course.target.samples) {
        if known.insert(sample.value.to_string()) {
            pool.add(&sample.value);
        }
    }
    pool
}
