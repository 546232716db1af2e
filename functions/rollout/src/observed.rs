//! Everything that was observed of one service.

use planner::model::Revision;
use planner::rollout::{Observed, Record, request};
use shared::Error;

/// What the ledger keeps of one service's images.
pub(crate) type Entry = shared::ledger::Entry<Record>;

/// Everything that was observed of one service.
pub struct ObservedService {
    /// Its ledger entry.
    pub(crate) entry: Entry,
    /// What the planner decides from.
    pub(crate) observed: Observed,
    /// Its current revision, from which the next one is copied.
    pub(crate) revision: Revision,
    /// The request that the planner answers, if the trigger is one.
    pub(crate) request: Option<request::Request>,
    /// What could not be read of ECR: no decision that does without it is held up by it.
    pub(crate) unread: Vec<Error>,
}
