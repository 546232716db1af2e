//! Why something is told of an alarm or not: the sentence an operator reads, and a stable name for logs and metrics.

use std::fmt;

use jiff::Timestamp;

use super::explain::Explanation;
use crate::model::format_time;

/// Why something is told of an alarm, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nothing was heard of it.
    Unheard,
    /// It is quiet, as people know.
    Quiet,
    /// It began to ring.
    Rings {
        /// When.
        since: Timestamp,
    },
    /// It rings, and what explained that does not any more.
    Unexplained {
        /// Since when it rings.
        since: Timestamp,
        /// What explained it.
        was: Explanation,
    },
    /// It came and went, and stays now.
    Steady {
        /// Since when it rings without a pause.
        since: Timestamp,
        /// When the first ring began.
        first: Timestamp,
    },
    /// It rings, as people know.
    Known {
        /// Since when.
        since: Timestamp,
    },
    /// It rings because of what was planned.
    Explained {
        /// What.
        by: Explanation,
    },
    /// What was planned made it ring; it is over.
    ExplainedOver {
        /// What.
        by: Explanation,
    },
    /// It comes and goes.
    Flaps {
        /// How often it rang.
        rings: usize,
        /// In how many minutes.
        minutes: u32,
    },
    /// It comes and goes, as people know.
    StillFlaps {
        /// Since when.
        since: Timestamp,
    },
    /// It came and went, and has been quiet since.
    Settled {
        /// When the first ring began.
        since: Timestamp,
        /// When the last ended.
        until: Timestamp,
        /// How often it rang.
        rings: usize,
    },
    /// It does not ring any more.
    Over {
        /// Since when it rang.
        since: Timestamp,
        /// When that ended.
        until: Timestamp,
    },
    /// It gets no data, which the fleet calls news.
    Blind {
        /// Since when.
        since: Timestamp,
    },
    /// It gets data again.
    Sees {
        /// Since when it got none.
        since: Timestamp,
    },
    /// It gets no data, which is no news.
    NoData,
}

impl Reason {
    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Reason::Unheard => "unheard",
            Reason::Quiet => "quiet",
            Reason::Rings { .. } => "rings",
            Reason::Unexplained { .. } => "unexplained",
            Reason::Steady { .. } => "steady",
            Reason::Known { .. } => "known",
            Reason::Explained { by } => by.label(),
            Reason::ExplainedOver { .. } => "explained_over",
            Reason::Flaps { .. } => "flaps",
            Reason::StillFlaps { .. } => "still_flaps",
            Reason::Settled { .. } => "settled",
            Reason::Over { .. } => "over",
            Reason::Blind { .. } => "blind",
            Reason::Sees { .. } => "sees",
            Reason::NoData => "no_data",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Unheard => f.write_str("nothing was heard of it"),
            Reason::Quiet => f.write_str("it is quiet"),
            Reason::Rings { since } => write!(f, "it rings since {}", format_time(*since)),
            Reason::Unexplained { since, was } => {
                write!(f, "it rings since {}, and this explains it no longer: {was}", format_time(*since))
            }
            Reason::Steady { since, first } => {
                write!(
                    f,
                    "it came and went since {} and rings without a pause since {}",
                    format_time(*first),
                    format_time(*since)
                )
            }
            Reason::Known { since } => write!(f, "it rings since {}, as was told", format_time(*since)),
            Reason::Explained { by } => write!(f, "it rings, as planned: {by}"),
            Reason::ExplainedOver { by } => write!(f, "it rang as planned and does not any more: {by}"),
            Reason::Flaps { rings, minutes } => write!(f, "it rang {rings} times in {minutes} minutes"),
            Reason::StillFlaps { since } => write!(f, "it comes and goes since {}, as was told", format_time(*since)),
            Reason::Settled { since, until, rings } => {
                write!(
                    f,
                    "it rang {rings} times between {} and {}, and is quiet",
                    format_time(*since),
                    format_time(*until)
                )
            }
            Reason::Over { since, until } => {
                write!(f, "it rang from {} to {}", format_time(*since), format_time(*until))
            }
            Reason::Blind { since } => write!(f, "it gets no data since {}", format_time(*since)),
            Reason::Sees { since } => write!(f, "it gets data again; it got none since {}", format_time(*since)),
            Reason::NoData => f.write_str("it gets no data, which is no news"),
        }
    }
}
