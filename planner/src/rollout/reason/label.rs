//! Stable names of reasons.

use super::Reason;
use crate::rollout::record::Cause;

impl Reason {
    /// Stable name for logs and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Reason::NotFollowed => "not_followed",
            Reason::UpToDate => "up_to_date",
            Reason::NoImage { .. } => "no_image",
            Reason::Older { .. } => "older",
            Reason::TagSettles { .. } => "tag_settles",
            Reason::PassedOver { .. } => "passed_over",
            Reason::Unread { .. } => "unread",
            Reason::Unidentified { .. } => "unidentified",
            Reason::FirstLook { .. } => "first_look",
            Reason::DeployedByHand { .. } => "deployed_by_hand",
            Reason::Several(reasons) => reasons.first().map_or("several", Reason::label),
            Reason::Quarantined { .. } => "quarantined",
            Reason::Frozen { .. } => "frozen",
            Reason::AwaitingScan { .. } => "awaiting_scan",
            Reason::ScanRefused { .. } => "scan_refused",
            Reason::ClaimedElsewhere { .. } => "claimed_elsewhere",
            Reason::AwaitingPreDeployTask { .. } => "awaiting_pre_deploy_task",
            Reason::InFlight { .. } => "in_flight",
            Reason::AwaitingTasks { .. } => "awaiting_tasks",
            Reason::Overdue { .. } => "overdue",
            Reason::Staged { .. } => "staged",
            Reason::RollingBack { .. } => "rolling_back",
            Reason::Due { cause, .. } => match cause {
                Cause::FirstStart => "first_start",
                Cause::Push => "newer_image",
                Cause::Drift => "drift",
                Cause::Rollback { .. } => "rollback_requested",
                Cause::Retry { .. } => "retry_requested",
                Cause::FailedWake => "failed_wake",
                Cause::AutomaticRollback { .. } => "automatic_rollback",
            },
            Reason::UnknownResult { .. } => "unknown_result",
            Reason::OtherController { .. } => "other_controller",
            Reason::Postponed { .. } => "postponed",
            Reason::Prevented { .. } => "prevented",
            Reason::BothFailed { .. } => "both_failed",
            Reason::RollbackInProgress { .. } => "rollback_in_progress",
            Reason::Aborted { .. } => "aborted",
            Reason::Stuck { .. } => "stuck",
            Reason::NoEarlierRelease => "no_earlier_release",
            Reason::OtherDeployment { .. } => "other_deployment",
            Reason::DeploymentInProgress { .. } => "deployment_in_progress",
            Reason::RestartInProgress { .. } => "restart_in_progress",
            Reason::ScaledToZero => "scaled_to_zero",
            Reason::CoolingDown { .. } => "cooling_down",
            Reason::RestartRequested { .. } => "restart_requested",
            Reason::Resumed { .. } => "resumed",
            Reason::Adopted { .. } => "adopted",
            Reason::PreDeployTaskSucceeded => "pre_deploy_task_succeeded",
            Reason::Verified { .. } => "verified",
            Reason::Failed { .. } => "failed",
            Reason::Recovered { .. } => "recovered",
        }
    }
}
