//! Whether a figure can be true.
//!
//! In July 2026 AWS told accounts of a few hundred dollars that they owed trillions, for forty hours. Whoever acts on
//! such a figure takes a healthy system down; so a figure that would cut something must first be plausible.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::amount::Amount;
use super::period::{Every, Period, day};
use super::plan::Spend;
use super::state::Record;

/// More than so many times the limit cannot be true.
const TIMES_LIMIT: u32 = 5;
/// More than so many times yesterday's figure cannot be true.
const TIMES_YESTERDAY: u32 = 10;
/// More than so many times what the tasks cost was not spent by them.
const TIMES_OWN: i64 = 10;
/// Beside tasks, a day may cost this share of the limit: load balancer, network, logs.
const BESIDE: i64 = 10;
/// Once a person said that a figure is right, so many times that figure is right as well.
const TIMES_CONFIRMED: u32 = 2;
/// So long after a period has begun, Budgets may still tell the figure of the one before.
const STALE: SignedDuration = SignedDuration::from_hours(36);

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

/// Judges the figure of `spend`. What is below many times the limit and reaches no higher tier than the figures before is
/// believed: it does no harm.
pub(super) fn judge(
    record: &Record,
    spend: &Spend,
    period: Period,
    higher: bool,
    hourly: bool,
    now: Timestamp,
) -> Verdict {
    let (figure, limit) = (&spend.actual, &spend.limit);
    let fresh = now.duration_since(period.start) < STALE;
    let former = record.former.as_ref().filter(|former| former.hundredths > 0 && former.unit == figure.unit);
    if spend.every != Every::Day
        && fresh
        && record.figure.is_none()
        && former
            .is_some_and(|former| figure.hundredths >= former.hundredths && !figure.exceeds(TIMES_CONFIRMED, former))
    {
        return Verdict::Former;
    }
    if record.confirmed.as_ref().is_some_and(|confirmed| !figure.exceeds(TIMES_CONFIRMED, confirmed)) {
        return Verdict::Believed;
    }
    if figure.exceeds(TIMES_LIMIT, limit) {
        return Verdict::Doubted(Doubt::TimesLimit { limit: limit.clone() });
    }
    if !higher {
        return Verdict::Believed;
    }
    let (today, began) = (day(now), day(period.start));
    // The first hours of a period cost next to nothing, and ten times nothing is soon passed: then the tasks decide.
    let yesterday = match spend.every {
        Every::Day => former.map(|former| (former.clone(), today)),
        _ => record
            .days
            .iter()
            .rev()
            .filter(|day| day.date < today && day.date >= began)
            .find_map(|day| Some((day.figure.clone()?, day.date))),
    };
    if let Some((yesterday, _)) = yesterday.as_ref().filter(|(yesterday, _)| yesterday.hundredths > 0)
        && figure.exceeds(TIMES_YESTERDAY, yesterday)
    {
        return Verdict::Doubted(Doubt::TimesYesterday { yesterday: yesterday.clone() });
    }
    // Without a figure before, the whole of it must be explained, which is possible only if all of it was watched.
    let watched = record.looked.is_some_and(|(first, _)| first <= period.start);
    let since = match (spend.every, yesterday) {
        (Every::Day, _) => None,
        (_, Some((before, date))) => Some((before.hundredths, date)),
        (_, None) if watched => Some((0, began)),
        (_, None) => None,
    };
    if let Some((before, date)) = since.filter(|_| hourly && figure.unit == "USD") {
        let (more, own) = (figure.hundredths.saturating_sub(before), record.own_cents(date));
        if more > own.saturating_mul(TIMES_OWN).saturating_add(limit.hundredths / BESIDE) {
            return Verdict::Doubted(Doubt::NotOurTasks { more: figure.with(more), own: Amount::cents(own) });
        }
    }
    Verdict::Believed
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
