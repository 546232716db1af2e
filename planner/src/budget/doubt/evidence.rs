//! What the doubts are decided from.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::budget::amount::Amount;
use crate::budget::days::Days;
use crate::budget::observed::Spend;
use crate::budget::period::Period;

/// A figure that is more than this share of the limit above yesterday's is checked closely, whichever tier it reaches.
/// Less does no harm: 1.50 USD after 0.10 USD alerts no one.
const REMARKABLE: i64 = 5;

/// What AWS Budgets has returned now, and what it would lead to.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The answer.
    pub spend: &'a Spend,
    /// The period that it is about.
    pub period: Period,
    /// Does it reach a tier that is not reached yet?
    pub reaches_higher_tier: bool,
    /// Is the cost of the running tasks known, and does the budget count nothing else?
    pub tasks_priced: bool,
}

/// A reading beside what is remembered.
pub struct Evidence<'a> {
    /// What AWS Budgets has answered.
    pub reading: Reading<'a>,
    /// The latest figure before today in the same unit, and its date; of a daily budget that of the day before.
    pub yesterday: Option<(&'a Amount, Date)>,
    /// What tasks cost on each day.
    pub days: &'a Days,
    /// When the budget was observed first.
    pub observed_since: Option<Timestamp>,
}

impl Evidence<'_> {
    /// The figure in question.
    pub fn figure(&self) -> &Amount {
        &self.reading.spend.actual
    }

    /// The limit of the budget.
    pub fn limit(&self) -> &Amount {
        &self.reading.spend.limit
    }

    /// How much more the figure is than yesterday's, in hundredths of its unit.
    pub fn increase(&self) -> i64 {
        self.figure().hundredths.saturating_sub(self.yesterday.map_or(0, |(yesterday, _)| yesterday.hundredths))
    }

    /// A figure that reaches no higher tier and is not much above yesterday's does no harm, and is accepted.
    pub fn is_remarkable(&self) -> bool {
        self.reading.reaches_higher_tier || self.increase() > self.limit().hundredths / REMARKABLE
    }
}
