//! What the functions were called with and what AWS answered them in the stories of the simulation: samples of every state.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use simulation::account::{Account, Fleet};
use simulation::journal::{Entry, What};
use simulation::story::journal;
use simulation::wire::Answer;
use tests::root;

use crate::attribute;

/// One call and its answer.
#[derive(Clone, Debug)]
pub struct Call {
    /// `ecs`, `dynamodb` and so on.
    pub service: &'static str,
    /// `UpdateService` and so on.
    pub operation: String,
    /// What was asked.
    pub input: Value,
    /// What was answered.
    pub answer: Answer,
}

impl Call {
    /// `ecs UpdateService`.
    pub fn name(&self) -> String {
        format!("{} {}", self.service, self.operation)
    }
}

/// What an answer answers: an operation with its input.
pub fn question(name: &str, input: &Value) -> String {
    format!("{name} {input}")
}

/// One invocation that was recorded.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// `rollout` and so on.
    pub function: &'static str,
    /// When it began.
    pub at: Timestamp,
    /// What it got.
    pub payload: Value,
    /// Its calls in order.
    pub calls: Vec<Call>,
    /// What it decided, as labels; its error where it failed.
    outcome: String,
}

/// The recording, and what is deployed around it.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Invocations, one of each kind: the same function with the same calls and the same decisions stands here once.
    pub invocations: Vec<Invocation>,
    /// An answer to every operation.
    pub answers: BTreeMap<String, Value>,
    /// An answer to every question: operation and input.
    pub asked: Arc<BTreeMap<String, Answer>>,
    /// The environment of each function.
    pub variables: BTreeMap<&'static str, BTreeMap<String, String>>,
    /// The configuration that is deployed.
    pub configuration: String,
    /// Ticks over a fleet that is too large for one invocation.
    pub large: Option<Box<Recording>>,
}

/// A story of the large fleet.
const TICKS: &str = "\n> begin 2026-11-16T09:00:00Z\n\n> pass 6m\n";
/// Its services: more than an invocation works at together.
const SERVICES: usize = 12;

impl Recording {
    /// Plays these stories of the simulation, or all of them when none is named.
    ///
    /// # Panics
    /// When a story cannot be read or played.
    pub fn of_stories(named: &[&str]) -> Recording {
        let mut files: Vec<_> = fs::read_dir(root().join("simulation/stories"))
            .expect("stories")
            .map(|file| file.expect("a file").path())
            .collect();
        let is_meant = |file: &PathBuf| {
            named.is_empty() || named.iter().any(|name| file.file_stem().is_some_and(|stem| stem == *name))
        };
        files.retain(is_meant);
        files.sort();
        let account = Account::huskit(&[("FirstDeploy", "false")]);
        let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).expect("a story")).collect();
        let mut recording = Recording::of_account(account, &texts);
        let mut large = Account::huskit(&[("FirstDeploy", "false")]);
        large.grow(SERVICES, Fleet::Mixed);
        recording.large = Some(Box::new(Recording::of_account(large, &[TICKS.to_owned()])));
        recording
    }

    fn of_account(account: Account, stories: &[String]) -> Recording {
        let account = Rc::new(account);
        let mut recording = Recording {
            invocations: Vec::new(),
            answers: BTreeMap::new(),
            asked: Arc::default(),
            variables: account.functions.iter().map(|(name, function)| (*name, function.variables.clone())).collect(),
            configuration: account.configuration(),
            large: None,
        };
        let mut known = BTreeSet::new();
        for story in stories {
            recording.add(journal(&account, story).expect("a story that can be played"), &mut known);
        }
        // Small fleets hand nothing on.
        let sent = json!({ "MessageId": "1", "MD5OfMessageBody": "00000000000000000000000000000000" });
        recording.answers.entry("sqs SendMessage".to_owned()).or_insert(sent);
        recording.start_everywhere();
        recording
    }

    fn add(&mut self, entries: Vec<Entry>, known: &mut BTreeSet<String>) {
        let mut open: BTreeMap<u64, Invocation> = BTreeMap::new();
        for Entry { at, what } in entries {
            match what {
                What::Begins { invocation, function, payload } => {
                    let begun = Invocation { function, at, payload, calls: Vec::new(), outcome: String::new() };
                    open.insert(invocation, begun);
                }
                What::Call { invocation, service, operation, input, answer, lost: None, .. } => {
                    // Items of the ledger are documents here.
                    let call = Call { service, operation, input, answer: answer.map(attribute::decoded) };
                    if let Ok(answer) = &call.answer {
                        let asked = Arc::make_mut(&mut self.asked);
                        asked.entry(question(&call.name(), &call.input)).or_insert_with(|| call.answer.clone());
                        self.answers.entry(call.name()).or_insert_with(|| answer.clone());
                    }
                    open.entry(invocation).and_modify(|begun| begun.calls.push(call));
                }
                What::Ends { invocation, result, .. } => {
                    let Some(mut ended) = open.remove(&invocation) else { continue };
                    if ended.function == "request"
                        && let Ok(answer) = &result
                    {
                        ended.peers_answer(answer);
                    }
                    ended.outcome = result.map_or_else(|error| error, |answer| decided(&answer));
                    if known.insert(ended.kind()) {
                        self.invocations.push(ended);
                    }
                }
                _ => {}
            }
        }
    }

    /// Every case starts a process, and not every recorded invocation did: the calls of a start are given to all.
    fn start_everywhere(&mut self) {
        let answers = &self.answers;
        let start = ["StartConfigurationSession", "GetLatestConfiguration"].map(|operation| {
            let answer = answers.get(&format!("appconfig {operation}")).cloned().unwrap_or_default();
            Call { service: "appconfig", operation: operation.to_owned(), input: Value::Null, answer: Ok(answer) }
        });
        for invocation in self.invocations.iter_mut().filter(|invocation| invocation.function != "request") {
            invocation.calls.retain(|call| call.service != "appconfig");
            invocation.calls.extend(start.clone());
        }
    }

    /// What was recorded of a function.
    pub fn of(&self, function: &str) -> impl Iterator<Item = &Invocation> {
        self.invocations.iter().filter(move |invocation| invocation.function == function)
    }
}

impl Invocation {
    /// What a function answers to the request function is what that one answers.
    fn peers_answer(&mut self, answer: &Value) {
        for call in self.calls.iter_mut().filter(|call| call.name() == "lambda Invoke") {
            call.answer = Ok(json!({ "StatusCode": 200, "Payload": answer }));
        }
    }

    /// What makes it another sample than the others.
    fn kind(&self) -> String {
        let text = |field: &str| self.payload[field].as_str().unwrap_or_default().to_owned();
        let calls: BTreeSet<String> = self.calls.iter().map(Call::name).collect();
        let payload = ["action", "source", "detail-type"].map(text).join(" ");
        format!("{} {payload} {calls:?} {}", self.function, self.outcome)
    }
}

/// The labels of an answer's decisions.
pub fn decided(answer: &Value) -> String {
    let labels: BTreeSet<String> = answer["decisions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|line| format!("{}/{}", line["decision"].as_str().unwrap_or("?"), line["reason"].as_str().unwrap_or("?")))
        .collect();
    labels.into_iter().collect::<Vec<_>>().join(" ")
}
