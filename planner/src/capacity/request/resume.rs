//! `resume`: end the override, so that the service follows its policy again.

use crate::capacity::facts::{Facts, Override};

/// An override that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedOverride {
    /// What was in force, with its kind and its requester.
    pub ended: Override,
    /// Who ended it; `None` when it expired.
    pub by: Option<String>,
}

impl EndedOverride {
    /// Stable name for logs, metrics and responses.
    pub fn label(&self) -> &'static str {
        "override_ended"
    }
}

/// Ends the override, if there is one.
pub fn resume(by: &str, facts: &mut Facts) -> Option<EndedOverride> {
    facts.manual_override.take().map(|ended| EndedOverride { ended, by: Some(by.to_owned()) })
}
