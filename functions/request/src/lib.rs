//! The one place that requests go to.
//!
//! A request is `{action, id?, service?|alarm?|budget?, by, reason?, at?, ...}`. Its action and what it is about decide which
//! functions it reaches ([`shared::runtime::actions`]); the answer is theirs. An unknown action is refused with all that are
//! known, an event is refused too: it reaches the functions by a rule of its own.

use jiff::Timestamp;
use serde_json::Value;
use shared::Result;
use shared::aws::Connection;
use shared::env::Env;
use shared::runtime::Peers;
use shared::runtime::lambda::Handler;

/// The request function: it knows the other functions, and nothing of what they do.
#[derive(Debug)]
pub struct Requests {
    peers: Peers,
}

impl Handler for Requests {
    /// Engineers send requests; who does not wait for the answer finds the refusal in the log.
    const ANSWER_IS_READ: bool = true;

    fn start(env: &Env<'_>, connection: &Connection) -> Result<Requests> {
        Ok(Requests { peers: Peers::all(env, connection)? })
    }

    /// It has no documents, and only a request says which functions it is for.
    async fn init(&self, _: Timestamp) -> Result<()> {
        Ok(())
    }

    async fn handle(&self, payload: Value, _: Timestamp) -> Result<Value> {
        self.peers.answer(payload).await
    }
}
