//! The deployment that a rollout's phase names.

use jiff::Timestamp;

/// The deployment of a rollout, as its phase names it.
#[derive(Clone, Copy)]
pub(super) struct Ours<'a> {
    /// ARN of the revision.
    pub revision: &'a str,
    /// Id of the deployment.
    pub id: &'a str,
    /// Since when it is in its phase.
    pub since: Timestamp,
}
