//! Restarts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::due::RestartCause;

/// A restart: all tasks are replaced, with the same image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// Who requested it.
    pub by: String,
    /// Why, in the requester's words.
    #[serde(default)]
    pub reason: Option<String>,
    /// What made it due where no one requested it.
    #[serde(default)]
    pub cause: Option<RestartCause>,
    /// When it was claimed.
    pub at: Timestamp,
    /// Id of the deployment whose tasks are replaced.
    pub replaces: String,
    /// Id of the deployment that replaces them; `None` until ECS has created it.
    #[serde(default)]
    pub deployment: Option<String>,
}
