//! AWS Lambda: how functions ask each other.

use std::sync::OnceLock;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::Value;

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Error, Kind, Result};

/// Asks other functions.
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
            let mut config = aws_sdk_lambda::config::Builder::from(self.connection.config());
            config.set_endpoint_url(self.connection.endpoint(Service::Lambda));
            aws_sdk_lambda::Client::from_conf(config.build())
        })
    }

    /// Hands `request` to a function and does not wait for what it does with it; AWS repeats it when that fails.
    ///
    /// Requires `lambda:InvokeFunction`.
    ///
    /// # Errors
    /// `NotFound` when there is no such function, `Denied` when it may not be asked.
    pub async fn ask(&self, function: &str, request: &Value) -> Result<()> {
        let payload = Blob::new(request.to_string());
        let call = self.client().invoke().function_name(function).invocation_type(InvocationType::Event);
        call.payload(payload).send().await.map(drop).map_err(classify).context(|| format!("invoke function {function}"))
    }

    /// Hands `request` to a function and waits for its answer.
    ///
    /// Requires `lambda:InvokeFunction`.
    ///
    /// # Errors
    /// `NotFound` when there is no such function, `Denied` when it may not be asked; the function's own error, by its
    /// `errorType`, when it failed. Shape: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>.
    pub async fn call(&self, function: &str, request: &Value) -> Result<Value> {
        let context = || format!("invoke function {function}");
        let payload = Blob::new(request.to_string());
        let call = self.client().invoke().function_name(function).payload(payload).send();
        let answer = call.await.map_err(classify).context(context)?;
        let body = answer.payload().map(Blob::as_ref).unwrap_or_default();
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| Error::new(Kind::Unavailable, "read the answer").with_source(error).context(context()))?;
        if answer.function_error().is_none() {
            return Ok(body);
        }
        let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default();
        let kind = Kind::named(text("errorType")).unwrap_or(Kind::Unavailable);
        Err(Error::new(kind, text("errorMessage")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::testing::{Replay, Wire, run};

    #[test]
    fn a_function_is_asked_and_not_waited_for() {
        let wire = Wire::new(vec![(202, json!({}))]);
        run(Functions::new(&wire.connection()).ask("acme-capacity", &json!({"action": "reconcile"}))).unwrap();
        let request = &wire.requests()[0];
        assert!(request.starts_with("POST /2015-03-31/functions/acme-capacity/invocations "), "{request}");
        assert!(request.contains("x-amz-invocation-type: Event\r\n"), "{request}");
        assert!(request.ends_with(r#"{"action":"reconcile"}"#), "{request}");
    }

    #[test]
    fn the_error_of_a_function_keeps_its_kind() {
        let wire = Wire::new(vec![(200, json!({"decisions": []}))]);
        let answer = run(Functions::new(&wire.connection()).call("acme-rollout", &json!({"action": "plan"}))).unwrap();
        assert_eq!(answer, json!({"decisions": []}));
        let failed = json!({"errorType": "throttled", "errorMessage": "service/prod/web: slow down"});
        let wire = Wire::with_header(vec![(200, failed)], "x-amz-function-error: Unhandled");
        let error = run(Functions::new(&wire.connection()).call("acme-rollout", &json!({}))).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (Kind::Throttled, "service/prod/web: slow down"));
    }

    #[test]
    fn a_function_that_is_not_there_is_told_by_its_name() {
        let replay =
            Replay::new(&[(404, json!({"Type": "User", "Code": "ResourceNotFoundException", "Message": "no"}))]);
        let error = run(Functions::new(&replay.connection()).ask("acme-capacity", &json!({}))).unwrap_err();
        assert!(error.to_string().starts_with("invoke function acme-capacity: "), "{error}");
        assert_eq!(error.kind(), Kind::NotFound);
    }
}
