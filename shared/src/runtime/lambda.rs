//! The edge of a function: the clock, the log, the runtime.

use std::fmt;
use std::process::ExitCode;
use std::rc::Rc;

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{PooledClient, build_request};
use serde_json::{Value, json};

use super::log;
use crate::answer;
use crate::aws::Connection;
use crate::env::Env;
use crate::error::{Error, Kind, Result};

/// Something that serves invocations.
pub trait Handler: Sized {
    /// Is every answer read by the caller, whatever the invocation says? A mistake in a request is an answer then.
    const ANSWER_IS_READ: bool = false;

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
    let env = Env::process();
    log::start(&env);
    match serve::<H>(&env) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error.kind = error.kind().label(), "start: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve<H: Handler>(env: &Env<'_>) -> Result<()> {
    // One thread: an invocation at a time, its calls joined.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::new(Kind::Unavailable, "start the runtime").with_source(error))?;
    runtime.block_on(async {
        let function = match begin::<H>(env).await {
            Ok(function) => Rc::new(function),
            Err(error) => {
                if env.optional("AWS_LAMBDA_RUNTIME_API").is_some()
                    && let Err(unsent) = report(PooledClient::builder().build(), &error).await
                {
                    tracing::warn!("report the failed start: {unsent}");
                }
                return Err(error);
            }
        };
        let answer = service_fn(|event: LambdaEvent<Value>| {
            let function = Rc::clone(&function);
            let says = event.context.client_context.is_some_and(|context| context.custom.contains_key(answer::IS_READ));
            let payload = named(event.payload, &event.context.request_id);
            async move { answered(function.handle(payload, now()).await, H::ANSWER_IS_READ || says).map_err(Failed) }
        });
        let served = lambda_runtime::run(answer).await;
        served.map_err(|error| Error::new(Kind::Unavailable, "serve").with_source(error))
    })
}

/// A request without an id is named after its invocation: Lambda's retries of an asynchronous invocation have the request
/// id of the first, <https://repost.aws/knowledge-center/lambda-function-duplicate-invocations>, and two requests of the
/// same text have two.
pub fn named(mut payload: Value, request_id: &str) -> Value {
    if let Some(request) = payload.as_object_mut().filter(|request| request.contains_key("action")) {
        request.entry("id").or_insert_with(|| request_id.into());
    }
    payload
}

async fn begin<H: Handler>(env: &Env<'_>) -> Result<H> {
    let connection = Connection::from_env(env)?;
    let function = H::start(env, &connection)?;
    function.init(now()).await?;
    Ok(function)
}

/// Reports why the function does not start, so that the caller gets the reason instead of an exit status:
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror>.
async fn report(runtime_api: PooledClient, error: &Error) -> std::result::Result<(), lambda_runtime::Error> {
    let label = error.kind().label();
    let body = json!({ "errorType": label, "errorMessage": error.to_string(), "stackTrace": [] }).to_string();
    let request = build_request()
        .method("POST")
        .uri("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", label)
        .body(Body::from(body))?;
    runtime_api.call(request).await?;
    Ok(())
}

/// What Lambda returns: a mistake in a request is the answer where the caller reads it, and else a failure.
///
/// # Errors
/// Why the invocation failed.
pub fn answered(result: Result<Value>, is_read: bool) -> Result<Value> {
    match result {
        Err(error) if is_read && error.kind() == Kind::Invalid => {
            tracing::warn!(error.kind = error.kind().label(), "refused: {error}");
            Ok(answer::of(&error))
        }
        result => result,
    }
}

/// The only clock.
#[allow(clippy::disallowed_methods)]
pub fn now() -> Timestamp {
    Timestamp::now()
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
    use crate::aws::testing::{Wire, run};

    #[test]
    fn a_start_that_failed_is_reported_with_its_reason() {
        let wire = Wire::new(vec![(202, json!({}))]);
        let error = Error::invalid("configuration: fleet: services[0].floor: got `9`, expected at most baseline.max");
        let runtime_api = PooledClient::builder().with_endpoint(wire.url().parse().unwrap());
        run(async { report(runtime_api.build(), &error).await.unwrap() });
        let requests = wire.requests();
        let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        assert!(head.starts_with("POST /2018-06-01/runtime/init/error "), "{head}");
        assert!(head.contains("lambda-runtime-function-error-type: invalid"), "{head}");
        assert_eq!((&body["errorType"], &body["errorMessage"]), (&json!("invalid"), &json!(error.to_string())));
    }

    #[test]
    fn a_retry_of_an_invocation_is_the_same_request_and_another_invocation_is_not() {
        let rollback = || json!({"action": "rollback", "service": "web", "by": "anna"});
        assert_eq!(named(rollback(), "i-1")["id"], "i-1");
        assert_eq!(named(rollback(), "i-1"), named(rollback(), "i-1"));
        assert_ne!(named(rollback(), "i-1"), named(rollback(), "i-2"));
        assert_eq!(named(json!({"action": "rollback", "id": "r-7"}), "i-1")["id"], "r-7");
        assert_eq!(named(json!({"source": "aws.ecs"}), "i-1"), json!({"source": "aws.ecs"}));
    }

    #[test]
    fn only_a_mistake_is_an_answer_and_only_where_it_is_read() {
        let error = |kind| Err(Error::new(kind, "service: got `wep`"));
        let refusal = json!({"error": {"kind": "invalid", "message": "service: got `wep`"}});
        assert_eq!(answered(error(Kind::Invalid), true).unwrap(), refusal);
        assert_eq!(answered(Ok(json!(1)), true).unwrap(), json!(1));
        for (kind, is_read) in [(Kind::Invalid, false), (Kind::Throttled, true), (Kind::Denied, true)] {
            assert_eq!(answered(error(kind), is_read).unwrap_err().kind(), kind);
        }
    }

    #[test]
    fn an_invocation_fails_with_the_kind_as_its_type_and_the_whole_chain_as_its_message() {
        let error = Error::new(Kind::Throttled, "ThrottlingException: slow down").context("describe service prod/web");
        let reported = Diagnostic::from(Failed(error));
        assert_eq!(reported.error_type, "throttled");
        assert_eq!(reported.error_message, "describe service prod/web: ThrottlingException: slow down");
    }
}
