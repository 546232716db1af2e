//! The AWS endpoint: TLS, one port per AWS service, a thread per connection, every call on record.

use super::account::Account;
use super::answers::{SEEN, answer, operation};
use super::authority::Authority;
use super::http::Connection;
use anyhow::{Context, Result};
use rustls::{ServerConnection, StreamOwned};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The services of a rollout, as the SDKs name them in `AWS_ENDPOINT_URL_<SERVICE>`.
///
/// Each has a port of its own, because at AWS each is a host of its own: no client can serve two of them with one connection.
const SERVICES: [&str; 6] = ["APPCONFIGDATA", "ECS", "ECR", "DYNAMODB", "SNS", "CLOUDFRONT"];

/// One call as the endpoint saw it.
#[derive(Debug, Clone)]
pub struct Call {
    /// `DescribeServices`, ...
    pub operation: String,
    /// When its first byte arrived.
    pub began: Instant,
    /// When its answer had left.
    pub ended: Instant,
}

/// The endpoint, serving until the process ends.
pub struct Endpoint {
    ports: Vec<(&'static str, u16)>,
    shared: Arc<Shared>,
}

struct Shared {
    account: Mutex<Account>,
    record: Mutex<Record>,
    delay: Mutex<Duration>,
}

#[derive(Default)]
struct Record {
    calls: Vec<Call>,
    connections: usize,
    refused: Vec<String>,
}

impl Endpoint {
    /// Listens on free ports.
    pub fn start(authority: &Authority) -> Result<Self> {
        let shared = Arc::new(Shared {
            account: Mutex::new(Account::new()?),
            record: Mutex::default(),
            delay: Mutex::default(),
        });
        let mut ports = Vec::new();
        for service in SERVICES {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listen for AWS calls")?;
            ports.push((service, listener.local_addr()?.port()));
            let (shared, tls) = (Arc::clone(&shared), Arc::clone(&authority.server));
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (shared, tls) = (Arc::clone(&shared), Arc::clone(&tls));
                    // A connection that breaks is the end of its thread only: the client is dead or has said why.
                    thread::spawn(move || ServerConnection::new(tls).map(|tls| serve(stream, tls, &shared)));
                }
            });
        }
        Ok(Self { ports, shared })
    }

    /// The variables by which every SDK finds the endpoint.
    pub fn variables(&self) -> impl Iterator<Item = (String, String)> {
        self.ports
            .iter()
            .map(|(service, port)| (format!("AWS_ENDPOINT_URL_{service}"), format!("https://127.0.0.1:{port}")))
    }

    /// Forgets what earlier runs did; every call takes at least `delay` from now on.
    pub fn reset(&self, delay: Duration) -> Result<()> {
        *lock(&self.shared.account) = Account::new()?;
        *lock(&self.shared.record) = Record::default();
        *lock(&self.shared.delay) = delay;
        Ok(())
    }

    /// Makes the image of event `number` the newest and starts a new list of calls.
    pub fn begin(&self, number: u64) {
        lock(&self.shared.account).event = number;
        lock(&self.shared.record).calls.clear();
    }

    /// The calls since [`Endpoint::begin`], in order of their ends.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.record).calls.clone()
    }

    /// TLS connections opened since [`Endpoint::reset`].
    pub fn connections(&self) -> usize {
        lock(&self.shared.record).connections
    }

    /// Operations that were called and have no answer here; a run with one of these proves nothing.
    pub fn refused(&self) -> Vec<String> {
        lock(&self.shared.record).refused.clone()
    }
}

fn serve(stream: TcpStream, tls: ServerConnection, shared: &Shared) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(StreamOwned::new(tls, stream));
    let mut first = true;
    while let Some(request) = connection.read()? {
        if std::mem::take(&mut first) {
            lock(&shared.record).connections += 1;
        }
        let Some(operation) = operation(&request) else {
            connection.write(404, &[], b"")?;
            continue;
        };
        let answered = answer(&mut lock(&shared.account), &operation, &request);
        let delay = *lock(&shared.delay);
        if !delay.is_zero() {
            thread::park_timeout(delay);
        }
        match answered {
            None => {
                lock(&shared.record).refused.push(operation);
                connection.write(400, &[], b"{\"__type\":\"UnknownOperationException\"}")?;
            }
            Some(answer) => {
                let headers = [
                    ("content-type", answer.content_type),
                    ("x-amzn-requestid", REQUEST_ID),
                    // Only the client of AppConfig reads it.
                    ("next-poll-configuration-token", SEEN),
                ];
                // Recorded before the answer leaves: the event may be over, and its calls read, one write later.
                let mut record = lock(&shared.record);
                record.calls.push(Call { operation, began: request.began, ended: Instant::now() });
                drop(record);
                connection.write(answer.status, &headers, answer.body.as_bytes())?;
            }
        }
    }
    Ok(())
}

const REQUEST_ID: &str = "0f9a8b7c-6d5e-4f3a-9b1c-2d3e4f5a6b7c";

/// A thread that panicked has already printed why; its data is whole between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
