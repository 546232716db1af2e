//! How a retirement is handled before AWS replaces the tasks.

use std::fmt;

use jiff::Timestamp;

use super::policy::Policy;
use crate::model::format_time;

/// How a retirement is handled before AWS replaces the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// The service sleeps before; the tasks that it wakes with are new ones.
    Sleep {
        /// When it sleeps.
        at: Timestamp,
    },
    /// The automation restarts it in its quiet hours.
    QuietHours {
        /// When these begin.
        at: Timestamp,
    },
    /// No quiet hours begin before.
    NoneBefore,
    /// The fleet names no quiet hours.
    NoQuietHours,
}

impl Handling {
    /// What is foreseen at `now` for a retirement that starts later.
    pub(super) fn of(policy: &Policy<'_>, starts_at: Timestamp, now: Timestamp) -> Handling {
        let before = |at: &Timestamp| *at < starts_at;
        if let Some(at) = policy.sleep.and_then(|sleep| sleep.next_start(now)).filter(before) {
            return Handling::Sleep { at };
        }
        let Some(quiet) = &policy.rollout.quiet_hours else { return Handling::NoQuietHours };
        let open = quiet.at(now).in_force.then_some(now);
        match open.or_else(|| quiet.next_start(now)).filter(before) {
            Some(at) => Handling::QuietHours { at },
            None => Handling::NoneBefore,
        }
    }

    /// Are the tasks replaced before AWS does it?
    pub(super) fn is_promise(self) -> bool {
        match self {
            Handling::Sleep { .. } | Handling::QuietHours { .. } => true,
            Handling::NoneBefore | Handling::NoQuietHours => false,
        }
    }
}

impl fmt::Display for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Handling::Sleep { at } => {
                write!(f, "nothing is needed: its scheduled downtime at {} ends these tasks before", format_time(*at))
            }
            Handling::QuietHours { at } => {
                write!(f, "the automation restarts it before, in its quiet hours at {}", format_time(*at))
            }
            Handling::NoneBefore => {
                f.write_str("none of its quiet hours begin before, so the automation leaves it to AWS")
            }
            Handling::NoQuietHours => f.write_str("the fleet names no quiet hours, so the automation leaves it to AWS"),
        }
    }
}
