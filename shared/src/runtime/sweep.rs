//! One sweep over a large fleet at a time. Two of them would use the same documented rates up, and each be throttled for it.
//!
//! A sweep is what a schedule asks for: a look at everything. The first to begin leaves a mark in the ledger; one that begins
//! meanwhile only asks for another round, which the first hands to itself when it is done: whatever has become due since is seen
//! then. The mark expires, so that an invocation that ended in between holds up nothing for longer than that.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::payload::Payload;
use super::target::Target;
use crate::error::Result;
use crate::ledger::{Entry, Ledger, LedgerRecord, Subject};

/// So many items are swept within seconds, and need no mark: that would be two more round trips.
pub(super) const SMALL: usize = 100;
/// So long a mark holds without being renewed: an invocation, its time-out, and a while in the queue for what is handed on. It
/// has expired at the next tick.
const HOLDS: SignedDuration = SignedDuration::from_mins(3);

/// The mark of the sweep in progress; one item of the ledger for each function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Mark {
    /// Id of the invocation that began it.
    by: Option<String>,
    /// When it expires.
    until: Option<Timestamp>,
    /// Has another sweep begun meanwhile?
    again: bool,
}

impl LedgerRecord for Mark {
    const SORT_KEY: &'static str = "sweep";
}

impl Mark {
    /// Is another sweep than this one in progress? A mark that holds for longer than any that is written is none.
    fn is_of_another(&self, id: &str, now: Timestamp) -> bool {
        let holds = |until: Timestamp| now < until && until.duration_since(now) <= HOLDS + HOLDS;
        self.by.as_deref() != Some(id) && self.until.is_some_and(holds)
    }

    /// The sweep begins or goes on. What the one before left undone, it does.
    fn begin(&mut self, id: &str, now: Timestamp) {
        self.again &= self.by.as_deref() == Some(id);
        self.by = Some(id.to_owned());
        self.until = Some(now + HOLDS);
    }

    /// The sweep is done; true when it is to begin again.
    fn end(&mut self, now: Timestamp) -> bool {
        let again = std::mem::take(&mut self.again);
        *self = match again {
            true => Mark { until: Some(now + HOLDS), ..std::mem::take(self) },
            false => Mark::default(),
        };
        again
    }
}

/// A sweep over a large fleet.
pub(super) struct Sweep {
    /// Of the invocation that began it, of Lambda's retries of that, and of everything that it hands on.
    id: String,
    /// Whose sweep it is.
    subject: Subject,
    /// The time.
    clock: Timestamp,
}

impl Sweep {
    /// What a schedule sent to this function, if it is a look at everything. What a person asks for waits for no other.
    pub fn of(payload: &Payload, function: &str, clock: Timestamp) -> Option<Sweep> {
        let Payload::Request(request) = payload else { return None };
        let scheduled = request.action == "reconcile" && request.by.is_empty() && request.target == Target::Everything;
        let id = request.id.clone().filter(|_| scheduled)?;
        Some(Sweep { id, subject: Subject::System(function.to_owned()), clock })
    }

    /// Begins or goes on; false when another sweep is in progress, which will look at everything again.
    ///
    /// # Errors
    /// What the ledger says.
    pub async fn begin(&self, ledger: &Ledger) -> Result<bool> {
        let change = async |entry: &mut Entry<Mark>| {
            let mark = &mut entry.record;
            if !mark.is_of_another(&self.id, self.clock) {
                mark.begin(&self.id, self.clock);
                return Ok(Some(()));
            }
            Ok((!std::mem::replace(&mut mark.again, true)).then_some(()))
        };
        let (entry, _) = ledger.change::<Mark, ()>(&self.subject, change).await?;
        Ok(entry.record.by.as_deref() == Some(&self.id))
    }

    /// Ends; true when it is to begin again, because another began meanwhile.
    ///
    /// # Errors
    /// What the ledger says.
    pub async fn end(&self, ledger: &Ledger) -> Result<bool> {
        let change = async |entry: &mut Entry<Mark>| {
            let own = entry.record.by.as_deref() == Some(&self.id);
            Ok(own.then(|| entry.record.end(self.clock)))
        };
        let (_, again) = ledger.change::<Mark, bool>(&self.subject, change).await?;
        Ok(again.unwrap_or(false))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SECOND: SignedDuration = SignedDuration::from_secs(1);

    fn now() -> Timestamp {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn held() -> Mark {
        let mut mark = Mark::default();
        mark.begin("a", now());
        mark
    }

    #[test]
    fn only_what_a_schedule_sends_about_everything_is_a_sweep() {
        let is_sweep = |payload: Value| Sweep::of(&Payload::parse(payload).unwrap(), "capacity", now()).is_some();
        assert!(is_sweep(json!({"action": "reconcile", "at": "2026-11-21T10:00:00Z", "id": "i"})));
        for other in [
            json!({"action": "reconcile"}),
            json!({"action": "reconcile", "id": "i", "by": "anna"}),
            json!({"action": "reconcile", "id": "i", "service": "web"}),
            json!({"action": "plan", "id": "i"}),
            json!({"source": "aws.ecs", "detail-type": "x", "detail": {}}),
        ] {
            assert!(!is_sweep(other.clone()), "{other}");
        }
    }

    #[test]
    fn a_sweep_holds_back_others_and_not_itself() {
        let mark = held();
        assert!(mark.is_of_another("b", now()) && !mark.is_of_another("a", now()));
        assert!(!Mark::default().is_of_another("b", now()));
    }

    #[test]
    fn a_mark_that_was_left_behind_expires() {
        let mark = held();
        assert!(mark.is_of_another("b", now() + HOLDS - SECOND));
        assert!(!mark.is_of_another("b", now() + HOLDS));
        let until = Some("2030-01-01T00:00:00Z".parse().unwrap());
        assert!(!Mark { until, ..mark }.is_of_another("b", now()), "whatever its time is");
    }

    #[test]
    fn what_goes_on_renews_its_mark_and_still_knows_who_waits() {
        let mut mark = Mark { again: true, ..held() };
        mark.begin("a", now() + HOLDS);
        assert!(mark.again && mark.is_of_another("b", now() + HOLDS + SECOND));
    }

    #[test]
    fn who_takes_over_looks_at_everything_and_once() {
        let mut mark = Mark { again: true, ..held() };
        mark.begin("b", now() + HOLDS);
        assert!(!mark.again && mark.is_of_another("a", now() + HOLDS));
    }

    #[test]
    fn a_sweep_begins_again_once_for_all_that_have_waited() {
        let mut mark = held();
        mark.again = true;
        assert!(mark.end(now()) && mark.is_of_another("b", now()), "it still holds the mark");
        assert!(!mark.end(now()));
        assert_eq!(mark, Mark::default());
    }
}
