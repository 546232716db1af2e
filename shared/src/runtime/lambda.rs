//! The edge of a function: the clock, the log, the runtime.

use std::fmt;
use std::process::ExitCode;
use std::rc::Rc;

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::Value;

use crate::aws::Connection;
use crate::env::Env;
use crate::error::{Error, Kind, Result};

/// Something that serves invocations.
pub trait Handler: Sized {
    /// Reads its variables; makes no call.
    ///
    /// # Errors
    /// `Invalid` when a variable is missing or wrong; the function does not start then.
    fn start(env: &Env<'_>, connection: &Connection) -> Result<Self>;

    /// Reads its documents and opens the connections that every invocation needs, while Lambda gives init the full CPU.
    ///
    /// # Errors
    /// Why the documents are broken or cannot be read; the function does not start then.
    fn init(&self, clock: Timestamp) -> impl Future<Output = Result<()>>;

    /// Answers one invocation at the time `clock`.
    ///
    /// # Errors
    /// What makes the invocation fail.
    fn handle(&self, payload: Value, clock: Timestamp) -> impl Future<Output = Result<Value>>;
}

/// Reads the configuration and serves invocations until the process ends.
///
/// A mistake in the configuration is one error line, and the function does not start.
pub fn start<H: Handler>() -> ExitCode {
    lambda_runtime::tracing::init_default_subscriber();
    match serve::<H>() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error.kind = error.kind().label(), "start: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve<H: Handler>() -> Result<()> {
    let env = Env::process();
    let connection = Connection::from_env(&env)?;
    let function = Rc::new(H::start(&env, &connection)?);
    // One thread: an invocation at a time, its calls joined.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::new(Kind::Unavailable, "start the runtime").with_source(error))?;
    runtime.block_on(async {
        function.init(now()).await?;
        let answer = service_fn(|event: LambdaEvent<Value>| {
            let function = Rc::clone(&function);
            async move { function.handle(event.payload, now()).await.map_err(Failed) }
        });
        let served = lambda_runtime::run(answer).await;
        served.map_err(|error| Error::new(Kind::Unavailable, "serve").with_source(error))
    })
}

/// The only clock.
#[allow(clippy::disallowed_methods)]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Writes one embedded-metric document; it must stand alone on its line, not inside a log record.
pub fn metrics(document: &Value) {
    println!("{document}");
}

/// What the runtime logs and reports of an invocation that failed.
struct Failed(Error);

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl From<Failed> for Diagnostic {
    fn from(Failed(error): Failed) -> Diagnostic {
        Diagnostic { error_type: error.kind().label().to_owned(), error_message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invocation_fails_with_the_kind_as_its_type_and_the_whole_chain_as_its_message() {
        let error = Error::new(Kind::Throttled, "ThrottlingException: slow down").context("describe service prod/web");
        let reported = Diagnostic::from(Failed(error));
        assert_eq!(reported.error_type, "throttled");
        assert_eq!(reported.error_message, "describe service prod/web: ThrottlingException: slow down");
    }
}
