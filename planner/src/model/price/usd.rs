//! Amounts of US dollars.

use std::fmt;
use std::iter::Sum;

use serde::{Deserialize, Serialize};

/// An amount of US dollars, in millionths: hourly prices have five decimal places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(u64);

impl Usd {
    /// An amount in millionths of a dollar.
    pub const fn from_micros(micros: u64) -> Usd {
        Usd(micros)
    }

    /// In millionths of a dollar.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// In dollars, for metrics.
    #[allow(clippy::cast_precision_loss)]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// `self - other`, at least zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Usd) -> Usd {
        Usd(self.0.saturating_sub(other.0))
    }

    /// `self * times`, at most the largest amount.
    #[must_use]
    pub const fn saturating_mul(self, times: u64) -> Usd {
        Usd(self.0.saturating_mul(times))
    }
}

impl std::ops::Add for Usd {
    type Output = Usd;

    /// Saturates at the largest amount.
    fn add(self, other: Usd) -> Usd {
        Usd(self.0.saturating_add(other.0))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(amounts: I) -> Usd {
        amounts.fold(Usd::default(), |sum, amount| sum + amount)
    }
}

impl fmt::Display for Usd {
    /// `$35.41`, and with four digits below a dollar: `$0.0494`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.0.saturating_add(5_000) / 10_000;
        let shown = self.0.saturating_add(50) / 100;
        match self.0 {
            1..1_000_000 if shown < 10_000 => write!(f, "$0.{shown:04}"),
            _ => write!(f, "${}.{:02}", cents / 100, cents % 100),
        }
    }
}
