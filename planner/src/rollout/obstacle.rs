//! What puts a restart off.

use std::fmt;

use jiff::Timestamp;

use crate::model::format_time;

/// What puts a restart off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A freeze.
    Frozen {
        /// Who requested it.
        by: String,
        /// When it ends.
        until: Timestamp,
    },
    /// The capacity of the service is on hold.
    Held {
        /// Who requested it.
        by: String,
        /// When it ends.
        until: Timestamp,
    },
    /// Another deployment replaces tasks.
    Deployment {
        /// Its id.
        deployment: String,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::Frozen { by, until } => write!(f, "frozen by {by} until {}", format_time(*until)),
            Obstacle::Held { by, until } => write!(f, "on hold until {}, requested by {by}", format_time(*until)),
            Obstacle::Deployment { deployment } => write!(f, "deployment {deployment} is in progress"),
        }
    }
}
