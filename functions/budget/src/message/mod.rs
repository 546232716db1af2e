//! Messages about budgets. Pure: one function for each message, in the file of its subject.

mod anomaly;
mod context;
mod figure;
mod forwarded;
mod notice;
mod request;
mod tier;

use planner::budget::Reason;
use shared::notify::Notification;

pub(crate) use anomaly::anomaly;
pub(crate) use context::{Context, console, key};
pub(crate) use forwarded::forwarded;

impl Context<'_> {
    /// The message about `reason`; `None` where there is nothing new to announce.
    pub fn notification(&self, reason: &Reason) -> Option<Notification> {
        Some(match reason {
            Reason::Unchanged { .. } | Reason::NothingToDo { .. } => return None,
            Reason::Unreachable { announced: false, .. } => return None,
            Reason::Unreachable { announced: true, since, error } => notice::silent(self, *since, error),
            Reason::Reached { tier, held: false, .. } => tier::reached(self, *tier),
            Reason::Reached { tier, held: true, .. } => tier::reached_on_hold(self, *tier),
            Reason::Lowered { from, limit, .. } => tier::lowered(self, *from, limit),
            Reason::Corrected { from, figure, .. } => tier::corrected(self, *from, figure),
            Reason::HoldEnded { by, until, tier } => tier::hold_ended(self, by, *until, *tier),
            Reason::PeriodEnded { period, tier } => tier::period_ended(self, period, *tier),
            Reason::Doubted { figure, doubt, since, at } => figure::doubted(self, figure, doubt, (*since, *at)),
            Reason::DoubtedNotice { notice, figure, doubt } => notice::doubted(self, notice, figure, doubt),
            Reason::Accepted { figure, since } => figure::accepted(self, figure, *since),
            Reason::Confirmed { by, figure } => figure::confirmed(self, by, figure),
            Reason::Unverified { notice, error } => notice::unverified(self, notice, error),
            Reason::NoTier { notice, figure } => notice::no_tier(self, notice, figure),
            Reason::Forecast { notice } => notice::forecast(self, notice),
            Reason::LateNotice { notice } => notice::late(self, notice),
            Reason::Lifted { by, reason, tier, at } => request::lifted(self, by, reason.as_deref(), *tier, *at),
            Reason::Held { by, reason, until } => request::held(self, by, reason.as_deref(), *until),
            Reason::Resumed { by, ended, tier, at } => request::resumed(self, by, *ended, *tier, *at),
        })
    }
}

#[cfg(test)]
mod tests;
