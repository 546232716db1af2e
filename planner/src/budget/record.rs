//! The record of one budget in the ledger.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::days::Days;
use super::doubt::Doubt;
use super::period::{Period, TimeUnit};
use super::policy::BudgetPolicy;
use super::restriction::Restriction;

/// Everything that outlives an invocation about one budget; one item of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// How often it resets, by the last answer of AWS Budgets.
    pub time_unit: TimeUnit,
    /// The period that everything below is about.
    pub period: Option<Period>,
    /// The limit, by the last answer of AWS Budgets.
    pub limit: Option<Amount>,
    /// The greatest accepted figure of the period.
    pub figure: Option<Amount>,
    /// The latest accepted figure; a correction may have lowered it.
    pub latest: Option<Amount>,
    /// The highest tier that is reached, by the share at which it starts; announced, whether it is in force or not.
    pub tier: Option<u32>,
    /// Since when the latest figure has been clearly below the tier, while it is.
    pub lower_since: Option<Timestamp>,
    /// AWS Budgets does not answer.
    pub silence: Option<Silence>,
    /// A doubted figure.
    pub doubted: Option<DoubtedFigure>,
    /// A figure that an engineer has confirmed.
    pub confirmed: Option<Amount>,
    /// Tiers whose restrictions an engineer has lifted for the rest of the period.
    pub lifted: Option<Lift>,
    /// All tiers are on hold.
    pub hold: Option<Hold>,
    /// The latest figure of the previous period.
    pub previous_period: Option<Amount>,
    /// Accepted figures and the cost of tasks, day by day.
    pub days: Days,
    /// When the budget was observed.
    pub observed: Option<ObservedTimes>,
}

/// When a budget was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedTimes {
    /// The first time.
    pub first: Timestamp,
    /// The last time.
    pub last: Timestamp,
}

/// A figure that cannot be right; no restriction begins because of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoubtedFigure {
    /// The latest one, as AWS Budgets returned it.
    pub figure: Amount,
    /// Since when figures have been doubted.
    pub since: Timestamp,
    /// Why it is doubted.
    pub doubt: Doubt,
    /// The highest tier that doubted figures would have reached.
    pub would_reach: Option<u32>,
    /// When it was last announced.
    pub announced_at: Timestamp,
}

/// A time in which AWS Budgets does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// When it first did not answer.
    pub since: Timestamp,
    /// When that was last announced.
    pub announced_at: Option<Timestamp>,
}

/// Tiers whose restrictions an engineer has lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lift {
    /// Every tier up to this share.
    pub up_to: u32,
    /// Who requested it.
    pub by: String,
}

/// A time in which no tier is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// End of the hold; the reached tiers take effect then.
    pub until: Timestamp,
    /// Who requested it.
    pub by: String,
}

impl Record {
    /// The greatest accepted figure of the period, in percent of the limit; 0 without one.
    pub fn percent(&self) -> u32 {
        match (&self.figure, &self.limit) {
            (Some(figure), Some(limit)) => figure.percent_of(limit),
            _ => 0,
        }
    }

    /// The highest tier in force at `now`, by the share at which it starts.
    pub fn in_force(&self, now: Timestamp) -> Option<u32> {
        let over = self.period.is_none_or(|period| period.end <= now);
        let held = self.hold.as_ref().is_some_and(|hold| hold.until > now);
        self.tier.filter(|tier| !over && !held && self.lifted.as_ref().is_none_or(|lift| lift.up_to < *tier))
    }

    /// The restrictions in force at `now`, by service.
    pub fn restrictions(&self, policy: &BudgetPolicy, now: Timestamp) -> BTreeMap<String, Restriction> {
        let lifted = self.lifted.as_ref().map_or(0, |lift| lift.up_to);
        let mut restrictions: BTreeMap<String, Restriction> = BTreeMap::new();
        let Some(highest) = self.in_force(now) else { return restrictions };
        for tier in policy.tiers.iter().filter(|tier| tier.at_percent > lifted && tier.at_percent <= highest) {
            for (service, restriction) in &tier.services {
                let both =
                    restrictions.get(service).map_or_else(|| restriction.clone(), |other| other.and(restriction));
                restrictions.insert(service.clone(), both);
            }
        }
        restrictions
    }
}
