//! What all actions of the planners have in common.

/// An action of a planner, as the history in the ledger names it. Reasons are none.
pub trait NamedAction {
    /// Stable name for logs, metrics, responses and the history.
    fn name(&self) -> &'static str;
}

/// Their names are their labels.
macro_rules! named_by_label {
    ($($action:ty),+ $(,)?) => {$(
        impl NamedAction for $action {
            fn name(&self) -> &'static str {
                self.label()
            }
        }
    )+};
}

named_by_label!(
    crate::alarm::Action,
    crate::alarm::RemedyAction,
    crate::budget::Action,
    crate::budget::ServiceDecision,
    crate::capacity::Effect,
    crate::capacity::EndedOverride,
    crate::capacity::OverrideKind,
    crate::rollout::Action,
    crate::rollout::FailedRollout,
    crate::rollout::FreezeChange,
);
