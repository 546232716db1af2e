//! A request with an `id` takes effect once, however often it is delivered: who sent it may send it again when the answer
//! was lost, and is then answered with what came of it.
//!
//! The id is kept beside the keys of announced messages, in the same write as what the request changes, and with the time of
//! the invocation: the history has under that time what was done.

use jiff::Timestamp;
use planner::model::format_time;

use super::payload::Payload;
use super::report::{Line, Outcome};
use crate::error::Result;
use crate::ledger::{Entry, Subject};

/// The request of an invocation, as an item remembers it; nothing for one that has no id or only looks.
#[derive(Debug, Default)]
pub struct RequestId {
    key: Option<String>,
    at: Timestamp,
}

impl RequestId {
    /// Reads the id of a request that is decided at `at`. An action is part of it, so that one id may name all requests of an
    /// incident.
    ///
    /// # Errors
    /// `Invalid` when the action is unknown.
    pub(super) fn of(payload: &Payload, at: Timestamp) -> Result<RequestId> {
        let Payload::Request(request) = payload else { return Ok(RequestId::default()) };
        let changes = request.known()?.changes;
        let key = |id: &String| format!("request/{}/{id}", request.action);
        Ok(RequestId { key: request.id.as_ref().filter(|_| changes).map(key), at })
    }

    /// Has the item answered it before? Then nothing is left to be done, and the line says what came of it, as long as the
    /// history has it.
    pub(super) fn answered<T>(&self, subject: &Subject, entry: &Entry<T>) -> Option<Line> {
        let key = self.key.as_ref()?;
        let answered = |known: &String| known.split_once('/').filter(|(_, own)| own == key)?.0.parse().ok();
        let at: Timestamp = entry.announced_keys.iter().find_map(answered)?;
        // The oldest of that invocation: what followed from it was decided by the ordinary rules.
        let first = entry.history.iter().rev().find(|event| event.at == at);
        let outcome = first.map(|event| format!(": {} ({}): {}", event.action, event.reason_label, event.reason));
        let why = format!(
            "this request was answered at {}{}; a request with another id takes effect again",
            format_time(at),
            outcome.unwrap_or_default()
        );
        Some(Line::new(subject.clone(), ("keep", "request_answered"), why, Outcome::Unchanged))
    }

    /// Whatever is written from now on says that the request was answered.
    pub(super) fn mark<T>(&self, entry: &mut Entry<T>) {
        if let Some(mark) = self.mark_of() {
            entry.mark_announced(mark);
        }
    }

    /// Nothing was written: what is written from now on is something else.
    pub(super) fn unmark<T>(&self, entry: &mut Entry<T>) {
        let mark = self.mark_of();
        entry.announced_keys.retain(|key| Some(key) != mark.as_ref());
    }

    fn mark_of(&self) -> Option<String> {
        self.key.as_ref().map(|key| format!("{}/{key}", self.at))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use planner::rollout::Action;
    use serde_json::{Value, json};

    use super::*;

    fn id_of(request: Value) -> RequestId {
        RequestId::of(&Payload::parse(request).unwrap(), "2026-11-21T10:00:00.5Z".parse().unwrap()).unwrap()
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
    fn a_request_that_was_answered_is_answered_with_what_came_of_it() {
        let restart = json!({"action": "restart", "id": "r/1", "service": "web", "by": "anna"});
        let (first, mut entry) = (id_of(restart.clone()), Entry::<()>::default());
        let why = |label, reason: &str| (label, reason.to_owned());
        first.mark(&mut entry);
        entry.record_event(first.at, &Action::Keep, why("cooling_down", "last restarted a moment ago"));
        entry.record_event(first.at, &Action::Keep, why("verified", "what followed"));
        let again = RequestId { at: first.at + SignedDuration::from_mins(5), ..id_of(restart) };
        let answer = |entry: &Entry<()>| again.answered(&Subject::System("acme".into()), entry).unwrap().why;
        let said = "this request was answered at 2026-11-21 10:00 UTC: keep (cooling_down): last restarted a moment ago; a \
                    request with another id takes effect again";
        assert_eq!(answer(&entry), said);
        entry.history.clear();
        let said = "this request was answered at 2026-11-21 10:00 UTC; a request with another id takes effect again";
        assert_eq!(answer(&entry), said);
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
