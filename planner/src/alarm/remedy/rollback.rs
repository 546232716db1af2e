//! Remedy `rollback`: the previous release, when the alarm enters ALARM soon after a rollout.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::context::RemedyContext;
use super::history::RemedyHistory;
use crate::alarm::disturbance::{NOT_THE_RELEASE, disturbance};
use crate::alarm::explanation::Explanation;
use crate::alarm::lookup::Evidence;
use crate::error::Result;
use crate::minutes::check_minutes;
use crate::model::{format_duration, format_time};
use crate::rollout::Release;

/// The previous release, when the alarm enters ALARM soon after a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RollbackPolicy {
    /// Minutes after a rollout in which it is taken for the cause; 30 by default.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1440)))]
    pub watch_minutes: u32,
    /// Rollbacks in 24 hours, 1 to 12; 1 by default.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 12)))]
    pub daily: u32,
}

impl Default for RollbackPolicy {
    fn default() -> Self {
        RollbackPolicy { watch_minutes: 30, daily: 1 }
    }
}

/// A rollback to request from the rollout planner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackAction {
    /// Id of the service deployment that it undoes.
    pub deployment: String,
    /// Images of the running release, for messages.
    pub from: String,
    /// Images of the release that runs afterwards, for messages.
    pub to: String,
}

/// Why no rollback is requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RollbackReason {
    /// A rollback of this deployment was requested.
    AlreadyRequested {
        /// When it was requested.
        at: Timestamp,
    },
    /// Tasks are being replaced.
    RolloutInProgress,
    /// No rollout ended within the watch window.
    NoRecentRollout {
        /// Length of the watch window, in minutes.
        minutes: u32,
    },
    /// The alarm entered ALARM before the rollout.
    InAlarmBeforeRollout {
        /// When the rollout began.
        rollout: Timestamp,
    },
    /// The running release is itself a rollback.
    AlreadyRolledBack,
    /// Another rollout has failed since, and replaced tasks of the release.
    AnotherFailed {
        /// When.
        at: Timestamp,
    },
    /// Another caller has changed the scaling bounds since: with fewer tasks the release is as good as before.
    BoundsChanged {
        /// When that was found.
        at: Timestamp,
    },
    /// No earlier release was verified.
    NoVerifiedRelease,
    /// Something else has just replaced tasks, or taken them away.
    Disturbed {
        /// What, and until when it is taken for the cause.
        by: Explanation,
    },
    /// CloudWatch does not confirm the ALARM state, or not yet.
    NotConfirmed,
    /// The ALARM state has no data points: it was set, not measured.
    SetByHand,
}

impl RollbackPolicy {
    pub(super) fn validate(&self, path: &str) -> Result<()> {
        check_minutes(&format!("{path}.watch_minutes"), self.watch_minutes)
    }

    pub(super) fn decide(&self, context: &RemedyContext<'_>) -> Result<RollbackAction, RollbackReason> {
        let RemedyContext { grace, service, history, evidence, since, now, .. } = *context;
        let record = &service.observed.rollout;
        let requested = |release: &Release| {
            history.taken.iter().find(|taken| taken.deployment.as_ref() == Some(&release.deployment))
        };
        if let Some(taken) = record.current().and_then(requested) {
            return Err(RollbackReason::AlreadyRequested { at: taken.at });
        }
        if service.replaces_tasks() {
            return Err(RollbackReason::RolloutInProgress);
        }
        let watch = SignedDuration::from_mins(self.watch_minutes.into());
        let recent = |release: &&Release| release.at + watch > now && !release.deployment.is_empty();
        let current = record.current().filter(recent);
        let current = current.ok_or(RollbackReason::NoRecentRollout { minutes: self.watch_minutes })?;
        // A new image takes requests before it is verified; an ALARM state that began before it is not its doing.
        if since < current.started_at {
            return Err(RollbackReason::InAlarmBeforeRollout { rollout: current.started_at });
        }
        if record.is_rollback(current) {
            return Err(RollbackReason::AlreadyRolledBack);
        }
        let failed = record.quarantine.iter().map(|entry| entry.at);
        let prevented = record.postponed.iter().map(|postponed| postponed.since);
        if let Some(at) = failed.chain(prevented).filter(|at| *at > current.at).max() {
            return Err(RollbackReason::AnotherFailed { at });
        }
        let changed = service.observed.capacity.facts.range.changed_by_others.iter().max().copied();
        if let Some(at) = changed.filter(|at| *at > current.at) {
            return Err(RollbackReason::BoundsChanged { at });
        }
        let previous = record.previous().ok_or(RollbackReason::NoVerifiedRelease)?;
        if let Some((by, _)) = disturbance(service, grace.max(NOT_THE_RELEASE), now) {
            return Err(RollbackReason::Disturbed { by });
        }
        match evidence {
            Evidence::Measured => {}
            Evidence::SetByHand => return Err(RollbackReason::SetByHand),
            Evidence::None | Evidence::NotInAlarm => return Err(RollbackReason::NotConfirmed),
        }
        Ok(RollbackAction { deployment: current.deployment.clone(), from: images(current), to: images(previous) })
    }
}

fn images(release: &Release) -> String {
    release.images.values().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

impl RollbackAction {
    pub(super) const LABEL: &str = "rollback";
    pub(super) const NEXT_STEP: &str = "The rollout function announces the result of the rollback. If the alarm stays in ALARM after that, follow the runbook.";

    pub(super) fn remember(&self, history: &mut RemedyHistory, now: Timestamp) {
        history.add(Self::LABEL, Some(self.deployment.clone()), now);
    }
}

impl RollbackReason {
    pub(super) fn label(&self) -> &'static str {
        match self {
            RollbackReason::AlreadyRequested { .. } => "already_requested",
            RollbackReason::RolloutInProgress => "rollout_in_progress",
            RollbackReason::NoRecentRollout { .. } => "no_recent_rollout",
            RollbackReason::InAlarmBeforeRollout { .. } => "in_alarm_before_rollout",
            RollbackReason::AlreadyRolledBack => "already_rolled_back",
            RollbackReason::AnotherFailed { .. } => "another_failed",
            RollbackReason::BoundsChanged { .. } => "bounds_changed",
            RollbackReason::NoVerifiedRelease => "no_verified_release",
            RollbackReason::Disturbed { by } => by.label(),
            RollbackReason::NotConfirmed => "not_confirmed",
            RollbackReason::SetByHand => "set_by_hand",
        }
    }

    pub(super) fn needs_manual_action(&self) -> bool {
        match self {
            RollbackReason::AlreadyRequested { .. }
            | RollbackReason::RolloutInProgress
            | RollbackReason::Disturbed { .. }
            | RollbackReason::NotConfirmed => false,
            RollbackReason::NoRecentRollout { .. }
            | RollbackReason::InAlarmBeforeRollout { .. }
            | RollbackReason::AlreadyRolledBack
            | RollbackReason::AnotherFailed { .. }
            | RollbackReason::BoundsChanged { .. }
            | RollbackReason::NoVerifiedRelease
            | RollbackReason::SetByHand => true,
        }
    }
}

impl fmt::Display for RollbackAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a rollback from {} to {}", self.from, self.to)
    }
}

impl fmt::Display for RollbackReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RollbackReason::AlreadyRequested { at } => {
                write!(f, "a rollback of this deployment was requested at {}", format_time(*at))
            }
            RollbackReason::RolloutInProgress => f.write_str("a rollout is in progress; decided again when it ends"),
            RollbackReason::NoRecentRollout { minutes } => {
                let length = format_duration(SignedDuration::from_mins((*minutes).into()));
                write!(f, "no rollout in the last {length} that a rollback could undo")
            }
            RollbackReason::InAlarmBeforeRollout { rollout } => {
                write!(f, "in ALARM before the rollout of {} began; a rollback would not help", format_time(*rollout))
            }
            RollbackReason::AlreadyRolledBack => f.write_str("the running release is already a rollback"),
            RollbackReason::AnotherFailed { at } => {
                write!(f, "another rollout failed at {}, after this release was verified", format_time(*at))
            }
            RollbackReason::BoundsChanged { at } => {
                write!(f, "another caller changed the scaling bounds after this release, found at {}", format_time(*at))
            }
            RollbackReason::NoVerifiedRelease => f.write_str("no earlier release was verified"),
            RollbackReason::Disturbed { by } => write!(f, "not the release's doing yet, while this may be: {by}"),
            RollbackReason::NotConfirmed => {
                f.write_str("CloudWatch does not confirm the ALARM state yet; decided again on the next tick")
            }
            RollbackReason::SetByHand => f.write_str(
                "the ALARM state has no data points, as after SetAlarmState; a rollback needs measured ones",
            ),
        }
    }
}
