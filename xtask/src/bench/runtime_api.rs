//! The Lambda Runtime API, as far as a runtime uses it: `next`, `response`, `error` and `init/error`.

use super::http::{Connection, Request};
use anyhow::{Context, Result};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What a runtime says to the API.
pub enum Said {
    /// It asked for the next event, which goes to `hand_out`.
    Next {
        /// When the request began to arrive.
        at: Instant,
        /// Takes the event; dropped, it ends the connection.
        hand_out: Sender<Event>,
    },
    /// It has the answer to an event.
    Done {
        /// From the event's being handed out to the arrival of its answer.
        took: Duration,
        /// The response, or the error document.
        result: Result<String, String>,
    },
    /// It could not start.
    InitError(String),
}

/// An event on its way to a runtime.
pub struct Event {
    /// Request id.
    pub id: String,
    /// JSON.
    pub body: String,
}

/// The API, serving until the process ends.
pub struct RuntimeApi {
    /// `host:port`, for `AWS_LAMBDA_RUNTIME_API`.
    pub address: String,
    /// What runtimes say, in order.
    pub said: Receiver<Said>,
}

impl RuntimeApi {
    /// Listens on a free port.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listen for runtimes")?;
        let address = listener.local_addr()?.to_string();
        let (say, said) = channel();
        // One event is on its way at a time; a runtime may answer on another connection than it asked on.
        let handed_out = Arc::new(Mutex::new(Instant::now()));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (say, handed_out) = (say.clone(), Arc::clone(&handed_out));
                // A killed runtime breaks its connections; the run that killed it is over.
                thread::spawn(move || serve(stream, &say, &handed_out));
            }
        });
        Ok(Self { address, said })
    }
}

fn serve(stream: TcpStream, say: &Sender<Said>, handed_out: &Mutex<Instant>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.read()? {
        let at = Instant::now();
        let handed_out = || handed_out.lock().unwrap_or_else(PoisonError::into_inner);
        let said = match request.path.rsplit('/').next() {
            Some("next") => {
                let (hand_out, event) = channel();
                say.send(Said::Next { at: request.began, hand_out })?;
                let Event { id, body } = event.recv()?;
                let deadline = deadline();
                let headers = [
                    ("content-type", "application/json"),
                    ("lambda-runtime-aws-request-id", id.as_str()),
                    ("lambda-runtime-deadline-ms", deadline.as_str()),
                    ("lambda-runtime-invoked-function-arn", FUNCTION_ARN),
                    ("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"),
                ];
                *handed_out() = Instant::now();
                connection.write(200, &headers, body.as_bytes())?;
                continue;
            }
            Some("response") => Said::Done { took: at - *handed_out(), result: Ok(text(&request)) },
            Some("error") if request.path.ends_with("/init/error") => Said::InitError(text(&request)),
            Some("error") => Said::Done { took: at - *handed_out(), result: Err(text(&request)) },
            _ => {
                connection.write(404, &[], b"")?;
                continue;
            }
        };
        say.send(said)?;
        connection.write(202, &[("content-type", "application/json")], b"{\"status\":\"OK\"}")?;
    }
    Ok(())
}

const FUNCTION_ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:rollout";

fn text(request: &Request) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}

/// A minute from now, in milliseconds of the epoch.
#[expect(clippy::disallowed_methods, reason = "runtimes expect a real deadline; nothing decides by this clock")]
fn deadline() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (now.as_millis() + 60_000).to_string()
}
