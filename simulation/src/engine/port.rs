//! What a function reaches the world through: an HTTP client, a sleep and a standard output, which only take note. The engine answers.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use futures_channel::oneshot;
use jiff::Timestamp;
use serde_json::Value;

use super::heap::left_out;
use crate::wire::{Request, read};

/// Where an answer goes.
pub type Reply = oneshot::Sender<Result<HttpResponse, ConnectorError>>;

/// What a function wants of the world.
pub enum Posted {
    /// An answer to a call.
    Call(Request, Reply),
    /// To go on later.
    Sleep(Duration, oneshot::Sender<()>),
    /// A line on standard output.
    Print(Value),
}

/// The virtual time for who cannot ask the engine, in nanoseconds since 1970.
#[derive(Clone, Default)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// Sets it.
    pub fn set(&self, now: Timestamp) {
        self.0.store(i64::try_from(now.as_nanosecond()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

/// One process's way to the world.
#[derive(Clone)]
pub struct Port(Arc<Mutex<Vec<Posted>>>, Clock);

impl Port {
    /// The way of a process that reads this clock.
    pub fn new(clock: &Clock) -> Port {
        Port(Arc::default(), clock.clone())
    }

    fn posted(&self) -> MutexGuard<'_, Vec<Posted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn post(&self, posted: impl FnOnce() -> Posted) {
        left_out(|| self.posted().push(posted()));
    }

    /// Takes a line of standard output.
    pub fn print(&self, document: &Value) {
        self.post(|| Posted::Print(document.clone()));
    }

    /// What was wanted since the last time, in order.
    pub fn take(&self) -> Vec<Posted> {
        std::mem::take(&mut self.posted())
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Port")
    }
}

impl HttpConnector for Port {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (reply, answer) = oneshot::channel();
        self.post(|| Posted::Call(read(&request), reply));
        HttpConnectorFuture::new(async {
            answer.await.unwrap_or_else(|_| Err(ConnectorError::other("the process ends".into(), None)))
        })
    }
}

impl HttpClient for Port {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl TimeSource for Port {
    fn now(&self) -> SystemTime {
        let nanos = u64::try_from(self.1.0.load(Ordering::Relaxed)).unwrap_or(0);
        SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
    }
}

impl AsyncSleep for Port {
    fn sleep(&self, duration: Duration) -> Sleep {
        let (done, over) = oneshot::channel();
        self.post(|| Posted::Sleep(duration, done));
        Sleep::new(async {
            let _ = over.await;
        })
    }
}
