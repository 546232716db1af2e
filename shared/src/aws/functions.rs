//! AWS Lambda: how functions ask each other.

use std::sync::OnceLock;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::Value;

use super::connection::{Connection, Service};
use super::error::classify;
use crate::error::{Context, Result};

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
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::testing::{Replay, Wire, run};
    use crate::error::Kind;

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
    fn a_function_that_is_not_there_is_reported_with_its_name() {
        let replay =
            Replay::new(&[(404, json!({"Type": "User", "Code": "ResourceNotFoundException", "Message": "no"}))]);
        let error = run(Functions::new(&replay.connection()).ask("acme-capacity", &json!({}))).unwrap_err();
        assert!(error.to_string().starts_with("invoke function acme-capacity: "), "{error}");
        assert_eq!(error.kind(), Kind::NotFound);
    }
}
