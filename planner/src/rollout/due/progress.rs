//! What became of the tasks that have to be replaced.

use jiff::Timestamp;

use crate::model::DeploymentState;
use crate::rollout::inputs::Inputs;
use crate::rollout::visibility::VISIBLE_WITHIN;

/// What became of the tasks that were created before a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing has replaced them.
    NotBegun,
    /// A deployment that was created later replaces them.
    Replacing,
    /// None of them runs.
    Replaced,
    /// What should have replaced them failed.
    Failed {
        /// Id of the deployment.
        deployment: String,
    },
}

/// From positive evidence alone: no task at all, the primary deployment, or a restart that ECS has confirmed. What ECS
/// shows may be older than that restart.
pub(super) fn progress(inputs: &Inputs<'_>, before: Timestamp) -> Progress {
    let (service, now) = (&inputs.observed.service, inputs.now);
    if service.desired == 0 && service.running == 0 {
        return Progress::Replaced;
    }
    if let Some(primary) = service.primary().filter(|primary| primary.created_at >= before) {
        return match primary.state {
            DeploymentState::Completed => Progress::Replaced,
            DeploymentState::Failed => Progress::Failed { deployment: primary.id.clone() },
            _ => Progress::Replacing,
        };
    }
    let confirmed = inputs.record.restart.as_ref().filter(|restart| restart.at >= before);
    match confirmed.and_then(|restart| Some((restart.at, restart.deployment.clone()?))) {
        None => Progress::NotBegun,
        Some((at, _)) if now < at + VISIBLE_WITHIN => Progress::Replacing,
        // ECS shows an earlier deployment: it has rolled the restart back.
        Some((_, deployment)) => Progress::Failed { deployment },
    }
}
