//! The share of its work that one invocation does. What does not fit into a third of its time-out it hands on, as one message
//! in the queue in front of the function: the payload, and what is left of its scope. Each message names fewer items than the
//! one before, so that this ends. What an engineer or an event asks for comes past the queue, and waits for no sweep.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::ledger::Subject;

/// So long an invocation begins items: a third of the time-out that the template gives the functions. Those that wait for
/// their turn to call ECS end within another sixth: [`crate::many::AT_ONCE`] of them, one a second.
pub const BEGINS: Duration = Duration::from_secs(20);

/// What one invocation is to do.
pub(super) struct Share {
    /// What arrived first.
    pub payload: Value,
    /// What others have left of it, as the ledger names it; everything when `None`.
    left: Option<BTreeSet<String>>,
}

impl Share {
    /// All of a payload, or what a message says is left of one.
    ///
    /// # Errors
    /// `Invalid` when such a message does not name what is left.
    pub fn of(mut payload: Value) -> Result<Share> {
        let Some(first) = payload.get_mut("handed_on").map(Value::take) else {
            return Ok(Share { payload, left: None });
        };
        let left = serde_json::from_value(payload["left"].take());
        let left = left.map_err(|error| Error::bad_field("left", error, "a list of subjects"))?;
        Ok(Share { payload: first, left: Some(left) })
    }

    /// Is it what another invocation left?
    pub fn is_rest(&self) -> bool {
        self.left.is_some()
    }

    /// Is it about this subject?
    pub fn includes(&self, subject: &Subject) -> bool {
        self.left.as_ref().is_none_or(|left| left.contains(&subject.to_string()))
    }

    /// The message that hands on what is left.
    pub fn message(&self, left: &[Subject]) -> Value {
        let left: Vec<String> = left.iter().map(Subject::to_string).collect();
        json!({ "handed_on": self.payload, "left": left })
    }
}

/// The end of the time in which an invocation begins something.
pub(super) struct End(RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>);

impl End {
    /// At the end of `sleep`.
    pub fn after(sleep: impl Future<Output = ()> + 'static) -> End {
        End(RefCell::new(Some(Box::pin(sleep))))
    }

    /// Waits for it.
    pub async fn comes(&self) {
        poll_fn(|context| {
            let mut sleep = self.0.borrow_mut();
            let over = sleep.as_mut().is_none_or(|sleep| sleep.as_mut().poll(context).is_ready());
            if !over {
                return Poll::Pending;
            }
            *sleep = None;
            Poll::Ready(())
        })
        .await;
    }

    /// Has it come?
    pub fn has_come(&self) -> bool {
        self.comes().now_or_never().is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;
    use planner::model::ServiceId;

    fn service(name: &str) -> Subject {
        Subject::Service(ServiceId { cluster: "prod".into(), name: name.into() })
    }

    #[test]
    fn what_is_left_of_a_payload_comes_back_as_that_payload_about_fewer() {
        let tick = json!({"action": "reconcile", "at": "2026-11-21T10:00:00Z"});
        let all = Share::of(tick.clone()).unwrap();
        assert!(!all.is_rest() && all.includes(&service("web")));
        let rest = Share::of(all.message(&[service("web")])).unwrap();
        assert_eq!((rest.is_rest(), &rest.payload), (true, &tick));
        assert!(rest.includes(&service("web")) && !rest.includes(&service("jobs")));
        let last = rest.message(&[]);
        assert_eq!(last, json!({"handed_on": tick, "left": []}));
    }

    #[test]
    fn a_message_that_names_nothing_is_refused() {
        let error = Share::of(json!({"handed_on": {"action": "reconcile"}})).err().unwrap();
        assert!(error.to_string().starts_with("left: got"), "{error}");
    }

    #[test]
    fn the_end_comes_once_and_stays() {
        let over = Rc::new(Cell::new(false));
        let seen = Rc::clone(&over);
        let end = End::after(poll_fn(move |_| if seen.take() { Poll::Ready(()) } else { Poll::Pending }));
        assert!(!end.has_come() && !end.has_come());
        over.set(true);
        assert!(end.has_come() && end.has_come());
    }
}
