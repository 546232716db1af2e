//! What became of a decision.

use crate::error::Error;

/// What became of a decision.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing was to be done.
    Unchanged,
    /// These things were done; each a phrase.
    Changed(Vec<String>),
    /// These things would be done, in a mode that changes nothing.
    Planned(Vec<String>),
    /// It went wrong.
    Failed(Error),
}

impl Outcome {
    /// Stable name for logs, metrics and responses.
    pub fn label(&self) -> &'static str {
        match self {
            Outcome::Unchanged => "unchanged",
            Outcome::Changed(_) => "changed",
            Outcome::Planned(_) => "planned",
            Outcome::Failed(_) => "failed",
        }
    }

    /// What was done, or would be.
    pub fn changes(&self) -> &[String] {
        match self {
            Outcome::Changed(changes) | Outcome::Planned(changes) => changes,
            Outcome::Unchanged | Outcome::Failed(_) => &[],
        }
    }

    /// What went wrong.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Outcome::Failed(error) => Some(error),
            Outcome::Unchanged | Outcome::Changed(_) | Outcome::Planned(_) => None,
        }
    }
}
