//! Finds the planned change that explains an alarm.

use jiff::{SignedDuration, Timestamp};

use super::disturbance::disturbance;
use super::explanation::Explanation;
use super::observed::ObservedService;
use super::policy::AlarmPolicy;
use super::record::Record;
use crate::capacity;
use crate::rollout::Rollout;

/// A start is announced as late this long after its deadline at the latest: two ticks of the capacity function.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// What explains at `now` that the alarm is in ALARM, if anything does.
pub fn explain(
    policy: &AlarmPolicy,
    service: Option<&ObservedService<'_>>,
    record: &Record,
    now: Timestamp,
) -> Option<Explanation> {
    let suppression = record.last_change.as_ref().and_then(|change| change.suppression.as_ref());
    let muted = suppression.filter(|muted| muted.until.is_none_or(|until| until > now));
    // A mute rule of the scheduled downtime knows the clock only; what the service is meant to run is decided below.
    if let Some(muted) = muted.filter(|muted| !policy.is_downtime_mute(muted)) {
        return Some(Explanation::Muted { by: muted.by.clone(), until: muted.until });
    }
    if let Some(explained) = service.and_then(|service| downtime(service, now)) {
        return Some(explained);
    }
    if let Some(until) = service.and_then(|service| rollout_grace_end(service, policy, now)) {
        return Some(Explanation::Rollout { until });
    }
    if let Some((explained, _)) = service.and_then(|service| disturbance(service, policy.grace(), now)) {
        return Some(explained);
    }
    let update = record.stack_update_within(policy.grace(), now).filter(|_| policy.grace_minutes > 0)?;
    Some(Explanation::StackUpdate { at: update.at })
}

/// Is the service meant to run no tasks, or was it until a moment ago?
fn downtime(service: &ObservedService<'_>, now: Timestamp) -> Option<Explanation> {
    let (observed, record) = (service.observed, &service.observed.capacity);
    let capacity = capacity::Observed {
        desired: observed.desired,
        started: observed.desired > 0 || observed.rollout.has_started() || record.has_decided(),
        ..capacity::Observed::default()
    };
    let decision = capacity::plan(&service.policy.capacity(), &service.facts(), &capacity, now);
    if decision.reason == capacity::Reason::NotStarted {
        return Some(Explanation::NotStarted);
    }
    let scaled_to_zero = || Some(Explanation::ScaledToZero { reason: decision.reason.to_string() });
    match (decision.target(&capacity), record.state) {
        (Some(capacity::Target::ScaledToZero), _) => scaled_to_zero(),
        // The capacity planner decides nothing (freeze, hold), so what it did before counts. A service that ran and that another
        // caller has scaled to zero is down.
        (None, None | Some(capacity::State::Draining { .. } | capacity::State::ScaledToZero { .. }))
            if observed.desired == 0 =>
        {
            scaled_to_zero()
        }
        // Once a late start was announced, alarms are announced too; under a freeze or hold that does not come.
        (_, Some(capacity::State::Starting { announced: false, until, .. })) if now < until + LATE => {
            Some(Explanation::Starting)
        }
        // The next tick follows the start, and does not while the capacity planner decides nothing.
        (Some(_), Some(capacity::State::ScaledToZero { .. })) if observed.running == 0 => Some(Explanation::Starting),
        _ => None,
    }
}

/// End of the grace period of the newest rollout, while it lasts.
fn rollout_grace_end(service: &ObservedService<'_>, policy: &AlarmPolicy, now: Timestamp) -> Option<Timestamp> {
    let record = &service.observed.rollout;
    // Before it has updated the service it replaces no task, however often it is claimed again.
    let rollout = record.rollout.as_ref().and_then(Rollout::at_the_service);
    let updated = rollout.and_then(|rollout| rollout.updated_at());
    let until = updated.max(record.current().map(|release| release.at))? + policy.grace();
    (until > now).then_some(until)
}
