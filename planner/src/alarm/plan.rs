//! The state machine of one alarm: what is known of it against what was announced.

use jiff::Timestamp;

use super::announced::AnnouncedState;
use super::decision::{Action, Decision, Plan};
use super::explanation::Explanation;
use super::observed::ObservedService;
use super::planned_activity::explain;
use super::policy::{AlarmPolicy, InsufficientDataPolicy};
use super::reason::Reason;
use super::record::Record;
use super::remedy::{self, RemedyContext, RemedyDecision, RemedyReason};
use super::state_change::AlarmState;

type Announcement = (Action, Reason, AnnouncedState);

/// Decides what is announced about one alarm at `now`, and which remedy is due.
///
/// `service` is `None` for an alarm that is about no service of the fleet; it gets no remedy.
pub fn plan(policy: &AlarmPolicy, service: Option<&ObservedService<'_>>, record: &Record, now: Timestamp) -> Plan {
    if let Some(pending) = record.claimed_elsewhere(now) {
        // The other invocation announces its result.
        let reason = Reason::ClaimedElsewhere { remedy: pending.action.label() };
        let remedy = RemedyDecision::none(RemedyReason::ClaimedElsewhere);
        return Plan {
            decision: Decision { action: Action::Keep, reason },
            announced: record.announced.clone(),
            remedy,
        };
    }
    if let Some(since) = record.is_missing(now) {
        return missing(record, since);
    }
    let (action, reason, announced) = announcement(policy, service, record, now);
    let error = service.and_then(|service| service.observed.error.clone());
    // An alarm that was announced may be explained by now: a service that is scaled to zero needs no more tasks.
    let remedy = match (error, record.in_alarm_since()) {
        (Some(error), _) => RemedyDecision::none(RemedyReason::NotObserved { error }),
        (None, None) => RemedyDecision::none(RemedyReason::NotInAlarm),
        // It may be gone: what it says is announced, and nothing is done because of it.
        (None, Some(_)) if record.missing_since.is_some() => RemedyDecision::none(RemedyReason::NotFound),
        (None, Some(_)) if explain(policy, service, record, now).is_some() => {
            RemedyDecision::none(RemedyReason::Explained)
        }
        (None, Some(since)) => {
            let history = &record.remedies;
            let (key, grace, evidence) = (policy.key(), policy.grace(), record.evidence);
            let alarm = key.as_str();
            let context = service.map(|service| RemedyContext { alarm, grace, service, history, evidence, since, now });
            remedy::decide(&policy.remedy, context.as_ref())
        }
    };
    Plan { decision: Decision { action, reason }, announced, remedy }
}

/// CloudWatch does not return the alarm. Nothing is remedied any more, and what was announced about it is closed by the
/// message that it is missing.
fn missing(record: &Record, since: Timestamp) -> Plan {
    let known = matches!(record.announced, AnnouncedState::Missing { .. });
    let action = if known { Action::Keep } else { Action::AnnounceMissing };
    let announced = if known { record.announced.clone() } else { AnnouncedState::Missing { since } };
    let remedy = RemedyDecision::none(RemedyReason::NotFound);
    Plan { decision: Decision { action, reason: Reason::Missing { since } }, announced, remedy }
}

fn announcement(
    policy: &AlarmPolicy,
    service: Option<&ObservedService<'_>>,
    record: &Record,
    now: Timestamp,
) -> Announcement {
    use AnnouncedState as Announced;
    let Some(change) = &record.last_change else { return (Action::Keep, Reason::NeverReported, Announced::Nothing) };
    let announced = record.announced.clone();
    match (change.state, announced) {
        (AlarmState::Alarm, announced) => {
            in_alarm(policy, service, record, announced, record.in_alarm_since().unwrap_or(now), now)
        }
        (_, Announced::Flapping { since }) => match change.at + policy.flapping.stable() <= now {
            true => {
                let times = record.alarm_starts.iter().filter(|start| **start >= since).count();
                (Action::AnnounceStable, Reason::FlappingEnded { since, until: change.at, times }, Announced::Nothing)
            }
            false => (Action::Keep, Reason::StillFlapping { since }, Announced::Flapping { since }),
        },
        (_, Announced::Explained { by, .. }) => (Action::Record, Reason::RecoveredExplained { by }, Announced::Nothing),
        (AlarmState::Ok, Announced::Alarm { since }) => {
            (Action::AnnounceRecovered, Reason::Recovered { since, until: change.at }, Announced::Nothing)
        }
        (AlarmState::Ok, Announced::NoData { since }) => {
            (Action::AnnounceDataBack, Reason::DataBack { since }, Announced::Nothing)
        }
        (_, Announced::Missing { .. }) => (Action::Record, Reason::Found, Announced::Nothing),
        (AlarmState::Ok, Announced::Nothing) => (Action::Keep, Reason::Ok, Announced::Nothing),
        (AlarmState::InsufficientData, Announced::Nothing)
            if policy.insufficient_data == InsufficientDataPolicy::Announce =>
        {
            let since = change.at;
            match explain(policy, service, record, now) {
                Some(by) => (Action::Keep, Reason::Explained { by }, Announced::Nothing),
                None => (Action::AnnounceNoData, Reason::NoData { since }, Announced::NoData { since }),
            }
        }
        // Without data an announced alarm stays open.
        (AlarmState::InsufficientData, announced) => (Action::Keep, Reason::NoDataIgnored, announced),
    }
}

/// The alarm is in ALARM since `since`.
fn in_alarm(
    policy: &AlarmPolicy,
    service: Option<&ObservedService<'_>>,
    record: &Record,
    announced: AnnouncedState,
    since: Timestamp,
    now: Timestamp,
) -> Announcement {
    use AnnouncedState as Announced;
    match announced {
        Announced::Flapping { since: first } if since + policy.flapping.stable() <= now => {
            (Action::AnnounceAlarm, Reason::StaysInAlarm { since, first }, Announced::Alarm { since })
        }
        Announced::Flapping { since: first } => {
            (Action::Keep, Reason::StillFlapping { since: first }, Announced::Flapping { since: first })
        }
        Announced::Alarm { since: known } if known >= since => already_announced(known),
        announced => {
            let starts = || record.alarm_starts_within(policy.flapping.within(), now);
            let times = starts().count();
            if let (true, Some(first)) =
                (u32::try_from(times).unwrap_or(u32::MAX) >= policy.flapping.times, starts().min())
            {
                // What a planned change explains is not announced, however often it happens.
                if let Some(by) = explain(policy, service, record, now) {
                    return explained(announced, since, by);
                }
                let minutes = u32::try_from(now.duration_since(first).as_mins().max(1)).unwrap_or(u32::MAX);
                let reason = Reason::Flapping { times, minutes };
                return (Action::AnnounceFlapping, reason, Announced::Flapping { since: first });
            }
            match (announced, explain(policy, service, record, now)) {
                // The event of its end was lost; it stays one announcement.
                (Announced::Alarm { since: known }, _) => already_announced(known),
                (announced, Some(by)) => explained(announced, since, by),
                (Announced::Explained { by: was, .. }, None) => {
                    (Action::AnnounceAlarm, Reason::NoLongerExplained { since, was }, Announced::Alarm { since })
                }
                (
                    Announced::Nothing
                    | Announced::NoData { .. }
                    | Announced::Missing { .. }
                    | Announced::Flapping { .. },
                    None,
                ) => (Action::AnnounceAlarm, Reason::EnteredAlarm { since }, Announced::Alarm { since }),
            }
        }
    }
}

fn already_announced(since: Timestamp) -> Announcement {
    (Action::Keep, Reason::AlreadyAnnounced { since }, AnnouncedState::Alarm { since })
}

fn explained(announced: AnnouncedState, since: Timestamp, by: Explanation) -> Announcement {
    let known = matches!(&announced, AnnouncedState::Explained { by: known, .. } if *known == by);
    let action = if known { Action::Keep } else { Action::Record };
    (action, Reason::Explained { by: by.clone() }, AnnouncedState::Explained { since, by })
}
