//! Whether a figure can be true.
//!
//! In July 2026 AWS told accounts of a few hundred dollars that they owed trillions, for forty hours. Whoever acts on
//! such a figure takes a healthy system down; so a figure that would cut something must first be plausible. One that cannot
//! be true is told below every tier too: believed, it would be the yesterday that tomorrow is measured by.

use std::fmt;

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::period::{Every, Period, day, midnight};
use super::plan::Spend;
use super::state::Record;

/// More than so many times the limit cannot be true.
const TIMES_LIMIT: u32 = 5;
/// More than so many times yesterday's figure cannot be true.
const TIMES_YESTERDAY: u32 = 10;
/// More than so many times what the tasks cost was not spent by them.
const TIMES_OWN: i64 = 10;
/// Beside tasks, a day may cost this share of the limit: load balancer, network, logs. Of the limit of a single day it
/// may be all.
const BESIDE: i64 = 10;
/// A figure that is more than this share of the limit above yesterday's is looked at closely, whatever it reaches. Less
/// does no harm: nobody is called for 1.50 after 0.10.
const REMARKABLE: i64 = 5;
/// Once a person said that a figure is right, so many times that figure is right as well.
const TIMES_CONFIRMED: u32 = 2;
/// By so small a share is the figure of a period corrected down when it is over.
const CORRECTED: i64 = 10;
/// So long after a period has begun, Budgets may still tell the figure of the one before: bills of a month are closed
/// on the day after it.
const STALE: SignedDuration = SignedDuration::from_hours(36);
/// The same for a day. Budgets computes its figures every 8 to 12 hours: one that is still told at noon was computed
/// today, so a day that costs as much as the one before begins to count there.
const STALE_DAY: SignedDuration = SignedDuration::from_hours(12);

/// Why a figure is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It is many times the limit.
    TimesLimit {
        /// The limit.
        limit: Amount,
    },
    /// It is many times yesterday's.
    TimesYesterday {
        /// Yesterday's figure.
        yesterday: Amount,
    },
    /// The tasks that ran cannot have cost it.
    NotOurTasks {
        /// How much more it is than the figure before.
        more: Amount,
        /// What the tasks cost in that time, by the price table.
        own: Amount,
    },
}

/// What to make of a figure.
pub(super) enum Verdict {
    /// It is news.
    Believed,
    /// It is still the figure of the former period.
    Former,
    /// It cannot be true.
    Doubted(Doubt),
}

/// Judges the figure of `spend`. One that reaches no higher tier than the figures before, and is not much above
/// yesterday's, is believed: it does no harm.
pub(super) fn judge(
    record: &Record,
    spend: &Spend,
    period: Period,
    higher: bool,
    hourly: bool,
    now: Timestamp,
) -> Verdict {
    let (figure, limit) = (&spend.actual, &spend.limit);
    let known = |amount: &&Amount| amount.hundredths > 0 && amount.unit == figure.unit;
    let former = record.former.as_ref().filter(known);
    if record.figure.is_none() && former.is_some_and(|former| echoes(figure, former, spend.every, period, now)) {
        return Verdict::Former;
    }
    if record.confirmed.as_ref().is_some_and(|confirmed| !figure.exceeds(TIMES_CONFIRMED, confirmed)) {
        return Verdict::Believed;
    }
    if figure.exceeds(TIMES_LIMIT, limit) {
        return Verdict::Doubted(Doubt::TimesLimit { limit: limit.clone() });
    }
    let (today, began) = (day(now), day(period.start));
    // The first hours of a period cost next to nothing, and ten times nothing is soon passed: then the tasks decide.
    let yesterday =
        match spend.every {
            Every::Day => former.map(|former| (former, today)),
            _ => record.days.iter().rev().filter(|day| day.date < today && day.date >= began).find_map(|day| {
                Some((day.figure.as_ref().filter(|figure| figure.unit == spend.actual.unit)?, day.date))
            }),
        };
    let more = figure.hundredths.saturating_sub(yesterday.map_or(0, |(yesterday, _)| yesterday.hundredths));
    if !higher && more <= limit.hundredths / REMARKABLE {
        return Verdict::Believed;
    }
    if let Some((yesterday, _)) = yesterday.filter(|(yesterday, _)| known(yesterday))
        && figure.exceeds(TIMES_YESTERDAY, yesterday)
    {
        return Verdict::Doubted(Doubt::TimesYesterday { yesterday: yesterday.clone() });
    }
    // What must be explained, by the tasks since when, and how much may come from elsewhere.
    let (more, since, beside) = match (spend.every, yesterday) {
        // A day begins at nothing, and its costs come late: the day before may explain them.
        (Every::Day, _) => (figure.hundredths, began.saturating_sub(1.day()), limit.hundredths),
        (_, Some((_, date))) => (more, date, limit.hundredths / BESIDE),
        (_, None) => (more, began, limit.hundredths / BESIDE),
    };
    // Without a figure before, the whole of it must be explained, which is possible only if all of it was watched.
    let compared = spend.every != Every::Day && yesterday.is_some();
    let watched = compared || record.looked.is_some_and(|(first, _)| first <= midnight(since));
    let own = record.own_cents(since);
    if hourly && watched && figure.unit == "USD" && more > own.saturating_mul(TIMES_OWN).saturating_add(beside) {
        return Verdict::Doubted(Doubt::NotOurTasks { more: figure.with(more), own: Amount::cents(own) });
    }
    Verdict::Believed
}

/// Is it still the figure of the former period? That one is corrected for a while: up, and by a little down.
fn echoes(figure: &Amount, former: &Amount, every: Every, period: Period, now: Timestamp) -> bool {
    let stale = if every == Every::Day { STALE_DAY } else { STALE };
    let least = former.hundredths - former.hundredths / CORRECTED;
    now.duration_since(period.start) < stale && figure.hundredths >= least && !figure.exceeds(TIMES_CONFIRMED, former)
}

impl Doubt {
    /// Stable name for logs and message keys.
    pub fn label(&self) -> &'static str {
        match self {
            Doubt::TimesLimit { .. } => "times_limit",
            Doubt::TimesYesterday { .. } => "times_yesterday",
            Doubt::NotOurTasks { .. } => "not_our_tasks",
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::TimesLimit { limit } => write!(f, "it is more than {TIMES_LIMIT} times the limit of {limit}"),
            Doubt::TimesYesterday { yesterday } => {
                write!(f, "it is more than {TIMES_YESTERDAY} times yesterday's {yesterday}")
            }
            Doubt::NotOurTasks { more, own } => {
                write!(f, "it is {more} more than the figure before, and the tasks that ran since cost about {own}")
            }
        }
    }
}
