//! AWS calls without an SDK: a Python process with boto3 makes them, driven by lines of JSON (`emulator/bridge.py`).

use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::spawn;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::tools::Tools;

/// Where the emulator is and as whom to call it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Address {
    /// `http://127.0.0.1:<port>`.
    pub endpoint: String,
    /// Its process.
    pub pid: u32,
    /// The account that everything belongs to.
    pub account: String,
    /// The region that everything is in.
    pub region: String,
    /// Its own access key, without which it takes no request (`xtask/emulator/gate.py`).
    pub access_key: String,
}

impl Address {
    /// Endpoint, credentials and region as programs find them in their environment; sam, the AWS CLI and the SDKs do not
    /// all read the same name of the region.
    pub fn variables(&self) -> [(&'static str, &str); 5] {
        [
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_REGION", &self.region),
            ("AWS_DEFAULT_REGION", &self.region),
            ("AWS_ACCESS_KEY_ID", &self.access_key),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ]
    }
}

/// Credentials and endpoint of calls to AWS.
#[derive(Clone, Debug)]
pub enum Access {
    /// As the AWS CLI would: the environment's credentials, and its `AWS_ENDPOINT_URL` where it names one.
    Environment,
    /// The emulator, whatever is in the environment.
    Local(Address),
}

impl Access {
    /// Gives a program's environment these credentials and this endpoint, in `region`.
    pub fn lend(&self, command: &mut Command, region: &str) {
        if let Access::Local(address) = self {
            for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
                command.env_remove(name);
            }
            command.envs(address.variables()).env("NO_PROXY", "127.0.0.1");
        }
        command.env("AWS_REGION", region).env("AWS_DEFAULT_REGION", region);
    }

    /// Where calls go, if not to AWS.
    pub fn endpoint(&self) -> Option<String> {
        match self {
            Access::Local(address) => Some(address.endpoint.clone()),
            Access::Environment => std::env::var("AWS_ENDPOINT_URL").ok().filter(|endpoint| !endpoint.is_empty()),
        }
    }
}

/// Calls AWS; can be cloned and used from several threads at once.
#[derive(Clone, Debug)]
pub struct Client(Arc<Bridge>);

#[derive(Debug)]
struct Bridge {
    child: Mutex<Child>,
    input: Mutex<ChildStdin>,
    waiting: Waiting,
    next: AtomicU64,
}

type Waiting = Arc<Mutex<HashMap<u64, Sender<Value>>>>;

/// An error response of AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// Service and operation, as boto3 names them.
    pub call: String,
    /// AWS's error code; the exception's name when AWS was not reached.
    pub code: String,
    /// AWS's sentence.
    pub message: String,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.call, self.code, self.message)
    }
}

impl std::error::Error for CallError {}

impl Client {
    /// Starts the process for the cloud at `address`.
    ///
    /// # Errors
    /// When Python cannot be started.
    pub fn start(tools: &Tools, address: &Address) -> Result<Client> {
        let mut command = tools.python("bridge.py");
        Access::Local(address.clone()).lend(&mut command, &address.region);
        // The emulator's errors are what is tested; retries would hide them.
        command.env("AWS_MAX_ATTEMPTS", "1");
        Client::spawn(command)
    }

    /// Starts the process for one region.
    ///
    /// # Errors
    /// When Python cannot be started.
    pub fn of(tools: &Tools, access: &Access, region: &str) -> Result<Client> {
        let mut command = tools.python("bridge.py");
        access.lend(&mut command, region);
        Client::spawn(command)
    }

    fn spawn(mut command: Command) -> Result<Client> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .context("start the Python process that talks to AWS")?;
        let input = child.stdin.take().context("the bridge has no input")?;
        let output = child.stdout.take().context("the bridge has no output")?;
        let waiting = Waiting::default();
        let answers = Arc::clone(&waiting);
        spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(answer) = serde_json::from_str::<Value>(&line) else { continue };
                let id = answer["id"].as_u64().unwrap_or_default();
                let waiter = answers.lock().ok().and_then(|mut waiting| waiting.remove(&id));
                // The caller may have ended.
                let _ = waiter.map(|waiter| waiter.send(answer));
            }
            // Callers that still wait get an error: their senders are dropped.
            let _ = answers.lock().map(|mut waiting| waiting.clear());
        });
        let (child, input) = (Mutex::new(child), Mutex::new(input));
        Ok(Client(Arc::new(Bridge { child, input, waiting, next: AtomicU64::new(1) })))
    }

    /// Calls `operation` of `service`, both in boto3's spelling; the service `local` is the emulator's control API.
    ///
    /// # Errors
    /// AWS's error with its code.
    pub fn call(&self, service: &str, operation: &str, parameters: Value) -> Result<Value, CallError> {
        let call = format!("{service} {operation}");
        let failed = |code: &str, message: &str| CallError {
            call: call.clone(),
            code: code.to_owned(),
            message: message.to_owned(),
        };
        let bridge = &self.0;
        let id = bridge.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = channel();
        let request = json!({"id": id, "service": service, "operation": operation, "parameters": parameters});
        let gone = |_| failed("BridgeGone", "the Python process that talks to AWS has ended");
        bridge.waiting.lock().map_err(|_| gone(()))?.insert(id, sender);
        let sent = bridge.input.lock().map_err(|_| gone(())).and_then(|mut input| {
            writeln!(input, "{request}")
                .and_then(|()| input.flush())
                .map_err(|error| failed("BridgeGone", &error.to_string()))
        });
        sent?;
        let mut answer = receiver.recv().map_err(|_| gone(()))?;
        match answer.get("error") {
            Some(error) => {
                Err(failed(error["code"].as_str().unwrap_or_default(), error["message"].as_str().unwrap_or_default()))
            }
            None => Ok(answer["result"].take()),
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if let Ok(mut child) = self.child.lock() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
