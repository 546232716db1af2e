//! What an event adds to the record.

use jiff::Timestamp;

use super::progress::{Progress, progress};
use crate::rollout::decision::{Action, Decision};
use crate::rollout::handling::Handling;
use crate::rollout::inputs::Inputs;
use crate::rollout::observed::Observed;
use crate::rollout::policy::Policy;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Due, Noted, Postponed, Record, Retirement};

/// What an event says about a service's tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// AWS replaces them from a moment on.
    Retirement(RetirementNotice),
    /// A secret that the current revision reads has changed.
    Secret {
        /// Its name.
        name: String,
        /// When.
        at: Timestamp,
    },
}

/// A retirement as AWS Health announces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetirementNotice {
    /// ARN of the event of AWS Health.
    pub event: String,
    /// When it was announced.
    pub at: Timestamp,
    /// From when on AWS replaces the tasks.
    pub starts_at: Timestamp,
    /// Is the event closed: is nothing replaced any more?
    pub closed: bool,
}

/// Decides what to record of a notice; `None` when it adds nothing to what is known.
pub fn notice(
    policy: Policy<'_>,
    record: &Record,
    observed: &Observed,
    notice: &Notice,
    now: Timestamp,
) -> Option<Decision> {
    let inputs = &Inputs { policy, record, observed, now };
    match notice {
        Notice::Retirement(notice) => retirement(inputs, notice),
        Notice::Secret { name, at } => secret(inputs, name, *at),
    }
}

/// AWS Health sends an event again when something about it changes, with the same ARN.
fn retirement(inputs: &Inputs<'_>, notice: &RetirementNotice) -> Option<Decision> {
    let RetirementNotice { event, at, starts_at, closed } = notice;
    let mut due = inputs.record.due.clone();
    let known = due.retirements.iter().find(|known| known.event == *event).cloned();
    let announced_at = known.as_ref().map_or(*at, |known| known.announced_at);
    match known {
        Some(known) if known.over || (known.starts_at == *starts_at && !closed) => return None,
        None if *closed => return None,
        _ => {}
    }
    let handling = Handling::of(&inputs.policy, *starts_at, inputs.now);
    let replaced = progress(inputs, announced_at) == Progress::Replaced;
    let over = *closed || replaced || *starts_at <= inputs.now;
    let promised = !over && handling.is_promise();
    due.put(Retirement { event: event.clone(), announced_at, starts_at: *starts_at, promised, over });
    let starts_at = *starts_at;
    let reason = match (replaced, closed) {
        (false, false) => Reason::RetirementAnnounced { starts_at, handling },
        _ => Reason::RetirementOver { starts_at },
    };
    Some(Decision { action: Action::Note(Noted { due: Some(due), ..Noted::default() }), reason })
}

/// Tasks that were created later have read the new value. A release that the environment prevented is tried again: the
/// secret may have been the cause.
fn secret(inputs: &Inputs<'_>, name: &str, at: Timestamp) -> Option<Decision> {
    let Inputs { policy, record, now, .. } = inputs;
    let known =
        record.due.secrets.as_ref().is_some_and(|known| known.at >= at && known.names.iter().any(|n| n == name));
    let due =
        (policy.rollout.restart_on_secret_change && !known && progress(inputs, at) == Progress::NotBegun).then(|| {
            let mut due: Due = record.due.clone();
            // What has changed before is in the tasks that a restart has begun to start.
            due.secrets.take_if(|known| progress(inputs, known.at) != Progress::NotBegun);
            due.add_secret(name, at);
            due
        });
    let waiting = record.postponed.as_ref().filter(|waiting| waiting.until > *now && waiting.since < at);
    let postponed = waiting.map(|waiting| Postponed { until: *now, ..waiting.clone() });
    if due.is_none() && postponed.is_none() {
        return None;
    }
    let reason = Reason::SecretChanged { name: name.to_owned(), restart: due.is_some(), retry: postponed.is_some() };
    Some(Decision { action: Action::Note(Noted { due, postponed, ..Noted::default() }), reason })
}
