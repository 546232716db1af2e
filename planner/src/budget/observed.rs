//! What was observed of a budget.

use super::amount::Amount;
use super::period::TimeUnit;

/// What was observed of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The answer of AWS Budgets.
    pub spend: SpendLookup,
    /// Hourly cost of the running tasks by the price table, in millionths of a US dollar; `None` when it is not known.
    pub hourly_micros: Option<u64>,
}

/// The answer of AWS Budgets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpendLookup {
    /// It returned this.
    Known(Spend),
    /// The call failed with this error.
    Unreachable(String),
}

/// What AWS Budgets returns for a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    /// How often the budget resets.
    pub time_unit: TimeUnit,
    /// The budgeted amount of a period.
    pub limit: Amount,
    /// Actual spend of this period.
    pub actual: Amount,
    /// Forecasted spend of this period, once AWS Budgets has enough history.
    pub forecast: Option<Amount>,
}
