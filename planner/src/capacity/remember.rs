//! What a decision leaves behind in the facts.

use jiff::Timestamp;

use super::decision::{Action, Decision};
use super::facts::Facts;
use super::observed::Observed;
use super::policy::CapacityPolicy;
use super::provider_move::Move;

impl Facts {
    /// Remembers what a decision is about to write. True when another caller changes the bounds again and again and that
    /// is to be announced.
    pub fn remember(
        &mut self,
        policy: &CapacityPolicy,
        decision: &Decision,
        observed: &Observed,
        now: Timestamp,
    ) -> bool {
        if let (Action::Set(wanted), Some(target)) = (&decision.action, decision.target(observed)) {
            let boosted = self.boost(now).is_some();
            self.range.remember(policy, (wanted, target), observed, boosted, now);
            if wanted.strategy != observed.strategy {
                let begun = Move::begin(self.provider_move.as_ref(), observed, &wanted.strategy, now);
                self.provider_move = Some(begun);
            }
        }
        self.range.take_conflict(now)
    }
}
