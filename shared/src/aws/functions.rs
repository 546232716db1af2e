//! AWS Lambda: how functions invoke each other.

use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_lambda::config::Builder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_smithy_types::base64;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use serde_json::{Value, json};

use super::connection::{Connection, Service};
use super::error::classify;
use crate::answer;
use crate::error::{Context, Error, Kind, Result};

/// Longest that a function's answer is waited for: its timeout of 60 s, and the 10 s that Lambda gives its init:
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>.
const ANSWER: Duration = Duration::from_secs(75);

/// Invokes other functions.
///
/// Its client is built on first use: most invocations need none.
#[derive(Debug)]
pub struct Functions {
    connection: Connection,
    client: OnceLock<aws_sdk_lambda::Client>,
}

impl Functions {
    /// A gateway over `connection`; no call is made.
    pub fn new(connection: &Connection) -> Functions {
        Functions { connection: connection.clone(), client: OnceLock::new() }
    }

    fn client(&self) -> &aws_sdk_lambda::Client {
        self.client.get_or_init(|| {
            let mut config = Builder::from(self.connection.config());
            config.set_endpoint_url(self.connection.endpoint(Service::Lambda));
            config.set_retry_partition(self.connection.retry_partition());
            aws_sdk_lambda::Client::from_conf(config.build())
        })
    }

    /// Hands `request` to a function and does not wait for what it does with it; AWS repeats it when that fails.
    ///
    /// Requires `lambda:InvokeFunction`.
    ///
    /// # Errors
    /// `NotFound` when there is no such function, `Denied` when it may not be invoked.
    pub async fn invoke_async(&self, function: &str, request: &Value) -> Result<()> {
        let payload = Blob::new(request.to_string());
        let call = self.client().invoke().function_name(function).invocation_type(InvocationType::Event);
        call.payload(payload).send().await.map(drop).map_err(classify).context(|| format!("invoke function {function}"))
    }

    /// Hands `request` to a function and waits for its answer. It is sent once: without an answer it is not known whether it
    /// took effect. A function that failed answers with a 200 too:
    /// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
    ///
    /// Requires `lambda:InvokeFunction`.
    ///
    /// # Errors
    /// The function's own error when it refused the request or failed; as [`Functions::invoke_async`] when it could not be
    /// invoked.
    pub async fn invoke(&self, function: &str, request: &Value) -> Result<Value> {
        let invoke = || format!("invoke function {function}");
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ANSWER).operation_timeout(ANSWER).build();
        let patient = Builder::default().retry_config(RetryConfig::disabled()).timeout_config(timeouts);
        let read = base64::encode(json!({"custom": {answer::IS_READ: "true"}}).to_string());
        let call = self.client().invoke().function_name(function).client_context(read);
        let call = call.payload(Blob::new(request.to_string()));
        let answer = call.customize().config_override(patient).send().await.map_err(classify).context(invoke)?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let payload: Value = serde_json::from_slice(&payload)
            .map_err(|error| Error::new(Kind::Unavailable, "read its answer").with_source(error))
            .context(invoke)?;
        match answer.function_error {
            None => answer::error(&payload).map_or(Ok(payload), Err),
            Some(_) => Err(failure(&payload, invoke)),
        }
    }
}

/// The error that an answer is: of a function of ours as that function has it, with nothing in front; of Lambda (a timeout,
/// a crash), with the function's name.
fn failure(answer: &Value, invoke: impl FnOnce() -> String) -> Error {
    let text = |field: &str| answer[field].as_str().unwrap_or_default();
    let (error, message) = (text("errorType"), text("errorMessage"));
    match Kind::labelled(error) {
        Some(kind) => Error::new(kind, message),
        None if error.is_empty() => Error::new(Kind::Unavailable, message).context(invoke()),
        None => Error::new(Kind::Unavailable, format!("{error}: {message}")).context(invoke()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::testing::{Replay, Wire, run};
    use crate::error::Kind;

    #[test]
    fn a_function_is_invoked_and_not_waited_for() {
        let wire = Wire::new(vec![(202, json!({}))]);
        run(Functions::new(&wire.connection()).invoke_async("acme-capacity", &json!({"action": "reconcile"}))).unwrap();
        let request = &wire.requests()[0];
        assert!(request.starts_with("POST /2015-03-31/functions/acme-capacity/invocations "), "{request}");
        assert!(request.contains("x-amz-invocation-type: Event\r\n"), "{request}");
        assert!(request.ends_with(r#"{"action":"reconcile"}"#), "{request}");
    }

    #[test]
    fn a_function_that_is_not_there_is_reported_with_its_name() {
        let replay =
            Replay::new(&[(404, json!({"Type": "User", "Code": "ResourceNotFoundException", "Message": "no"}))]);
        let error = run(Functions::new(&replay.connection()).invoke_async("acme-capacity", &json!({}))).unwrap_err();
        assert!(error.to_string().starts_with("invoke function acme-capacity: "), "{error}");
        assert_eq!(error.kind(), Kind::NotFound);
    }

    #[test]
    fn an_invoked_function_answers_however_long_it_takes() {
        let slow = crate::aws::connection::ATTEMPT + Duration::from_millis(500);
        let wire = Wire::answering(vec![(slow, 200, json!({"outcome": "changed"}))]);
        let answer = run(Functions::new(&wire.connection()).invoke("acme-rollout", &json!({"action": "plan"})));
        assert_eq!(answer.unwrap(), json!({"outcome": "changed"}));
        let request = &wire.requests()[0];
        assert!(request.starts_with("POST /2015-03-31/functions/acme-rollout/invocations "), "{request}");
        assert!(!request.contains("x-amz-invocation-type: Event"), "{request}");
        // {"custom":{"answer_is_read":"true"}}
        let context = "x-amz-client-context: eyJjdXN0b20iOnsiYW5zd2VyX2lzX3JlYWQiOiJ0cnVlIn19\r\n";
        assert!(request.contains(context), "{request}");
    }

    #[test]
    fn an_invocation_that_fails_is_not_repeated() {
        let answers = [(503, json!({})), (200, json!({}))];
        let replay = Replay::new(&answers);
        let error = run(Functions::new(&replay.connection()).invoke("acme-rollout", &json!({}))).unwrap_err();
        assert_eq!((error.kind(), replay.uris().len()), (Kind::Unavailable, 1), "{error}");
    }

    #[test]
    fn a_refusal_is_an_error_although_the_function_has_not_failed() {
        let refusal = json!({"error": {"kind": "invalid", "message": "service: got `wep`, expected one of web"}});
        let replay = Replay::functions(&[Ok(refusal)]);
        let error = run(Functions::new(&replay.connection()).invoke("acme-rollout", &json!({}))).unwrap_err();
        let expected = (Kind::Invalid, "service: got `wep`, expected one of web".to_owned());
        assert_eq!((error.kind(), error.to_string()), expected);
    }

    #[test]
    fn a_function_that_failed_has_its_own_error() {
        let call = |answer: Value| {
            let replay = Replay::functions(&[Err(answer)]);
            let error = run(Functions::new(&replay.connection()).invoke("acme-rollout", &json!({}))).unwrap_err();
            (error.kind(), error.to_string())
        };
        assert_eq!(
            call(json!({"errorType": "invalid", "errorMessage": "service: got `wep`, expected one of web"})),
            (Kind::Invalid, "service: got `wep`, expected one of web".to_owned())
        );
        assert_eq!(
            call(json!({"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 60.00 seconds"})),
            (
                Kind::Unavailable,
                "invoke function acme-rollout: Sandbox.Timedout: Task timed out after 60.00 seconds".to_owned()
            )
        );
        assert_eq!(
            call(json!({"errorMessage": "Task timed out after 60.00 seconds"})),
            (Kind::Unavailable, "invoke function acme-rollout: Task timed out after 60.00 seconds".to_owned())
        );
    }
}
