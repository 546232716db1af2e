//! One service whose plan is applied: what every step of it needs.

use planner::fleet::ServicePolicy;
use shared::ledger::Subject;
use shared::runtime::Invocation;

use crate::app::App;
use crate::message::ServiceMessages;

/// One service whose plan is applied.
pub(crate) struct Service<'a> {
    pub app: &'a App,
    pub policy: &'a ServicePolicy,
    pub invocation: &'a Invocation<'a, App>,
}

impl Service<'_> {
    pub(crate) fn subject(&self) -> Subject {
        Subject::Service(self.policy.id())
    }

    pub(crate) fn messages(&self) -> ServiceMessages<'_> {
        ServiceMessages { fleet: &self.invocation.documents.fleet, policy: self.policy, now: self.invocation.now }
    }
}
