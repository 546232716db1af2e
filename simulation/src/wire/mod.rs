//! Requests as the SDK sends them, answers as it reads them.
//!
//! Each service has its own protocol: <https://smithy.io/2.0/aws/protocols/index.html>. Endpoints are `http://<service>.model`, so the
//! host says which service is meant.

mod answer;
mod cbor;
mod request;

use std::fmt;

pub use answer::response;
pub use request::{HOSTS, Request, read, writes};

/// An error as a service answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status.
    pub status: u16,
    /// The error's name in the service's model: `ServiceNotFoundException`.
    pub code: String,
    /// Its sentence.
    pub message: String,
    /// Further fields of the error, as `ConditionalCheckFailedException` has the item.
    pub more: Box<serde_json::Value>,
}

impl Failure {
    /// An error that is the caller's, status 400.
    pub fn new(code: &str, message: impl Into<String>) -> Failure {
        Failure { status: 400, code: code.to_owned(), message: message.into(), more: Box::default() }
    }

    /// The same with another status.
    pub fn with_status(self, status: u16) -> Failure {
        Failure { status, ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.message)
    }
}

/// What a service answers.
pub type Answer = Result<serde_json::Value, Failure>;
