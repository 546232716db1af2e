//! A figure that is many times yesterday's.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use crate::budget::amount::Amount;

/// More than so many times yesterday's figure is doubted. The first hours of a period cost next to nothing, and ten
/// times nothing is soon passed: without a figure of yesterday the tasks decide.
const TIMES: u32 = 10;

/// The figure is many times yesterday's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimesYesterday {
    /// Yesterday's figure.
    pub yesterday: Amount,
}

impl TimesYesterday {
    pub(super) fn check(evidence: &Evidence<'_>) -> Option<TimesYesterday> {
        let (yesterday, _) = evidence.yesterday.filter(|(yesterday, _)| yesterday.hundredths > 0)?;
        let doubted = evidence.is_remarkable() && evidence.figure().exceeds(TIMES, yesterday);
        doubted.then(|| TimesYesterday { yesterday: yesterday.clone() })
    }
}

impl fmt::Display for TimesYesterday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is more than {TIMES} times yesterday's figure of {}", self.yesterday)
    }
}
