//! What the ledger remembers of one budget, and what all of them together take from each service.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::judge::Doubt;
use super::period::{Every, Period};
use super::policy::{BudgetPolicy, Restriction};
use crate::capacity::BudgetRestriction;

/// How many days are remembered.
const DAYS: usize = 40;

/// Everything that is remembered of one budget; one item of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// How often it starts again, as Budgets said last.
    pub every: Every,
    /// The period that all the rest is about.
    pub period: Option<Period>,
    /// The limit, as Budgets said last.
    pub limit: Option<Amount>,
    /// The greatest figure of the period that was believed.
    pub figure: Option<Amount>,
    /// The last one, which a correction may have made less.
    pub last: Option<Amount>,
    /// Share at which the highest tier begins that is reached; announced, whether it is in force or not.
    pub tier: Option<u32>,
    /// A figure that is not believed.
    pub doubted: Option<Doubted>,
    /// A figure that a person said is right.
    pub confirmed: Option<Amount>,
    /// Tiers that a person ended for the rest of the period.
    pub released: Option<Release>,
    /// No tier is in force until then.
    pub hold: Option<Hold>,
    /// The last figure of the period before.
    pub former: Option<Amount>,
    /// What was believed and what tasks cost, oldest first.
    pub days: Vec<Day>,
    /// When it was first and last looked at.
    pub looked: Option<(Timestamp, Timestamp)>,
}

/// One day, in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Which.
    pub date: Date,
    /// The last figure of the day that was believed.
    #[serde(default)]
    pub figure: Option<Amount>,
    /// What the tasks that ran cost, by the price table, in millionths of a US dollar.
    #[serde(default)]
    pub own_micros: u64,
}

/// A figure that is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubted {
    /// The figure.
    pub figure: Amount,
    /// Since when one is.
    pub since: Timestamp,
    /// Why.
    pub doubt: Doubt,
}

/// Tiers that a person ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Every tier up to this share.
    pub up_to: u32,
    /// Who asked.
    pub by: String,
}

/// A time without tiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Until when.
    pub until: Timestamp,
    /// Who asked.
    pub by: String,
}

impl Record {
    /// Share of the limit that was reached in this period, in percent.
    pub fn percent(&self) -> u32 {
        match (&self.figure, &self.limit) {
            (Some(figure), Some(limit)) => figure.percent_of(limit),
            _ => 0,
        }
    }

    /// The share at which the highest tier begins that is in force at `now`.
    pub fn in_force(&self, now: Timestamp) -> Option<u32> {
        let over = self.period.is_none_or(|period| period.end <= now);
        let held = self.hold.as_ref().is_some_and(|hold| hold.until > now);
        self.tier.filter(|tier| !over && !held && self.released.as_ref().is_none_or(|release| release.up_to < *tier))
    }

    /// What is in force at `now`, by service.
    pub fn restrictions(&self, policy: &BudgetPolicy, now: Timestamp) -> BTreeMap<String, Restriction> {
        let released = self.released.as_ref().map_or(0, |release| release.up_to);
        let mut restrictions: BTreeMap<String, Restriction> = BTreeMap::new();
        let Some(highest) = self.in_force(now) else { return restrictions };
        for tier in policy.tiers.iter().filter(|tier| tier.at_percent > released && tier.at_percent <= highest) {
            for (service, restriction) in &tier.services {
                let both =
                    restrictions.get(service).map_or_else(|| restriction.clone(), |other| other.and(restriction));
                restrictions.insert(service.clone(), both);
            }
        }
        restrictions
    }

    /// What the tasks of these days cost, in hundredths of a US dollar.
    pub fn own_cents(&self, since: Date) -> i64 {
        let micros: u64 = self.days.iter().filter(|day| day.date >= since).map(|day| day.own_micros).sum();
        i64::try_from(micros / 10_000).unwrap_or(i64::MAX)
    }

    /// The entry of a day; made when there is none.
    pub(super) fn day(&mut self, date: Date) -> &mut Day {
        let at = match self.days.binary_search_by_key(&date, |day| day.date) {
            Ok(at) => at,
            Err(at) => {
                self.days.insert(at, Day { date, figure: None, own_micros: 0 });
                let over = self.days.len().saturating_sub(DAYS).min(at);
                self.days.drain(..over);
                at - over
            }
        };
        &mut self.days[at]
    }
}

/// What all budgets together take from each service: the harder of each, until the last of them ends. A budget whose
/// period ends before that is left out by the first look after its end.
pub fn restrictions<'a>(
    budgets: impl IntoIterator<Item = (&'a BudgetPolicy, &'a Record)>,
    now: Timestamp,
) -> BTreeMap<String, BudgetRestriction> {
    let mut all: BTreeMap<String, BudgetRestriction> = BTreeMap::new();
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
            };
            let both = all.get(&service).map_or_else(|| own.clone(), |other| strictest(other, &own));
            all.insert(service, both);
        }
    }
    all
}

fn strictest(one: &BudgetRestriction, other: &BudgetRestriction) -> BudgetRestriction {
    BudgetRestriction {
        reached_percent: one.reached_percent.max(other.reached_percent),
        spot_only: one.spot_only || other.spot_only,
        longer_downtime_minutes: one.longer_downtime_minutes.max(other.longer_downtime_minutes),
        scale_to_zero: one.scale_to_zero || other.scale_to_zero,
        max_tasks: [one.max_tasks, other.max_tasks].into_iter().flatten().min(),
        until: one.until.max(other.until),
    }
}
