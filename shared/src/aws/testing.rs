//! A connection whose answers are written down, for the gateways' own tests.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use super::Connection;
use crate::env::Env;

/// Answers requests in order, and keeps them.
pub(super) struct Replay(StaticReplayClient);

impl Replay {
    /// Each answer is an HTTP status and a body.
    pub(super) fn new(answers: &[(u16, Value)]) -> Replay {
        let texts: Vec<(u16, String)> = answers.iter().map(|(status, body)| (*status, body.to_string())).collect();
        Replay::texts(&texts)
    }

    /// The same with bodies that are no JSON.
    pub(super) fn texts(answers: &[(u16, String)]) -> Replay {
        let event = |(status, body): &(u16, String)| {
            let request = http::Request::builder().uri("https://unused").body(SdkBody::empty()).unwrap();
            let answer = http::Response::builder().status(*status).body(SdkBody::from(body.as_str())).unwrap();
            ReplayEvent::new(request, answer)
        };
        Replay(StaticReplayClient::new(answers.iter().map(event).collect()))
    }

    pub(super) fn connection(&self) -> Connection {
        let env = Env::over(|name| (name == "AWS_REGION").then(|| "eu-central-1".to_owned()));
        let credentials = SharedCredentialsProvider::new(Credentials::new("id", "secret", None, None, "test"));
        Connection::over(&env, SharedHttpClient::new(self.0.clone()), credentials).unwrap()
    }

    /// The bodies that were sent, as JSON.
    pub(super) fn sent(&self) -> Vec<Value> {
        self.bodies().iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    }

    pub(super) fn bodies(&self) -> Vec<String> {
        let text = |body: Option<&[u8]>| String::from_utf8(body.unwrap_or_default().to_vec()).unwrap();
        self.0.actual_requests().map(|request| text(request.body().bytes())).collect()
    }
}

/// Runs a gateway's future.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
