//! `unfreeze`: end a freeze.

use crate::rollout::decision::FreezeChange;
use crate::rollout::record::Record;

/// End a freeze.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfreeze {
    /// Who requested it.
    pub by: String,
}

impl Unfreeze {
    /// The end to record; `None` when no freeze is recorded.
    pub fn decide(&self, record: &Record) -> Option<FreezeChange> {
        record.frozen.is_some().then(|| FreezeChange { frozen: None, by: self.by.clone() })
    }
}
