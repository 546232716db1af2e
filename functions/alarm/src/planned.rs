//! What is decided about one alarm, and the record that the decision rests on.

use jiff::Timestamp;
use planner::alarm::{AlarmLookup, AlarmPolicy, Plan, Record, plan};
use shared::Error;

use crate::observe::{ObservedAlarm, ServiceSnapshot};
use crate::trigger::Trigger;

/// What is decided about one alarm.
pub enum AlarmPlan {
    /// Nothing is open about it: it is only remembered what the trigger says.
    Remember(Box<Record>),
    /// What to announce and which remedy is due.
    Decide {
        /// What is remembered of it, with what the trigger says.
        record: Box<Record>,
        /// The decision.
        plan: Box<Plan>,
        /// Why its service could not be observed.
        error: Option<Error>,
    },
}

impl AlarmPlan {
    /// Records what the trigger says and what CloudWatch returned, and decides.
    pub(crate) fn of(policy: &AlarmPolicy, observed: &ObservedAlarm, trigger: &Trigger, now: Timestamp) -> AlarmPlan {
        let mut record = Box::new(observed.entry.record.clone());
        match trigger {
            Trigger::StateChange { change, .. } => drop(record.record_state_change((**change).clone())),
            Trigger::StackUpdate(update) => drop(record.record_stack_update(*update)),
            Trigger::Everything | Trigger::Named(_) => {}
        }
        // What an earlier look found confirms nothing now.
        record.record_lookup(observed.lookup.as_ref().unwrap_or(&AlarmLookup::Failed), now);
        let Some(services) = &observed.services else { return AlarmPlan::Remember(record) };
        let snapshot = services.about(policy);
        let service = snapshot.map(ServiceSnapshot::observed_service);
        let plan = Box::new(plan(policy, service.as_ref(), &record, now));
        AlarmPlan::Decide { record, plan, error: snapshot.and_then(ServiceSnapshot::observation_error) }
    }
}
