//! A notice that AWS Budgets has sent.

use std::fmt;

use jiff::Timestamp;

use super::amount::Amount;

/// A notice of AWS Budgets, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// The figure.
    pub amount: Amount,
    /// The threshold that the figure has passed.
    pub threshold: Option<Amount>,
    /// The limit, as the notice states it.
    pub limit: Option<Amount>,
    /// When AWS Budgets sent it.
    pub at: Timestamp,
    /// What AWS Budgets wrote.
    pub text: String,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// Actual spend.
    Actual,
    /// Forecasted spend.
    Forecasted,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            NoticeKind::Actual => "actual spend",
            NoticeKind::Forecasted => "forecast",
        };
        write!(f, "notice of AWS Budgets: {kind} {}", self.amount)?;
        match &self.threshold {
            Some(threshold) => write!(f, ", above {threshold}"),
            None => Ok(()),
        }
    }
}
