//! A figure that is many times the limit.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use crate::budget::amount::Amount;

/// More than so many times the limit is doubted.
const TIMES: u32 = 5;

/// The figure is many times the limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimesLimit {
    /// The limit that the figure exceeds several times.
    pub limit: Amount,
}

impl TimesLimit {
    pub(super) fn check(evidence: &Evidence<'_>) -> Option<TimesLimit> {
        let limit = evidence.limit();
        evidence.figure().exceeds(TIMES, limit).then(|| TimesLimit { limit: limit.clone() })
    }
}

impl fmt::Display for TimesLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is more than {TIMES} times the limit of {}", self.limit)
    }
}
