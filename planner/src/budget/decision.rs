//! What is decided about a budget: complete values, which need no further choice.

use super::reason::Reason;
use super::record::Record;

/// The decisions about one budget, and the record that they leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What to write to the ledger.
    pub record: Record,
    /// In the order they were made; never empty.
    pub decisions: Vec<Decision>,
}

/// One decision about one budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What is done.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// A tier is no longer reached: when it is reached again in this period, it is announced again.
    pub announce_again: bool,
}

/// What is done about a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing changes.
    Keep,
    /// The restrictions of a tier take effect.
    Restrict,
    /// No restriction takes effect, although a figure or a notice would lead to one.
    HoldOff,
    /// Restrictions end.
    Lift,
    /// A figure counts from now on.
    Accept,
    /// Only a message is sent.
    Announce,
}

impl Action {
    /// Stable name for logs and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Action::Keep => "keep",
            Action::Restrict => "restrict",
            Action::HoldOff => "hold_off",
            Action::Lift => "lift",
            Action::Accept => "accept",
            Action::Announce => "announce",
        }
    }
}

impl From<Reason> for Decision {
    fn from(reason: Reason) -> Decision {
        let action = match &reason {
            Reason::Unchanged { .. } | Reason::NothingToDo { .. } => Action::Keep,
            Reason::Unreachable { announced: false, .. } => Action::Keep,
            Reason::Reached { held: false, .. } | Reason::HoldEnded { .. } | Reason::Resumed { .. } => Action::Restrict,
            Reason::Reached { held: true, .. } | Reason::Doubted { .. } => Action::HoldOff,
            Reason::DoubtedNotice { .. } | Reason::Unverified { .. } => Action::HoldOff,
            Reason::Lowered { .. } | Reason::Corrected { .. } | Reason::PeriodEnded { .. } => Action::Lift,
            Reason::Lifted { .. } | Reason::Held { .. } => Action::Lift,
            Reason::NoTier { .. } | Reason::Forecast { .. } => Action::Announce,
            Reason::LateNotice { .. } | Reason::Accepted { .. } => Action::Announce,
            Reason::Confirmed { .. } => Action::Accept,
            Reason::Unreachable { announced: true, .. } => Action::Announce,
        };
        Decision { action, announce_again: matches!(reason, Reason::Lowered { .. } | Reason::Corrected { .. }), reason }
    }
}
