//! Observes the services that alarms are about: their tasks, and what the planners remember of them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use futures_util::future::{join, join3};
use jiff::{SignedDuration, Timestamp};
use planner::alarm::{
    AlarmLookup, AlarmPolicy, AlarmState, AnnouncedState, InsufficientDataPolicy, Observed, ObservedService, Record,
};
use planner::capacity;
use planner::fleet::{Fleet, ServicePolicy};
use planner::model::ServiceId;
use planner::rollout;
use shared::ledger::{Event, Subject};
use shared::runtime::{Context, Invocation};
use shared::{Error, Kind, Result};

use crate::app::App;
use crate::lookup::Answer;
use crate::trigger::Trigger;

/// How far back a message lists what changed.
pub(crate) const LAST: SignedDuration = SignedDuration::from_hours(1);

/// What the ledger keeps of one alarm.
pub(crate) type Entry = shared::ledger::Entry<Record>;

/// Everything that was seen of one alarm.
pub struct ObservedAlarm {
    /// What is remembered of it.
    pub(crate) entry: Entry,
    /// The services that alarms of this invocation are about; none when nothing is open about it.
    pub(crate) services: Option<Rc<ObservedServices>>,
    /// What CloudWatch returned for it, when it was asked.
    pub(crate) lookup: Option<AlarmLookup>,
    /// Why CloudWatch could not be asked, once for each region.
    pub(crate) lookup_error: Option<Error>,
}

/// The services of some alarms, by name, each observed once.
pub(crate) struct ObservedServices(BTreeMap<String, ServiceSnapshot>);

/// One service, as it was observed.
pub(crate) struct ServiceSnapshot {
    /// What is wanted of it.
    pub policy: ServicePolicy,
    /// What the planner decides from.
    pub observed: Observed,
    /// Decisions of the rollout and capacity functions about it, newest first.
    history: Vec<Event>,
    /// Why part of it could not be observed; the expected state stands in for it.
    error: Option<Error>,
}

/// Does a tick have to look at this alarm, with what CloudWatch returned for it?
fn needs_reconcile(policy: &AlarmPolicy, entry: &Entry, lookup: Option<&AlarmLookup>, now: Timestamp) -> bool {
    let mut record = entry.record.clone();
    if let Some(lookup) = lookup {
        record.record_lookup(lookup, now);
    }
    let calm = match record.alarm_state() {
        None | Some(AlarmState::Ok) => true,
        Some(AlarmState::InsufficientData) => policy.insufficient_data == InsufficientDataPolicy::Ignore,
        Some(AlarmState::Alarm) => false,
    };
    let calm = calm && record.announced == AnnouncedState::Nothing && record.missing_since.is_none();
    !calm || record.pending.is_some() || !entry.outbox.is_empty()
}

impl App {
    /// The ledger and CloudWatch first: a tick that finds nothing open about any alarm makes no other call.
    pub(crate) async fn observe_alarms<'d>(
        &self,
        scope: &[&'d AlarmPolicy],
        invocation: &Invocation<'d, App>,
    ) -> Vec<Result<ObservedAlarm>> {
        let always = match invocation.trigger {
            Trigger::StateChange { .. } => true,
            Trigger::Everything | Trigger::Named(_) | Trigger::StackUpdate(_) => invocation.explains_everything(),
        };
        let subjects: Vec<Subject> = scope.iter().map(|policy| Subject::Alarm(policy.key())).collect();
        let lookups = async {
            match invocation.trigger {
                // It is about the services, and comes to every alarm.
                Trigger::StackUpdate(_) => scope.iter().map(|_| None).collect(),
                Trigger::StateChange { .. } | Trigger::Everything | Trigger::Named(_) => {
                    self.lookups(scope).await.into_iter().map(Some).collect::<Vec<Option<Answer>>>()
                }
            }
        };
        let (entries, lookups) = join(invocation.context.ledger.load_all(&subjects), lookups).await;
        let seen: Vec<(Result<Entry>, Option<Answer>)> = entries.into_iter().zip(lookups).collect();
        let due = |policy: &AlarmPolicy, (entry, answer): &(Result<Entry>, Option<Answer>)| {
            let lookup = answer.as_ref().map(|(lookup, _)| lookup);
            always || entry.as_ref().is_ok_and(|entry| needs_reconcile(policy, entry, lookup, invocation.now))
        };
        let policies: Vec<&AlarmPolicy> =
            scope.iter().zip(&seen).filter(|(policy, seen)| due(policy, seen)).map(|(policy, _)| *policy).collect();
        let services = Rc::new(self.services(invocation.context, &invocation.documents.fleet, &policies).await);
        let each = scope.iter().zip(seen).map(|(policy, seen)| {
            let services = due(policy, &seen).then(|| Rc::clone(&services));
            let (entry, answer) = seen;
            let (lookup, lookup_error) = answer.unzip();
            Ok(ObservedAlarm { entry: entry?, services, lookup, lookup_error: lookup_error.flatten() })
        });
        each.collect()
    }

    /// Observes the services of these alarms, each once; an alarm without a service may be about any of them.
    pub(crate) async fn services(&self, context: &Context, fleet: &Fleet, alarms: &[&AlarmPolicy]) -> ObservedServices {
        let every = alarms.iter().any(|alarm| alarm.service.is_none());
        let all = fleet.services.iter().filter(|_| every).map(|service| service.name.as_str());
        let names: BTreeSet<&str> = alarms.iter().filter_map(|alarm| alarm.service.as_deref()).chain(all).collect();
        let policies: Vec<(&str, &ServicePolicy)> =
            names.into_iter().filter_map(|name| Some((name, fleet.service(name)?))).collect();
        let ids: Vec<ServiceId> = policies.iter().map(|(_, policy)| policy.id()).collect();
        let subjects: Vec<Subject> = ids.iter().cloned().map(Subject::Service).collect();
        let capacities = context.ledger.load_all::<capacity::Record>(&subjects);
        let rollouts = context.ledger.load_all::<rollout::Record>(&subjects);
        let services = async {
            match ids.is_empty() {
                true => BTreeMap::new(),
                false => self.ecs.services(&ids).await,
            }
        };
        let (mut found, capacities, rollouts) = join3(services, capacities, rollouts).await;
        let mut services = BTreeMap::new();
        for (((name, policy), capacity), rollout) in policies.into_iter().zip(capacities).zip(rollouts) {
            let not_found = || Err(Error::not_found(format!("service {} does not exist", policy.id())));
            let service = found.remove(&policy.id()).unwrap_or_else(not_found);
            let counts = service.map(|service| (service.desired, service.running));
            services.insert(name.to_owned(), ServiceSnapshot::new(policy, counts, capacity, rollout));
        }
        ObservedServices(services)
    }
}

impl ObservedServices {
    /// The service that an alarm is about; none when it may be about any.
    pub fn about(&self, policy: &AlarmPolicy) -> Option<&ServiceSnapshot> {
        policy.service.as_ref().and_then(|name| self.0.get(name))
    }

    /// The services that an alarm may be about: its own, or all.
    pub fn of(&self, policy: &AlarmPolicy) -> Vec<&ServiceSnapshot> {
        match &policy.service {
            Some(name) => self.0.get(name).into_iter().collect(),
            None => self.0.values().collect(),
        }
    }
}

impl ServiceSnapshot {
    /// An alarm is announced even when its service could not be observed.
    pub fn new(
        policy: &ServicePolicy,
        counts: Result<(u32, u32)>,
        capacity: Result<shared::ledger::Entry<capacity::Record>>,
        rollout: Result<shared::ledger::Entry<rollout::Record>>,
    ) -> ServiceSnapshot {
        let mut error = None;
        let mut keep = |found: Error| {
            error.get_or_insert(found);
        };
        let capacity = capacity.map_err(&mut keep).unwrap_or_default();
        let rollout = rollout.map_err(&mut keep).unwrap_or_default();
        let asleep = matches!(capacity.record.state, Some(capacity::State::ScaledToZero { .. }));
        let usual = if asleep { 0 } else { policy.baseline.min };
        let (desired, running) = counts.map_err(&mut keep).unwrap_or((usual, usual));
        let mut history: Vec<Event> = capacity.history.into_iter().chain(rollout.history).collect();
        history.sort_by_key(|event| std::cmp::Reverse(event.at));
        let (capacity, rollout) = (capacity.record, rollout.record);
        let observed = Observed { desired, running, capacity, rollout, error: error.as_ref().map(Error::to_string) };
        ServiceSnapshot { policy: policy.clone(), observed, history, error }
    }

    /// What the planner decides from.
    pub fn observed_service(&self) -> ObservedService<'_> {
        ObservedService { policy: &self.policy, observed: &self.observed }
    }

    /// Why part of the service could not be observed.
    pub fn observation_error(&self) -> Option<Error> {
        self.error.as_ref().map(Error::copy)
    }

    /// What changed in the hour before `now`, newest first.
    pub fn changes(&self, now: Timestamp) -> impl Iterator<Item = &Event> {
        self.history.iter().filter(move |event| event.at + LAST > now && event.at <= now)
    }

    /// Running and desired tasks, if they are known.
    pub fn tasks(&self) -> Option<(u32, u32)> {
        self.error
            .as_ref()
            .is_none_or(|error| error.kind() == Kind::Conflict)
            .then_some((self.observed.running, self.observed.desired))
    }
}
