//! A request with an `id` takes effect once, however often it is delivered: who sent it may send it again when the answer
//! was lost.
//!
//! The id is kept beside the keys of announced messages, in the same write as what the request changes.

use super::payload::Payload;
use super::report::{Line, Outcome};
use crate::error::Result;
use crate::ledger::{Entry, Subject};

/// The request of an invocation, as an item remembers it; nothing for one that has no id or only looks.
#[derive(Debug, Default)]
pub struct RequestId {
    key: Option<String>,
}

impl RequestId {
    /// Reads the id. An action is part of it, so that one id may name all requests of an incident.
    ///
    /// # Errors
    /// `Invalid` when the action is unknown.
    pub(super) fn of(payload: &Payload) -> Result<RequestId> {
        let Payload::Request(request) = payload else { return Ok(RequestId::default()) };
        let changes = request.known()?.changes;
        let key = |id: &String| format!("request/{}/{id}", request.action);
        Ok(RequestId { key: request.id.as_ref().filter(|_| changes).map(key) })
    }

    /// Has the item answered it before? Then nothing is left to be done, and the line says so.
    pub(super) fn answered<T>(&self, subject: &Subject, entry: &Entry<T>) -> Option<Line> {
        self.key.as_ref().filter(|key| entry.announced_keys.contains(key))?;
        let why = "this request was answered before; a request with another id takes effect again";
        Some(Line::new(subject.clone(), ("keep", "request_answered"), why, Outcome::Unchanged))
    }

    /// Whatever is written from now on says that the request was answered.
    pub(super) fn mark<T>(&self, entry: &mut Entry<T>) {
        if let Some(key) = &self.key {
            entry.mark_announced(key.clone());
        }
    }

    /// Nothing was written: what is written from now on is something else.
    pub(super) fn unmark<T>(&self, entry: &mut Entry<T>) {
        entry.announced_keys.retain(|key| Some(key) != self.key.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn id_of(request: Value) -> RequestId {
        RequestId::of(&Payload::parse(request).unwrap()).unwrap()
    }

    fn is_answered(id: &RequestId, entry: &Entry<()>) -> bool {
        id.answered(&Subject::System("acme".into()), entry).is_some()
    }

    #[test]
    fn an_id_names_one_request_of_an_action() {
        let restart = |id: &str| id_of(json!({"action": "restart", "id": id, "service": "web", "by": "anna"}));
        let mut entry = Entry::<()>::default();
        assert!(!is_answered(&restart("r-1"), &entry));
        restart("r-1").mark(&mut entry);
        assert!(is_answered(&restart("r-1"), &entry));
        assert!(!is_answered(&restart("r-2"), &entry));
        let digest = id_of(json!({"action": "digest", "id": "r-1"}));
        digest.mark(&mut entry);
        assert!(is_answered(&digest, &entry), "it need not say who asks, and is sent once");
        let rollback = id_of(json!({"action": "rollback", "id": "r-1", "service": "web", "by": "anna"}));
        assert!(!is_answered(&rollback, &entry));
        restart("r-1").unmark(&mut entry);
        assert!(!is_answered(&restart("r-1"), &entry));
    }

    #[test]
    fn what_has_no_id_or_only_looks_is_never_answered_before() {
        for request in [
            json!({"action": "restart", "service": "web", "by": "anna"}),
            json!({"action": "plan", "id": "r-1", "service": "web"}),
            json!({"action": "reconcile", "id": "r-1"}),
        ] {
            let mut entry = Entry::<()>::default();
            id_of(request.clone()).mark(&mut entry);
            assert!(entry.announced_keys.is_empty() && !is_answered(&id_of(request.clone()), &entry), "{request}");
        }
    }
}
