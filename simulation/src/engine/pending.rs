//! What has begun and not ended: invocations, and their calls and answers.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use super::port::Reply;
use super::process::{Outcome, Process};
use crate::wire::Request;
use crate::world::QueueMessage;

/// A call on its way.
pub(super) struct Call {
    pub(super) invocation: u64,
    pub(super) request: Request,
    pub(super) reply: Reply,
}

/// An answer on its way.
pub(super) struct Delivered {
    pub(super) response: HttpResponse,
    pub(super) reply: Reply,
}

/// An invocation that has begun and not ended.
pub(super) struct Invocation {
    pub(super) process: Process,
    pub(super) future: LocalBoxFuture<'static, Outcome>,
    pub(super) payload: Value,
    pub(super) origin: Origin,
    /// Calls that are never answered.
    pub(super) waiting: Vec<Reply>,
}

/// Who invoked a function, and what becomes of its result.
pub(super) enum Origin {
    /// An event: repeated when it fails.
    Event { id: String, accepted: Timestamp, attempt: i64 },
    /// Another function that waits for the answer.
    Waited { caller: u64, request: Box<Request>, reply: Reply, is_read: bool },
    /// Messages of a queue, which stay in it unless they were dealt with.
    Queue { queue: usize, messages: Vec<QueueMessage>, partial: bool },
    /// A person that waits for the answer, which the journal has.
    Person,
}
