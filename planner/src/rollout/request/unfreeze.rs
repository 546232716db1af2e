//! `unfreeze`: end a freeze, and the hold of a release.

use crate::rollout::decision::FreezeChange;
use crate::rollout::record::Record;

/// End a freeze, and the hold of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfreeze {
    /// Who requested it.
    pub by: String,
    /// Does the request name the service? One for every service ends no hold: that is about one service's releases.
    pub named: bool,
}

impl Unfreeze {
    /// The end to record; `None` when nothing is recorded that it would end.
    pub fn decide(&self, record: &Record) -> Option<FreezeChange> {
        let held = record.held.clone().filter(|_| !self.named);
        let ends = record.frozen.is_some() || held != record.held;
        ends.then(|| FreezeChange { frozen: None, held, by: self.by.clone() })
    }
}
