//! Messages about alarms: pure functions of the plan, the record and what was observed.

mod facts;
mod in_alarm;
mod recovery;
mod remedy;

use jiff::Timestamp;
use planner::alarm::{Action, AlarmPolicy, AlarmSeverity, Alarms, AnnouncedState, Plan, Reason, Record};
use planner::fleet::Fleet;
use shared::notify::{Notification, Severity};

use crate::links::Links;
use crate::observe::ServiceSnapshot;
use crate::outcome::RemedyOutcome;

/// Everything that the messages about one alarm are written from.
pub(crate) struct MessageContext<'a> {
    pub fleet: &'a Fleet,
    pub alarms: &'a Alarms,
    pub policy: &'a AlarmPolicy,
    pub record: &'a Record,
    /// The service that the alarm is about; all services, when it is about none.
    pub services: &'a [&'a ServiceSnapshot],
    pub links: &'a Links,
    pub now: Timestamp,
}

impl MessageContext<'_> {
    /// The message about a plan and the outcome of its remedy; `None` when there is nothing to announce.
    pub fn message_for(&self, plan: &Plan, outcome: &RemedyOutcome) -> Option<Notification> {
        let reason = &plan.decision.reason;
        match (plan.decision.action, reason) {
            (Action::AnnounceAlarm, _) => Some(self.in_alarm(reason, outcome)),
            (Action::AnnounceFlapping, Reason::Flapping { times, minutes }) => {
                Some(self.flapping(*times, *minutes, outcome))
            }
            (Action::AnnounceStable, Reason::FlappingEnded { since, until, times }) => {
                Some(self.stable(*since, *until, *times))
            }
            (Action::AnnounceRecovered, Reason::Recovered { since, until }) => Some(self.recovered(*since, *until)),
            (Action::AnnounceMissing, Reason::Missing { since }) => Some(self.missing(*since)),
            (Action::AnnounceNoData, Reason::NoData { since }) => Some(self.no_data(*since)),
            (Action::AnnounceDataBack, Reason::DataBack { since }) => Some(self.data_back(*since)),
            // While it is flapping, remedies are not announced; the message about its end lists them.
            _ if matches!(plan.announced, AnnouncedState::Flapping { .. }) => None,
            _ => self.remedy_later(outcome),
        }
    }

    /// The alarm's name without system and stage, which end every subject.
    fn name(&self) -> &str {
        let prefix = format!("{}-{}-", self.fleet.system, self.fleet.stage);
        self.policy.name.strip_prefix(prefix.as_str()).unwrap_or(&self.policy.name)
    }

    fn severity(&self) -> Severity {
        match self.policy.severity {
            AlarmSeverity::Critical => Severity::Critical,
            AlarmSeverity::Warning => Severity::Warning,
        }
    }

    /// Since when it is in ALARM; now, when it is not.
    fn since(&self) -> Timestamp {
        self.record.in_alarm_since().unwrap_or(self.now)
    }

    fn message(&self, severity: Severity, key: &str, title: &str) -> Notification {
        let thread = format!("alarm/{}", self.policy.key());
        Notification::new(&self.fleet.title(), severity, &format!("{thread}/{key}"), &thread, title)
    }
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
