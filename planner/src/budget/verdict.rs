//! Whether a figure is accepted.
//!
//! In July 2026 AWS reported trillions of dollars to accounts that spend a few hundred, for forty hours. Acting on such
//! a figure takes a healthy system down, so a figure that would restrict a service must be plausible first. A doubted
//! figure below every tier is announced too: accepted, it would be the yesterday that tomorrow is compared with.

use jiff::{SignedDuration, Timestamp};

use super::amount::Amount;
use super::doubt::{Doubt, Evidence, Reading};
use super::period::{TimeUnit, day};
use super::record::Record;

/// Once an engineer has confirmed a figure, up to so many times that figure is accepted.
const TIMES_CONFIRMED: u32 = 2;
/// By at most this share is the figure of a period corrected down when it is over.
const CORRECTED: i64 = 10;
/// So long after a period has begun, AWS Budgets may still return the figure of the one before: bills of a month are
/// closed on the day after it.
const STALE: SignedDuration = SignedDuration::from_hours(36);
/// The same for a day. AWS Budgets computes its figures every 8 to 12 hours: one that it still returns at noon was
/// computed today, so a day that costs as much as the one before begins to count there.
const STALE_DAY: SignedDuration = SignedDuration::from_hours(12);

/// What to make of a figure.
pub(super) enum Verdict {
    /// It counts.
    Accepted,
    /// It is still the figure of the previous period.
    PreviousPeriod,
    /// It is not plausible.
    Doubted(Doubt),
}

/// Assesses the figure that AWS Budgets has returned.
pub(super) fn assess(record: &Record, reading: Reading<'_>, now: Timestamp) -> Verdict {
    let figure = &reading.spend.actual;
    let known = |amount: &&Amount| amount.hundredths > 0 && amount.unit == figure.unit;
    let previous = record.previous_period.as_ref().filter(known);
    if record.figure.is_none() && previous.is_some_and(|previous| repeats(reading, previous, now)) {
        return Verdict::PreviousPeriod;
    }
    if record.confirmed.as_ref().is_some_and(|confirmed| !figure.exceeds(TIMES_CONFIRMED, confirmed)) {
        return Verdict::Accepted;
    }
    let today = day(now);
    let yesterday = match reading.spend.time_unit {
        TimeUnit::Daily => previous.map(|previous| (previous, today)),
        TimeUnit::Monthly | TimeUnit::Quarterly | TimeUnit::Annually => {
            record.days.latest_before(today, day(reading.period.start), &figure.unit)
        }
    };
    let observed_since = record.observed.map(|observed| observed.first);
    let evidence = Evidence { reading, yesterday, days: &record.days, observed_since };
    Doubt::check(&evidence).map_or(Verdict::Accepted, Verdict::Doubted)
}

/// Is it still the figure of the previous period? That one is corrected for a while: up, and by a little down.
fn repeats(reading: Reading<'_>, previous: &Amount, now: Timestamp) -> bool {
    let figure = &reading.spend.actual;
    let stale = if reading.spend.time_unit == TimeUnit::Daily { STALE_DAY } else { STALE };
    let least = previous.hundredths - previous.hundredths / CORRECTED;
    let early = now.duration_since(reading.period.start) < stale;
    early && figure.hundredths >= least && !figure.exceeds(TIMES_CONFIRMED, previous)
}
