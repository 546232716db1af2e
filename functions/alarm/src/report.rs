//! What the report says of an alarm and its remedy.

use planner::alarm::{Action, Plan};
use shared::runtime::{Done, Outcome};

use crate::outcome::RemedyOutcome;

/// What would be announced and requested.
pub(crate) fn planned(done: &mut Done, plan: &Plan) {
    let (decision, remedy) = (&plan.decision, &plan.remedy);
    let outcome = match decision.action {
        Action::Keep => Outcome::Unchanged,
        action => Outcome::Planned(vec![format!("would {}", action.label().replace('_', " "))]),
    };
    done.decided((decision.action.label(), decision.reason.label()), decision.reason.to_string(), outcome);
    if let Some(action) = &remedy.action {
        let outcome = Outcome::Planned(vec![format!("would request: {action}")]);
        done.decided((action.label(), remedy.reason.label()), remedy.reason.to_string(), outcome);
    }
}

/// What was announced and requested.
pub(crate) fn applied(done: &mut Done, plan: &Plan, remedy: &RemedyOutcome, announced: bool) {
    let decision = &plan.decision;
    let outcome = match (decision.action, announced) {
        (Action::Keep, false) => Outcome::Unchanged,
        (Action::Record, _) => Outcome::Changed(vec!["recorded".into()]),
        (_, true) => Outcome::Changed(vec!["announced".into()]),
        (_, false) => Outcome::Changed(vec!["announced before".into()]),
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
