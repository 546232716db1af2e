//! What the report says of an alarm and its remedy.

use planner::alarm::{Action, Plan};
use shared::runtime::{Done, Invocation, Outcome};

use crate::app::App;
use crate::outcome::RemedyOutcome;

/// What was announced and requested, or would be.
pub(crate) fn applied(
    invocation: &Invocation<'_, App>,
    done: &mut Done,
    plan: &Plan,
    (remedy, announced): (&RemedyOutcome, bool),
) {
    let decision = &plan.decision;
    let would = format!("would {}", decision.action.label().replace('_', " "));
    let outcome = match (decision.action, announced) {
        (Action::Keep, false) => Outcome::Unchanged,
        (Action::Keep, true) => invocation.kept_or("announced", "would announce"),
        (Action::Record, _) => invocation.kept_or("recorded", &would),
        (_, true) => invocation.kept_or("announced", &would),
        (_, false) => invocation.kept_or("announced before", &would),
    };
    done.decided((decision.action.label(), decision.reason.label()), decision.reason.to_string(), outcome);
    let (action, outcome) = match remedy {
        RemedyOutcome::NotDue(_) => return,
        RemedyOutcome::Requested(action) => (action, Outcome::Changed(vec![format!("requested: {action}")])),
        RemedyOutcome::Planned(action) => (action, Outcome::Planned(vec![format!("would request: {action}")])),
        RemedyOutcome::Failed(action, error) => (action, Outcome::Failed(error.copy())),
    };
    done.decided((action.label(), plan.remedy.reason.label()), plan.remedy.reason.to_string(), outcome);
}
