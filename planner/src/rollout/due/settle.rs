//! Facts that are done with: the tasks were replaced, could not be, or AWS replaces them now.

use super::progress::{Progress, progress};
use super::restart::obstacle;
use crate::rollout::decision::{Action, Decision};
use crate::rollout::inputs::Inputs;
use crate::rollout::reason::Reason;
use crate::rollout::record::{Due, Noted, RestartCause};

/// Records the first fact that is done with; `None` when there is none.
pub(in crate::rollout) fn settle(inputs: &Inputs<'_>) -> Option<Decision> {
    secrets(inputs).or_else(|| retirement(inputs))
}

fn secrets(inputs: &Inputs<'_>) -> Option<Decision> {
    let secrets = inputs.record.due.secrets.as_ref()?;
    let cause = RestartCause::Secrets { names: secrets.names.clone() };
    let reason = match progress(inputs, secrets.at) {
        Progress::NotBegun | Progress::Replacing => return None,
        Progress::Replaced => Reason::TasksReplaced { cause },
        Progress::Failed { deployment } => Reason::RestartFailed { cause, deployment },
    };
    Some(note(Due { secrets: None, ..inputs.record.due.clone() }, reason))
}

fn retirement(inputs: &Inputs<'_>) -> Option<Decision> {
    let mut due = inputs.record.due.clone();
    for retirement in due.retirements.iter_mut().filter(|retirement| !retirement.over) {
        let starts_at = retirement.starts_at;
        let cause = RestartCause::Retirement { starts_at };
        let reason = match progress(inputs, retirement.announced_at) {
            Progress::Replaced => Reason::TasksReplaced { cause },
            Progress::Failed { deployment } => Reason::RestartFailed { cause, deployment },
            Progress::NotBegun | Progress::Replacing if inputs.now < starts_at => continue,
            Progress::NotBegun | Progress::Replacing if retirement.promised => {
                Reason::RetirementMissed { starts_at, obstacle: obstacle(inputs) }
            }
            Progress::NotBegun | Progress::Replacing => Reason::RetirementOver { starts_at },
        };
        retirement.over = true;
        return Some(note(due, reason));
    }
    None
}

fn note(due: Due, reason: Reason) -> Decision {
    Decision { action: Action::Note(Noted { due: Some(due), ..Noted::default() }), reason }
}
