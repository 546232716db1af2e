//! Requests and answers as the JSON they are on the wire.
//!
//! A typed struct drops fields that are newer than the SDK. Copying a task definition must not, so its answer is kept
//! as it came, and its request is replaced after the SDK wrote it, and before it is signed.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;

use crate::error::{Error, Kind, Result};

/// Keeps the body of the last answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer(Arc<Mutex<Vec<u8>>>);

impl Answer {
    /// The answer as JSON.
    ///
    /// # Errors
    /// `Unavailable` when the answer is none.
    pub(super) fn json(&self) -> Result<Value> {
        json(&self.text())
    }

    /// The answer as it came.
    pub(super) fn text(&self) -> Vec<u8> {
        self.0.lock().map(|body| body.clone()).unwrap_or_default()
    }
}

/// An answer as JSON.
///
/// # Errors
/// `Unavailable` when it is none.
pub(super) fn json(text: &[u8]) -> Result<Value> {
    serde_json::from_slice(text)
        .map_err(|error| Error::new(Kind::Unavailable, "read the answer of ECS").with_source(error))
}

impl Intercept for Answer {
    fn name(&self) -> &'static str {
        "Answer"
    }

    // Not before the SDK has read it: until then the body is a stream, without bytes to look at.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        let bytes = context.response().body().bytes().unwrap_or_default();
        if let Ok(mut body) = self.0.lock() {
            *body = bytes.to_vec();
        }
        Ok(())
    }
}

/// Sends this body instead of what the SDK wrote.
#[derive(Debug)]
pub(super) struct Body(String);

impl Body {
    /// The body is `request`, as it stands.
    pub(super) fn new(request: &Value) -> Body {
        Body(request.to_string())
    }
}

impl Intercept for Body {
    fn name(&self) -> &'static str {
        "Body"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> std::result::Result<(), BoxError> {
        let request = context.request_mut();
        request.headers_mut().insert("content-length", self.0.len().to_string());
        *request.body_mut() = SdkBody::from(self.0.as_str());
        Ok(())
    }
}
