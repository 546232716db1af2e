//! The restrictions of all budgets together, by service.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use super::policy::BudgetPolicy;
use super::record::Record;
use super::restriction::Restriction;
use crate::capacity::{BudgetRestriction, Facts};
use crate::fleet::{Fleet, ServicePolicy};
use crate::model::format_time;

/// The restrictions of all budgets together, by service: the strictest of each until the first period ends, then that of
/// the budgets that go on. No restriction outlives its period, whether or not anything is decided when that ends.
pub fn restrictions<'a>(
    budgets: impl IntoIterator<Item = (&'a BudgetPolicy, &'a Record)>,
    now: Timestamp,
) -> BTreeMap<String, BudgetRestriction> {
    let mut all: BTreeMap<String, Vec<BudgetRestriction>> = BTreeMap::new();
    for (policy, record) in budgets {
        let (Some(reached), Some(period)) = (record.in_force(now), record.period) else { continue };
        for (service, restriction) in record.restrictions(policy, now) {
            let own = BudgetRestriction {
                reached_percent: reached,
                spot_only: restriction.spot_only,
                longer_downtime_minutes: restriction.longer_downtime_minutes,
                scale_to_zero: restriction.scale_to_zero,
                max_tasks: restriction.max_tasks,
                until: period.end,
                then: None,
            };
            all.entry(service).or_default().push(own);
        }
    }
    all.into_iter().filter_map(|(service, each)| Some((service, one_after_the_other(each)?))).collect()
}

/// The strictest of all until the first of them ends, and so on.
fn one_after_the_other(mut each: Vec<BudgetRestriction>) -> Option<BudgetRestriction> {
    let strictest = each.iter().skip(1).fold(each.first()?.clone(), |one, other| strictest(&one, other));
    each.retain(|restriction| restriction.until > strictest.until);
    Some(BudgetRestriction { then: one_after_the_other(each).map(Box::new), ..strictest })
}

fn strictest(one: &BudgetRestriction, other: &BudgetRestriction) -> BudgetRestriction {
    BudgetRestriction {
        reached_percent: one.reached_percent.max(other.reached_percent),
        spot_only: one.spot_only || other.spot_only,
        longer_downtime_minutes: one.longer_downtime_minutes.max(other.longer_downtime_minutes),
        scale_to_zero: one.scale_to_zero || other.scale_to_zero,
        max_tasks: [one.max_tasks, other.max_tasks].into_iter().flatten().min(),
        until: one.until.min(other.until),
        then: None,
    }
}

/// What changes about the restrictions of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceDecision {
    /// The fact in the ledger is already up to date.
    Keep,
    /// Write this fact.
    Restrict(BudgetRestriction),
    /// No budget restricts the service; remove the fact.
    Lift,
}

impl ServiceDecision {
    /// Compares a service's fact with what all budgets together restrict.
    pub fn about<'a>(
        service: &ServicePolicy,
        fleet: &Fleet,
        facts: &Facts,
        budgets: impl IntoIterator<Item = (&'a BudgetPolicy, &'a Record)>,
        now: Timestamp,
    ) -> ServiceDecision {
        let all = restrictions(budgets, now);
        // A tier names a service with or without its cluster.
        let wanted = all.into_iter().find(|(name, _)| fleet.service(name) == Some(service));
        match wanted.map(|(_, restriction)| restriction) {
            wanted if facts.budget == wanted => ServiceDecision::Keep,
            Some(restriction) => ServiceDecision::Restrict(restriction),
            None => ServiceDecision::Lift,
        }
    }

    /// Changes the fact; false when it stays.
    pub fn apply(&self, facts: &mut Facts) -> bool {
        facts.budget = match self {
            ServiceDecision::Keep => return false,
            ServiceDecision::Restrict(restriction) => Some(restriction.clone()),
            ServiceDecision::Lift => None,
        };
        true
    }

    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            ServiceDecision::Keep => "keep",
            ServiceDecision::Restrict(_) => "restrict",
            ServiceDecision::Lift => "lift",
        }
    }
}

impl fmt::Display for ServiceDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServiceDecision::Keep => f.write_str("already up to date"),
            ServiceDecision::Restrict(fact) => {
                let (percent, until) = (fact.reached_percent, format_time(fact.until));
                write!(f, "{percent} % of a budget spent: {} until {until}", Restriction::from(fact))?;
                let later = std::iter::successors(fact.then.as_deref(), |fact| fact.then.as_deref());
                for then in later {
                    write!(f, ", then {} until {}", Restriction::from(then), format_time(then.until))?;
                }
                Ok(())
            }
            ServiceDecision::Lift => f.write_str("no budget restricts the service"),
        }
    }
}
