//! Restarts.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::due::RestartCause;
use crate::rollout::visibility::VISIBLE_WITHIN;

/// How long an interrupted restart is resumed; after that the request has expired.
const EXPIRES_AFTER: SignedDuration = SignedDuration::from_mins(30);
/// How often it is resumed: with five minutes between them, for as long as that.
const RESUMPTIONS: u32 = 6;
/// How far the clocks of ECS and of the function may differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(5);

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
    /// When it was claimed last.
    pub at: Timestamp,
    /// How often it was claimed before: when an invocation was interrupted or ECS refused the call.
    #[serde(default)]
    pub resumed: u32,
    /// Id of the deployment whose tasks are replaced.
    pub replaces: String,
    /// Id of the deployment that replaces them; `None` until ECS has created it.
    #[serde(default)]
    pub deployment: Option<String>,
    /// Is it an alarm's remedy? Then the alarm's own messages say whether it has helped.
    #[serde(default)]
    pub remedy: bool,
    /// What became of it, as far as that is known.
    #[serde(default)]
    pub result: Option<RestartResult>,
}

/// What became of a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartResult {
    /// Its deployment has replaced the tasks.
    Replaced,
    /// Its deployment failed.
    Failed,
    /// Another deployment replaces the tasks instead.
    Superseded,
    /// Neither by its deadline; its deployment is still followed.
    Overdue,
    /// Neither by its deadline, and nothing lists its deployment any longer.
    Unknown,
}

impl Restart {
    /// From when on, by its own clock, ECS may have created the deployment.
    pub fn begun(&self) -> Timestamp {
        self.at - CLOCK_SKEW
    }

    /// Is it not confirmed, and may it be resumed?
    pub(in crate::rollout) fn is_claimed(&self, now: Timestamp) -> bool {
        self.deployment.is_none() && self.at + EXPIRES_AFTER > now && self.resumed < RESUMPTIONS
    }

    /// Is it not resumed any more, without a deployment and without a result? One that a retirement or a secret made due is
    /// due again.
    pub(in crate::rollout) fn has_expired(&self, now: Timestamp) -> bool {
        let is_open = self.is_followed() && self.deployment.is_none() && self.result.is_none();
        is_open && !self.is_claimed(now) && self.at + VISIBLE_WITHIN <= now
    }

    /// Is it confirmed, and may its result still change? One that a retirement or a secret made due is followed by that.
    pub fn is_open(&self) -> bool {
        let may_change = matches!(self.result, None | Some(RestartResult::Overdue));
        self.is_followed() && self.deployment.is_some() && may_change
    }

    fn is_followed(&self) -> bool {
        matches!(self.cause, None | Some(RestartCause::GivenUp { .. }))
    }
}
