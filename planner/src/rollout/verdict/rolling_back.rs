//! The phase in which ECS rolls the failed deployment back.

use jiff::{SignedDuration, Timestamp};

use crate::model::{Deployment, DeploymentState};
use crate::rollout::decision::{Action, Decision};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Cause, Rollout};
use crate::rollout::roll::roll;

/// How long ECS has to start its own rollback before the automation does it.
const ROLLBACK_GRACE: SignedDuration = SignedDuration::from_mins(3);

pub(super) fn verdict(inputs: &Inputs<'_>, rollout: &Rollout, failed: &str, since: Timestamp) -> Decision {
    let Inputs { record, observed, now, .. } = inputs;
    let rolled_back = |primary: &&Deployment| primary.id != failed && !observed.runs(&rollout.images);
    if let Some(primary) = observed.service.primary().filter(rolled_back) {
        return match primary.state {
            DeploymentState::Completed => Decision {
                action: Action::Recover { failed: failed.to_owned() },
                reason: Reason::Recovered { failed: failed.to_owned() },
            },
            DeploymentState::InProgress | DeploymentState::Failed | DeploymentState::Other(_) => {
                Decision::keep(Reason::RollingBack { failed: failed.to_owned() })
            }
        };
    }
    // Without the circuit breaker's rollback the service stays on the failed deployment.
    match record.current() {
        Some(release) if since + ROLLBACK_GRACE < *now => roll(inputs, release.images.clone(), Cause::Drift).due(),
        _ => Decision::keep(Reason::RollingBack { failed: failed.to_owned() }),
    }
}
