//! AWS Lambda: the other functions of the automation.

use std::sync::OnceLock;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::Value;

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Error, Kind, Result};

/// Hands requests to other functions.
///
/// Its client is built on first use: most invocations ask nobody for anything.
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

    /// Puts `request` into the queue of `function`, which answers it when it gets to it; its answer is not waited for.
    ///
    /// Requires `lambda:InvokeFunction`.
    ///
    /// # Errors
    /// `NotFound` when there is no such function.
    pub async fn ask(&self, function: &str, request: &Value) -> Result<()> {
        let context = || format!("ask function {function}");
        let payload = Blob::new(request.to_string().into_bytes());
        let call = self.client().invoke().function_name(function).payload(payload);
        let call = call.invocation_type(InvocationType::Event);
        let answer = call.send().await.map_err(classify).context(context)?;
        match answer.status_code() {
            202 => Ok(()),
            other => Err(Error::new(Kind::Unavailable, format!("answered {other} instead of 202"))).context(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::testing::{Replay, Wire, run};

    #[test]
    fn a_request_is_queued_and_its_answer_not_waited_for() {
        let wire = Wire::new(vec![(202, json!({}))]);
        run(Functions::new(&wire.connection()).ask("acme-schedule", &json!({"action": "reconcile"}))).unwrap();
        let sent = wire.requests().remove(0);
        assert!(sent.starts_with("POST /2015-03-31/functions/acme-schedule/invocations "), "{sent}");
        assert!(sent.contains("x-amz-invocation-type: Event"), "{sent}");
        assert!(sent.ends_with(r#"{"action":"reconcile"}"#), "{sent}");
    }

    #[test]
    fn a_function_that_is_not_there_is_told_by_name() {
        let replay = Replay::new(&[(404, json!({"__type": "ResourceNotFoundException", "Message": "no"}))]);
        let error = run(Functions::new(&replay.connection()).ask("gone", &json!({}))).unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(error.to_string().starts_with("ask function gone: ResourceNotFoundException"), "{error}");
    }
}
