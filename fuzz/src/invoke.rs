//! One invocation of an unmodified function.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use jiff::Timestamp;
use serde_json::Value;
use shared::aws::Connection;
use shared::env::Env;
use shared::runtime::Runtime;
use shared::runtime::lambda::{Handler, named};
use shared::{Error, Result};
use simulation::engine::logged;
use simulation::wire::Request;

use crate::model::{Model, Tape};

/// Names of the functions.
pub const FUNCTIONS: [&str; 5] = ["rollout", "capacity", "alarm", "budget", "request"];
/// Those with a configuration, and a queue in front of them.
pub const WITH_QUEUE: [&str; 4] = ["rollout", "capacity", "alarm", "budget"];

/// More calls than any invocation makes; one that makes more does not end.
pub const CALLS: usize = 3_000;

/// What came of an invocation.
#[derive(Debug)]
pub struct Observed {
    /// The answer, or the error of start, init or invocation; nothing when it does not end.
    pub result: Option<Result<Value>>,
    /// What was sent to AWS.
    pub sent: Vec<Request>,
    /// What was printed.
    pub printed: Vec<Value>,
    /// What was logged.
    pub logged: Vec<String>,
}

/// Starts a function in a process of its own and invokes it once.
///
/// # Panics
/// When there is no such function.
pub fn invoke(
    function: &str,
    variables: &BTreeMap<String, String>,
    tape: Tape,
    payload: Value,
    at: Timestamp,
) -> Observed {
    match function {
        "rollout" => run::<Runtime<rollout::App>>(variables, tape, payload, at),
        "capacity" => run::<Runtime<capacity::App>>(variables, tape, payload, at),
        "alarm" => run::<Runtime<alarm::App>>(variables, tape, payload, at),
        "budget" => run::<Runtime<budget::App>>(variables, tape, payload, at),
        "request" => run::<request::Requests>(variables, tape, payload, at),
        other => panic!("no function {other}"),
    }
}

fn run<H: Handler>(variables: &BTreeMap<String, String>, tape: Tape, payload: Value, at: Timestamp) -> Observed {
    let model = Model::new(tape, at);
    let work = async {
        let env = Env::over(|name| variables.get(name).cloned());
        let printer = model.clone();
        let connection = Connection::to_model(
            &env,
            SharedHttpClient::new(model.clone()),
            (SharedTimeSource::new(model.clone()), SharedAsyncSleep::new(model.clone())),
            move |document| printer.print(document),
        )?;
        let function = H::start(&env, &connection)?;
        function.init(at).await?;
        function.handle(named(payload, "invocation"), at).await
    };
    let (result, logged) = logged(|| finish(work, &model));
    let (sent, printed) = model.taken();
    Observed { result, sent, printed, logged }
}

/// Polls until the work is done; time passes when it waits.
fn finish(work: impl Future<Output = Result<Value, Error>>, model: &Model) -> Option<Result<Value>> {
    let mut work = pin!(work);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    while model.calls() < CALLS {
        if let Poll::Ready(result) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(result);
        }
        while !woken.0.swap(false, Ordering::Relaxed) {
            if !model.wake() {
                return None;
            }
        }
    }
    None
}

/// Was the work woken?
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
