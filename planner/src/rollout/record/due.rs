//! What makes a restart due: events of AWS that say that the running tasks have to be replaced, kept until they are.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::format_time;

/// How many retirements are kept; the oldest goes first.
const RETIREMENTS: usize = 4;
/// How many names of changed secrets are kept.
const NAMES: usize = 8;

/// What makes a restart due.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Retirements of its tasks, the newest first. Those that are over stay for a while: AWS Health sends an event again
    /// when something about it changes.
    #[serde(default)]
    pub retirements: Vec<Retirement>,
    /// Secrets that have changed since its tasks read them.
    #[serde(default)]
    pub secrets: Option<ChangedSecrets>,
}

/// AWS has announced that it replaces the service's tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retirement {
    /// ARN of the event of AWS Health.
    pub event: String,
    /// When it was announced: tasks that started before are meant.
    pub announced_at: Timestamp,
    /// From when on AWS replaces them.
    pub starts_at: Timestamp,
    /// Was it announced that they are replaced before that?
    pub promised: bool,
    /// Is nothing left to do about it?
    #[serde(default)]
    pub over: bool,
}

/// Secrets that have changed since the tasks read them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedSecrets {
    /// Names of secrets and parameters, without their values.
    pub names: Vec<String>,
    /// When the first of them changed.
    pub since: Timestamp,
    /// When the last of them changed: tasks that started before may have read the value before.
    pub at: Timestamp,
}

/// Why the tasks have to be replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartCause {
    /// AWS replaces them otherwise.
    Retirement {
        /// From when on.
        starts_at: Timestamp,
    },
    /// They have read a value that has changed.
    Secrets {
        /// Names of the secrets and parameters.
        names: Vec<String>,
    },
    /// Their last deployment failed, none of them runs, and ECS starts no others.
    GivenUp {
        /// Id of that deployment.
        deployment: String,
        /// Which restart it is since tasks last ran, from 1 on.
        attempt: u32,
    },
}

impl Due {
    /// Is something left to do?
    pub fn is_open(&self) -> bool {
        self.secrets.is_some() || self.retirements.iter().any(|retirement| !retirement.over)
    }

    /// Adds a retirement, or replaces what was known of it.
    pub(in crate::rollout) fn put(&mut self, retirement: Retirement) {
        self.retirements.retain(|other| other.event != retirement.event);
        self.retirements.insert(0, retirement);
        self.retirements.truncate(RETIREMENTS);
    }

    /// Adds a change of a secret.
    pub(in crate::rollout) fn add_secret(&mut self, name: &str, at: Timestamp) {
        let empty = ChangedSecrets { names: Vec::new(), since: at, at };
        let secrets = self.secrets.get_or_insert(empty);
        (secrets.since, secrets.at) = (secrets.since.min(at), secrets.at.max(at));
        if !secrets.names.iter().any(|known| known == name) && secrets.names.len() < NAMES {
            secrets.names.push(name.to_owned());
        }
    }
}

impl RestartCause {
    /// Who requests the restart.
    pub(in crate::rollout) fn by(&self) -> &'static str {
        match self {
            RestartCause::Retirement { .. } => "AWS Health",
            RestartCause::Secrets { .. } => "a changed secret",
            RestartCause::GivenUp { .. } => "the automation",
        }
    }
}

impl fmt::Display for RestartCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestartCause::Retirement { starts_at } => {
                write!(f, "AWS replaces its earlier tasks from {} on", format_time(*starts_at))
            }
            RestartCause::Secrets { names } => {
                let verb = if names.len() == 1 { "has" } else { "have" };
                write!(f, "{} {verb} changed since its tasks read the values", names.join(" and "))
            }
            RestartCause::GivenUp { deployment, .. } => {
                write!(f, "no task runs, and ECS starts none for deployment {deployment}, which failed")
            }
        }
    }
}
