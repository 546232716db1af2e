//! A connection whose answers are written down, for the gateways' own tests.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_cbor::Encoder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use super::Connection;
use super::connection::http_client;
use crate::env::Env;

/// Answers requests in order, and keeps them.
#[derive(Clone, Debug)]
pub(crate) struct Replay(Arc<Mutex<Tape>>);

#[derive(Debug)]
struct Tape {
    answers: VecDeque<Answer>,
    /// Address and body of each request.
    requests: Vec<(String, String)>,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
}

impl Replay {
    /// Each answer is an HTTP status and a body.
    pub(crate) fn new(answers: &[(u16, Value)]) -> Replay {
        let texts: Vec<(u16, String)> = answers.iter().map(|(status, body)| (*status, body.to_string())).collect();
        Replay::texts(&texts)
    }

    /// The same with bodies that are no JSON.
    pub(crate) fn texts(answers: &[(u16, String)]) -> Replay {
        let replay = Replay(Arc::new(Mutex::new(Tape { answers: VecDeque::new(), requests: Vec::new() })));
        answers.iter().fold(replay, |replay, (status, body)| replay.then(*status, &[], body.as_bytes()))
    }

    /// Each answer is that of a Lambda function, or its error.
    pub(crate) fn functions(answers: &[Result<Value, Value>]) -> Replay {
        answers.iter().fold(Replay::new(&[]), |replay, answer| match answer {
            Ok(body) => replay.then(200, &[], body.to_string()),
            Err(body) => replay.then(200, &[("x-amz-function-error", "Unhandled")], body.to_string()),
        })
    }

    /// One more answer, with headers.
    pub(crate) fn then(self, status: u16, headers: &[(&'static str, &'static str)], body: impl AsRef<[u8]>) -> Replay {
        let answer = Answer { status, headers: headers.to_vec(), body: body.as_ref().to_vec() };
        self.0.lock().unwrap().answers.push_back(answer);
        self
    }

    pub(crate) fn connection(&self) -> Connection {
        let env = Env::over(|name| (name == "AWS_REGION").then(|| "eu-central-1".to_owned()));
        let credentials = SharedCredentialsProvider::new(Credentials::new("id", "secret", None, None, "test"));
        Connection::over(&env, SharedHttpClient::new(self.clone()), credentials).unwrap()
    }

    /// The bodies that were sent, as JSON.
    pub(crate) fn sent(&self) -> Vec<Value> {
        self.bodies().iter().map(|body| serde_json::from_str(body).unwrap()).collect()
    }

    /// Where requests went.
    pub(crate) fn uris(&self) -> Vec<String> {
        self.0.lock().unwrap().requests.iter().map(|(uri, _)| uri.clone()).collect()
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        self.0.lock().unwrap().requests.iter().map(|(_, body)| body.clone()).collect()
    }
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut tape = self.0.lock().unwrap();
        // Not all of them are texts.
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        tape.requests.push((request.uri().to_owned(), body));
        let answer = tape.answers.pop_front();
        HttpConnectorFuture::ready(match answer {
            Some(answer) => {
                let status = StatusCode::try_from(answer.status).unwrap();
                let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
                for (name, value) in answer.headers {
                    response.headers_mut().insert(name, value);
                }
                Ok(response)
            }
            None => Err(ConnectorError::other("no answer is left for this request".into(), None)),
        })
    }
}

impl HttpClient for Replay {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// A JSON value as CBOR; a number under a key that ends with `Timestamp` is a time.
pub(crate) fn cbor(value: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encode(&mut encoder, value);
    encoder.into_writer()
}

fn encode(encoder: &mut Encoder, value: &Value) {
    match value {
        Value::Null => drop(encoder.null()),
        Value::Bool(value) => drop(encoder.boolean(*value)),
        Value::Number(number) => drop(encoder.long(number.as_i64().unwrap())),
        Value::String(text) => drop(encoder.str(text)),
        Value::Array(values) => {
            encoder.array(values.len());
            values.iter().for_each(|value| encode(encoder, value));
        }
        Value::Object(fields) => {
            encoder.map(fields.len());
            for (name, value) in fields {
                encoder.str(name);
                match value.as_i64().filter(|_| name.ends_with("Timestamp")) {
                    Some(seconds) => drop(encoder.timestamp(&DateTime::from_secs(seconds))),
                    None => encode(encoder, value),
                }
            }
        }
    }
}

/// Runs a gateway's future.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Answers over a real socket, where a body arrives as a stream: what is true of [`Replay`] need not be true there.
pub(crate) struct Wire {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Wire {
    /// Each answer is an HTTP status and a body, in order; one connection serves them all.
    pub(crate) fn new(answers: Vec<(u16, Value)>) -> Wire {
        Wire::answering(answers.into_iter().map(|(status, body)| (Duration::ZERO, status, body)).collect())
    }

    /// Each answer is how long it takes, an HTTP status and a body.
    // A slow service is one that sleeps.
    #[allow(clippy::disallowed_methods)]
    pub(crate) fn answering(answers: Vec<(Duration, u16, Value)>) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        // Ends with the process or with the client's connection, whichever is first.
        std::thread::spawn(move || {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            for (delay, status, body) in answers {
                let (head, length) = head(&mut stream);
                let mut sent = vec![0; length];
                stream.read_exact(&mut sent).unwrap();
                kept.lock().unwrap().push(head + &String::from_utf8(sent).unwrap());
                let body = body.to_string();
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                std::thread::sleep(delay);
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        Wire { url, requests }
    }

    pub(crate) fn connection(&self) -> Connection {
        let env = Env::over(|name| match name {
            "AWS_REGION" => Some("eu-central-1".to_owned()),
            "AWS_ENDPOINT_URL" => Some(self.url.clone()),
            _ => None,
        });
        let credentials = SharedCredentialsProvider::new(Credentials::new("id", "secret", None, None, "test"));
        Connection::over(&env, http_client(None).unwrap(), credentials).unwrap()
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Head and body of each request.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// The head of a request, header names in lower case as they are sent, and the length of the body behind it.
fn head(stream: &mut impl BufRead) -> (String, usize) {
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let start = head.len();
        assert!(stream.read_line(&mut head).unwrap() > 0, "the client closed the connection");
        if let Some(value) = head[start..].strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
    }
    (head, length)
}
