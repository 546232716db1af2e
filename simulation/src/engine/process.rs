//! An execution environment of Lambda: one process of one function, started with the variables of its template.

use std::collections::BTreeMap;
use std::rc::Rc;

use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shared::aws::Connection;
use shared::env::Env;
use shared::runtime::Runtime;
use shared::runtime::lambda::{Handler, answered, named};

use super::heap::{Heap, counted};
use super::port::{Clock, Port};

/// What an invocation comes to: the answer, or type and message of its error.
pub type Outcome = Result<Value, (String, String)>;

/// A process.
pub struct Process {
    /// Which function.
    pub function: &'static str,
    /// Its way to the world.
    pub port: Port,
    /// How far its clock is ahead.
    pub skew: SignedDuration,
    /// What it holds.
    pub heap: Heap,
    serve: Rc<dyn Serve>,
    started: bool,
}

trait Serve {
    fn invoke(
        self: Rc<Self>,
        start: bool,
        payload: Value,
        clock: Timestamp,
        is_read: bool,
    ) -> LocalBoxFuture<'static, Outcome>;
}

impl<H: Handler + 'static> Serve for H {
    fn invoke(
        self: Rc<Self>,
        start: bool,
        payload: Value,
        clock: Timestamp,
        is_read: bool,
    ) -> LocalBoxFuture<'static, Outcome> {
        let said = |error: shared::Error| (error.kind().label().to_owned(), error.to_string());
        async move {
            if start {
                // Lambda resets an environment whose init fails, and the next invocation starts it anew:
                // <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>, "Failures during the Init phase".
                self.init(clock).await.map_err(|error| ("Runtime.ExitError".to_owned(), error.to_string()))?;
            }
            answered(self.handle(payload, clock).await, H::ANSWER_IS_READ || is_read).map_err(said)
        }
        .boxed_local()
    }
}

impl Process {
    /// Starts a process; its first invocation initializes it.
    ///
    /// # Panics
    /// When a variable is missing: the template is wrong then.
    pub fn start(
        function: &'static str,
        variables: &BTreeMap<String, String>,
        skew: SignedDuration,
        clock: &Clock,
    ) -> Process {
        let ((port, serve), heap) = counted(|| Process::wire(function, variables, clock));
        Process { function, port, skew, heap, serve, started: false }
    }

    fn wire(function: &'static str, variables: &BTreeMap<String, String>, clock: &Clock) -> (Port, Rc<dyn Serve>) {
        let port = Port::new(clock);
        let env = Env::over(|name| variables.get(name).cloned());
        let printer = port.clone();
        let connection = Connection::to_model(
            &env,
            SharedHttpClient::new(port.clone()),
            (SharedTimeSource::new(port.clone()), SharedAsyncSleep::new(port.clone())),
            move |document| printer.print(document),
        );
        let connection = connection.expect("a connection");
        fn new<H: Handler + 'static>(env: &Env<'_>, connection: &Connection) -> Rc<dyn Serve> {
            Rc::new(H::start(env, connection).expect("a function that starts"))
        }
        let serve = match function {
            "rollout" => new::<Runtime<rollout::App>>(&env, &connection),
            "capacity" => new::<Runtime<capacity::App>>(&env, &connection),
            "alarm" => new::<Runtime<alarm::App>>(&env, &connection),
            "budget" => new::<Runtime<budget::App>>(&env, &connection),
            "request" => new::<request::Requests>(&env, &connection),
            other => panic!("no function {other}"),
        };
        (port, serve)
    }

    /// One invocation; the caller polls it.
    pub fn invoke(
        &mut self,
        payload: &Value,
        id: &str,
        now: Timestamp,
        is_read: bool,
    ) -> LocalBoxFuture<'static, Outcome> {
        let start = !std::mem::replace(&mut self.started, true);
        let clock = now + self.skew;
        let serve = Rc::clone(&self.serve);
        self.work(|| serve.invoke(start, named(payload.clone(), id), clock, is_read))
    }

    /// Does work that it holds the heap of.
    pub fn work<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (result, heap) = counted(work);
        self.heap.add(heap);
        result
    }
}
