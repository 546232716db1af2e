//! What an invocation may change, and at which moment it decides.

use jiff::{SignedDuration, Timestamp};
use planner::model::format_duration;

use super::payload::Payload;
use crate::error::{Error, Result};

/// What an invocation may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything that is decided.
    Act,
    /// Nothing, and decisions are logged; alarm messages are still sent. Set by `DRY_RUN`.
    DryRun,
    /// Nothing at all: a request `plan`.
    Plan,
}

/// What a function reads from a payload.
#[derive(Debug, PartialEq)]
pub enum Received<T> {
    /// Something to act on.
    Trigger(T),
    /// Nothing for this function, and why.
    Ignored(String),
}

/// The moment at which something is decided: when the payload is meant to be handled, where that is shortly ahead of the
/// clock.
///
/// EventBridge Scheduler may be early, and the edge of a window is then still that edge. What is behind was delivered
/// late, and the clock counts: yesterday's scheduled downtime does not come back. A `plan` may be about any moment.
///
/// # Errors
/// `Invalid` when a request that acts is for a later time: it would act now, in a state that is not yet.
pub fn moment(payload: &Payload, clock: Timestamp, max_clock_skew: SignedDuration) -> Result<Timestamp> {
    let Some(at) = payload.at() else { return Ok(clock) };
    let is_ahead = at.duration_since(clock) > max_clock_skew;
    match payload {
        _ if payload.is_plan() => Ok(at),
        Payload::Request(_) if is_ahead => {
            let most = format_duration(max_clock_skew);
            let expected = format!("at most {most} ahead of the clock; only `plan` answers for another time");
            Err(Error::bad_field("at", at, &expected))
        }
        Payload::Event(_) | Payload::Notifications(_) if is_ahead => Ok(clock),
        Payload::Event(_) | Payload::Request(_) | Payload::Notifications(_) => Ok(at.max(clock)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CLOCK: &str = "2026-11-21T10:00:00Z";

    fn decided(payload: Value) -> Result<String> {
        let payload = Payload::parse(payload).unwrap();
        moment(&payload, CLOCK.parse().unwrap(), SignedDuration::from_mins(2)).map(|at| at.to_string())
    }

    fn request(action: &str, at: &str) -> Value {
        json!({"action": action, "service": "web", "by": "anna", "at": at})
    }

    #[test]
    fn what_is_early_is_decided_at_its_time_and_what_is_late_by_the_clock() {
        assert_eq!(decided(request("sleep", "2026-11-21T10:00:20Z")).unwrap(), "2026-11-21T10:00:20Z");
        assert_eq!(decided(request("sleep", "2026-11-21T09:00:00Z")).unwrap(), CLOCK);
        assert_eq!(decided(json!({"action": "reconcile"})).unwrap(), CLOCK);
    }

    #[test]
    fn only_a_plan_is_about_another_time() {
        assert_eq!(decided(request("plan", "2026-12-24T22:00:00Z")).unwrap(), "2026-12-24T22:00:00Z");
        for action in ["sleep", "reconcile"] {
            let error = decided(request(action, "2026-12-24T22:00:00Z")).unwrap_err().to_string();
            let expected = "at: got `2026-12-24T22:00:00Z`, expected at most 2 min ahead of the clock; only `plan` answers for another time";
            assert_eq!(error, expected);
        }
    }

    /// Two minutes do no harm: a period, an override or a digest that begins so early is the one that begins anyway.
    #[test]
    fn what_acts_is_never_decided_more_than_two_minutes_ahead() {
        assert_eq!(decided(request("wake", "2026-11-21T10:02:00Z")).unwrap(), "2026-11-21T10:02:00Z");
        for action in ["wake", "sleep", "reconcile"] {
            assert!(decided(request(action, "2026-11-21T10:02:01Z")).is_err(), "{action}");
        }
        let sns =
            json!({"Records": [{"Sns": {"MessageId": "m", "Message": "x", "Timestamp": "2027-01-01T00:00:00Z"}}]});
        assert_eq!(decided(sns).unwrap(), CLOCK);
    }

    #[test]
    fn an_event_of_a_later_time_is_decided_by_the_clock() {
        let event = json!({"source": "aws.ecs", "detail-type": "x", "time": "2027-01-01T00:00:00Z", "resources": [], "detail": {}});
        assert_eq!(decided(event).unwrap(), CLOCK);
    }
}
