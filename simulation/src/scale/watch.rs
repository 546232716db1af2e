//! What is seen of a scene.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::measured::{Measured, Scene, Work};
use crate::engine::Engine;
use crate::journal::What;

/// From so many services on, engineers ask for something meanwhile.
const ASKED_OF: usize = 100;
/// How many of them.
const ENGINEERS: usize = 3;

/// Looks at the journal, a second at a time, and keeps nothing of it.
pub(super) struct Watch {
    scene: Scene,
    began: Timestamp,
    begun: BTreeMap<u64, (&'static str, Timestamp)>,
    updated: BTreeMap<String, Timestamp>,
    /// Services, when an engineer asks for something about each, and when it was updated next.
    asked: BTreeMap<String, (Timestamp, Option<Timestamp>)>,
    pub(super) seen: Measured,
}

impl Watch {
    pub(super) fn begin(engine: &mut Engine, scene: Scene) -> Watch {
        engine.journal.clear();
        engine.most_heap = 0;
        let (began, seen) = (engine.now(), Measured::default());
        Watch { scene, began, begun: BTreeMap::new(), updated: BTreeMap::new(), asked: BTreeMap::new(), seen }
    }

    /// Engineers ask for something about the services that are to be updated last, at equal distances in the time that it takes to
    /// update all of them.
    pub(super) fn ask(&mut self, engine: &mut Engine, services: usize) {
        let Some(limit) = self.scene.limit(services).filter(|_| services >= ASKED_OF) else { return };
        let policies = engine.account().policies();
        let names = policies.iter().rev().filter_map(|policy| policy["name"].as_str());
        let names: Vec<String> = names.take(ENGINEERS).map(str::to_owned).collect();
        let each = SignedDuration::from_secs_f64(limit) / i32::try_from(ENGINEERS + 1).expect("a few");
        for (number, service) in (1..).zip(names) {
            let at = engine.now() + each * number;
            self.asked.insert(service.clone(), (at, None));
            let request = match self.scene {
                Scene::Morning => json!({"action": "wake", "service": service, "until": "2h", "by": "anna"}),
                _ => json!({"action": "restart", "service": service, "by": "anna"}),
            };
            engine.at(at, move |engine| engine.invoke_by_person("request", request));
        }
    }

    pub(super) fn go_on(&mut self, engine: &mut Engine, span: SignedDuration) {
        let end = engine.now() + span;
        while engine.now() < end {
            engine.pass(SignedDuration::from_secs(1));
            for entry in std::mem::take(&mut engine.journal) {
                self.note(entry.at, &entry.what);
            }
        }
        let last = self.updated.values().max();
        self.seen.updated = last.map(|last| last.duration_since(self.began).as_secs_f64());
        self.seen.services = self.updated.len();
        self.seen.most_heap = engine.most_heap;
        let wait = |(asked, updated): &(Timestamp, Option<Timestamp>)| {
            updated.map(|updated| updated.duration_since(*asked).as_secs_f64())
        };
        let mut asked: Vec<_> = self.asked.values().copied().collect();
        asked.sort();
        self.seen.waits = asked.iter().map(wait).collect();
    }

    fn note(&mut self, at: Timestamp, what: &What) {
        match what {
            What::Begins { invocation, function, .. } => {
                self.begun.insert(*invocation, (function, at));
                self.work(function).invocations += 1;
            }
            What::Ends { invocation, function, result } => {
                let Some((_, began)) = self.begun.remove(invocation) else { return };
                let took = at.duration_since(began);
                let work = self.work(function);
                work.took += took;
                work.longest = work.longest.max(took);
                work.failed += u64::from(result.is_err());
                if let Err(error) = result {
                    self.seen.error.get_or_insert_with(|| format!("{function}: {error}"));
                }
            }
            What::Call { function, service, operation, input, answer, .. } => {
                if (*service, operation.as_str()) == ("ecs", "UpdateService") && answer.is_ok() {
                    self.update(at, input);
                }
                let work = self.work(function);
                work.calls += 1;
                work.throttled += u64::from(answer.as_ref().is_err_and(|failure| failure.code.contains("Throttling")));
                work.handed_on += u64::from(*service == "sqs");
                if *service == "dynamodb"
                    && let Ok(answer) = answer
                {
                    let (read, written) = units(operation, input, answer);
                    work.read_units += read;
                    work.write_units += written;
                }
            }
            // A function that is deployed does not write these.
            What::Log { line, .. } if line.starts_with("DEBUG") => {}
            What::Log { function, line, .. } => self.work(function).logged += line.len() as u64,
            What::Message(_) | What::World(_) | What::DeadLetter { .. } => {}
        }
    }

    fn update(&mut self, at: Timestamp, input: &Value) {
        let service = input["service"].as_str().unwrap_or_default();
        if let Some((asked, updated)) = self.asked.get_mut(service)
            && *asked <= at
        {
            updated.get_or_insert(at);
        }
        // A restart brings no image.
        if self.scene != Scene::BaseImage || !input["taskDefinition"].is_null() {
            self.updated.entry(service.to_owned()).or_insert(at);
        }
    }

    fn work(&mut self, function: &'static str) -> &mut Work {
        self.seen.functions.entry(function).or_default()
    }
}

/// Read and write units of a call: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>. An
/// item that is not there is read too.
fn units(operation: &str, input: &Value, answer: &Value) -> (u64, u64) {
    let size = |item: &Value| item.to_string().len() as u64;
    let read = |item: &Value| size(item).div_ceil(4096).max(1);
    match operation {
        "GetItem" => (read(&answer["Item"]), 0),
        "BatchGetItem" => {
            let keys = input["RequestItems"].as_object().into_iter().flatten();
            let asked: usize = keys.map(|(_, table)| table["Keys"].as_array().map_or(0, Vec::len)).sum();
            let items = answer["Responses"].as_object().into_iter().flatten();
            let items: Vec<&Value> = items.flat_map(|(_, items)| items.as_array().into_iter().flatten()).collect();
            let missing = (asked - items.len()) as u64;
            (items.into_iter().map(read).sum::<u64>() + missing, 0)
        }
        "PutItem" => (0, size(&input["Item"]).div_ceil(1024)),
        "Scan" => (size(&answer["Items"]).div_ceil(8192), 0),
        _ => (0, 0),
    }
}
