//! AWS for one invocation: answers that were recorded, each of which a target may have broken, and time that costs none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use futures_channel::oneshot;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use simulation::wire::{Answer, Failure, Request, read, response};

use crate::attribute;
use crate::record::{Call, Recording, question};

/// What AWS answers in one invocation.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// Recorded calls with their answers.
    pub calls: Vec<Call>,
    /// Responses that are sent as they are, by the number of the recorded call: status, headers and body.
    pub raw: BTreeMap<usize, Value>,
    /// Answers to what was asked in another invocation.
    pub asked: Arc<BTreeMap<String, Answer>>,
    /// Answers to what was not recorded.
    pub others: Arc<BTreeMap<String, Value>>,
    /// What AppConfig has.
    pub configuration: String,
    /// How long each call takes.
    pub takes: Duration,
}

/// A function's way to AWS.
#[derive(Clone)]
pub struct Model(Arc<Mutex<State>>);

struct State {
    tape: Tape,
    used: BTreeSet<usize>,
    /// What the function sent, in order.
    sent: Vec<Request>,
    printed: Vec<Value>,
    began: SystemTime,
    /// Since it began.
    now: Duration,
    sleeping: Vec<(Duration, oneshot::Sender<()>)>,
}

impl Model {
    /// AWS that answers from a tape, from this moment on.
    pub fn new(tape: Tape, at: Timestamp) -> Model {
        let state = State {
            tape,
            used: BTreeSet::new(),
            sent: Vec::new(),
            printed: Vec::new(),
            began: at.into(),
            now: Duration::ZERO,
            sleeping: Vec::new(),
        };
        Model(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line of standard output.
    pub fn print(&self, document: &Value) {
        self.state().printed.push(document.clone());
    }

    /// What the function sent and printed.
    pub fn taken(&self) -> (Vec<Request>, Vec<Value>) {
        let mut state = self.state();
        (std::mem::take(&mut state.sent), std::mem::take(&mut state.printed))
    }

    /// How many calls were made so far.
    pub fn calls(&self) -> usize {
        self.state().sent.len()
    }

    /// Lets time pass until the next sleeper wakes; false when nobody sleeps.
    pub fn wake(&self) -> bool {
        let mut state = self.state();
        state.sleeping.retain(|(_, sleeper)| !sleeper.is_canceled());
        let Some(next) = (0..state.sleeping.len()).min_by_key(|at| state.sleeping[*at].0) else { return false };
        let (at, sleeper) = state.sleeping.swap_remove(next);
        state.now = at;
        drop(state);
        sleeper.send(()).is_ok()
    }
}

impl State {
    /// Items that other calls were answered with, for a question that was not asked in the recorded invocation.
    fn items(&self, name: &str, request: &Request) -> Value {
        let of = |key: &Value| {
            let answers = self.tape.calls.iter().filter_map(|call| call.answer.as_ref().ok());
            answers.flat_map(attribute::items).find(|item| {
                ["pk", "sk"]
                    .iter()
                    .all(|name| attribute::plain(item[*name].clone()) == attribute::plain(key[*name].clone()))
            })
        };
        match name {
            "dynamodb GetItem" => of(&request.input["Key"]).map_or_else(|| json!({}), |item| json!({ "Item": item })),
            "dynamodb BatchGetItem" => {
                let tables = request.input["RequestItems"].as_object().into_iter().flatten();
                let found =
                    |keys: &Value| keys["Keys"].as_array().into_iter().flatten().filter_map(of).cloned().collect();
                let responses = tables.map(|(table, keys)| (table.clone(), found(keys)));
                json!({ "Responses": responses.collect::<Map<String, Value>>(), "UnprocessedKeys": {} })
            }
            _ => json!({}),
        }
    }

    fn answer(&mut self, request: &Request) -> HttpResponse {
        let name = format!("{} {}", request.service, request.operation);
        let fits = |at: &usize| {
            let call = &self.tape.calls[*at];
            call.service == request.service && call.operation == request.operation
        };
        let same = |at: &usize| self.tape.calls[*at].input == request.input;
        let all: Vec<usize> = (0..self.tape.calls.len()).filter(fits).collect();
        let fresh = |at: &&usize| !self.used.contains(at);
        let exact = || all.iter().filter(|at| same(at));
        // Another item is no answer to the question for this one.
        let of_item = matches!(name.as_str(), "dynamodb GetItem" | "dynamodb BatchGetItem" | "dynamodb PutItem");
        let elsewhere = || self.tape.asked.get(&question(&name, &request.input)).filter(|_| !of_item);
        let elsewhere = if exact().next().is_some() { None } else { elsewhere() };
        let alike = || all.iter().filter(|_| !of_item && elsewhere.is_none());
        let found =
            exact().find(fresh).or(exact().next_back()).or(alike().find(fresh)).or(alike().next_back()).copied();
        self.used.extend(found);
        if let Some(raw) = found.and_then(|at| self.tape.raw.get(&at)) {
            return in_raw(raw);
        }
        let answer = match found {
            _ if name == "appconfig GetLatestConfiguration" => Ok(json!({
                "Configuration": self.tape.configuration, "NextPollConfigurationToken": "next", "NextPollIntervalInSeconds": 60,
            })),
            Some(at) => self.tape.calls[at].answer.clone(),
            None if elsewhere.is_some() => elsewhere.cloned().unwrap_or_else(|| Ok(json!({}))),
            None if of_item => Ok(self.items(&name, request)),
            None => self.tape.others.get(&name).cloned().ok_or_else(|| Failure::new("ResourceNotFoundException", name)),
        };
        rendered(request, &answer)
    }
}

/// The response that an answer is. What cannot be written in the service's protocol is an error of the service.
pub fn rendered(request: &Request, answer: &Answer) -> HttpResponse {
    let answer = answer.clone().map(|answer| match request.service {
        "dynamodb" => attribute::encoded(answer),
        _ => answer,
    });
    let written = catch_unwind(AssertUnwindSafe(|| response(request, &answer)));
    written.unwrap_or_else(|_| HttpResponse::new(status(500), SdkBody::empty()))
}

fn status(code: u16) -> StatusCode {
    StatusCode::try_from(code).unwrap_or_else(|_| StatusCode::try_from(200).expect("a status"))
}

/// A response as data, for a target to break; each byte of a binary body is a character.
pub fn raw(response: &HttpResponse) -> Value {
    let headers: Map<String, Value> =
        response.headers().iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    let bytes = response.body().bytes().unwrap_or_default();
    let body = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    json!({ "status": response.status().as_u16(), "headers": headers, "body": body })
}

fn in_raw(raw: &Value) -> HttpResponse {
    let text = raw["body"].as_str().map_or_else(|| raw["body"].to_string(), str::to_owned);
    let is_binary = raw["headers"]["smithy-protocol"].is_string();
    let bytes: Vec<u8> = match is_binary {
        true => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(0xff)).collect(),
        // What is no character is no text either.
        false => text.split('\u{fffd}').map(str::as_bytes).collect::<Vec<_>>().join(&0xff),
    };
    let code = raw["status"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(200);
    let mut response = HttpResponse::new(status(code), SdkBody::from(bytes));
    for (name, value) in raw["headers"].as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        // A header that HTTP does not know never arrives.
        let _ = response.headers_mut().try_insert(name.clone(), value);
    }
    response
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Model")
    }
}

impl HttpConnector for Model {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // A request that the model cannot read is none that AWS would take.
        let (response, takes) = match catch_unwind(AssertUnwindSafe(|| read(&request))) {
            Ok(request) => {
                let mut state = self.state();
                let response = state.answer(&request);
                state.sent.push(request);
                (response, state.tape.takes)
            }
            Err(_) => {
                self.state().sent.push(Request { service: "unreadable", operation: String::new(), input: Value::Null });
                (HttpResponse::new(status(400), SdkBody::empty()), Duration::ZERO)
            }
        };
        if takes.is_zero() {
            return HttpConnectorFuture::ready(Ok(response));
        }
        let taken = self.sleep(takes);
        HttpConnectorFuture::new(async {
            taken.await;
            Ok(response)
        })
    }
}

impl HttpClient for Model {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl TimeSource for Model {
    fn now(&self) -> SystemTime {
        let state = self.state();
        state.began + state.now
    }
}

impl AsyncSleep for Model {
    fn sleep(&self, duration: Duration) -> Sleep {
        let (done, over) = oneshot::channel();
        let mut state = self.state();
        let at = state.now.saturating_add(duration);
        state.sleeping.push((at, done));
        Sleep::new(async {
            let _ = over.await;
        })
    }
}

impl Recording {
    /// AWS as it was in a recorded invocation.
    pub fn tape(&self, calls: &[Call]) -> Tape {
        Tape {
            calls: calls.to_vec(),
            raw: BTreeMap::new(),
            asked: Arc::clone(&self.asked),
            others: Arc::new(self.answers.clone()),
            configuration: self.configuration.clone(),
            takes: Duration::ZERO,
        }
    }
}
